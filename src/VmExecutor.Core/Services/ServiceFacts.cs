using System.Globalization;

namespace VmExecutor.Core.Services;

/// <summary>
/// The words of the guest about the services while they start, line by line (<see cref="ServiceScript"/>). A guest can tell what it likes, so nothing of it is used but
/// for words in the job log and for which failure it is.
/// </summary>
public sealed class ServiceFacts
{
    /// <summary>The beginning of each line.</summary>
    public const string Word = "vmx-service:";

    /// <summary>The log has no more last lines of a service.</summary>
    private const int MostLines = 20;

    private readonly ServiceState[] _states;

    /// <param name="count">The number of services.</param>
    public ServiceFacts(int count)
    {
        _states = new ServiceState[count];
        Array.Fill(_states, new ServiceState(ServiceEvent.None, "", []));
    }

    /// <summary>The engine; null: the guest has not told it, or has none.</summary>
    public string? Engine { get; private set; }

    /// <summary>True when the guest has said that it has none.</summary>
    public bool HasNoEngine { get; private set; }

    /// <summary>The engine's own words, where it works for no service; null: it works.</summary>
    public string? EngineFailure { get; private set; }

    /// <summary>True when all has come to an end.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Of each service, by its number.</summary>
    public IReadOnlyList<ServiceState> States => _states;

    /// <summary>Takes a line.</summary>
    /// <returns>The number of the service whose state is another now; null: none is.</returns>
    public int? Take(string line)
    {
        if (!line.StartsWith(Word, StringComparison.Ordinal))
        {
            return null;
        }

        var words = line[Word.Length..].Split(' ', 3);
        var rest = words.Length > 2 ? words[2] : "";
        switch (words)
        {
            case ["engine", var name, ..]:
                (Engine, HasNoEngine) = name is "podman" or "docker" ? (name, false) : (null, true);
                return null;
            case ["engine-fails", ..]:
                EngineFailure = string.Join(' ', words[1..]);
                return null;
            case ["done"]:
                IsDone = true;
                return null;
            case [var number, "log", ..] when Number(number) is { } n:
                var state = _states[n];
                _states[n] = state.Lines.Count < MostLines ? state with { Lines = [.. state.Lines, rest] } : state;
                return null;
            case [var number, var what, ..] when Number(number) is { } n && Event(what) is { } happened:
                _states[n] = new ServiceState(happened, rest, []);
                return n;
            default:
                return null;
        }
    }

    private int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < _states.Length ? number : null;

    private static ServiceEvent? Event(string word) => word switch
    {
        "started" => ServiceEvent.Started,
        "up" => ServiceEvent.Up,
        "down" => ServiceEvent.Down,
        "not-pulled" => ServiceEvent.NotPulled,
        "not-started" => ServiceEvent.NotStarted,
        _ => null,
    };
}

/// <summary>The last that is known of a service.</summary>
/// <param name="Event">Its kind.</param>
/// <param name="Text">Its address, the port that is open, or the reason: the guest's words.</param>
/// <param name="Lines">The last lines of its log, where it is down.</param>
public sealed record ServiceState(ServiceEvent Event, string Text, IReadOnlyList<string> Lines);

/// <summary>The steps of a service's start, and the ways in which it fails.</summary>
public enum ServiceEvent
{
    None,
    Started,
    Up,
    Down,
    NotPulled,
    NotStarted,
}

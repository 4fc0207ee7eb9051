namespace VmExecutor.Core.Observing;

/// <summary>The priority that a line of a command has for journald, written before it as sd-daemon(3) says. Without one journald takes it for information.</summary>
public static class JournalLine
{
    private const string Hint = "What to do: ";

    private static readonly (string Start, int Priority)[] Starts = [("ERROR ", 3), ("WARNING: ", 4), ("warning: ", 4)];

    /// <summary>The line with its priority.</summary>
    /// <param name="line">Without its end.</param>
    /// <param name="before">The priority of the line before it, which a hint shares.</param>
    /// <returns>The line, and its priority; null: it has none of its own.</returns>
    public static (string Line, int? Priority) Mark(string line, int? before)
    {
        var priority = line.StartsWith(Hint, StringComparison.Ordinal) ? before
            : Starts.FirstOrDefault(known => line.StartsWith(known.Start, StringComparison.Ordinal)) is { Start: not null } found ? found.Priority
            : (int?)null;
        return (priority is { } number ? $"<{number}>{line}" : line, priority);
    }
}

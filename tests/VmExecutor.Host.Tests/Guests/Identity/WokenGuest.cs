using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;

namespace VmExecutor.Host.Tests.Guests.Identity;

/// <summary>Stands in for ssh and a guest that does what the text says, at once; its answer is on its way for a while.</summary>
internal sealed partial class WokenGuest(TimeProvider time) : IGuestShell
{
    public const string Names = "vmx-identity:hostname vmx-1\nvmx-identity:machine-id 0123456789abcdef0123456789abcdef\n";

    /// <summary>How long each answer takes; the last goes for all that follow.</summary>
    public TimeSpan[] Ways { get; set; } = [TimeSpan.FromMilliseconds(100)];

    /// <summary>What it says when it was told this time.</summary>
    public Func<DateTimeOffset, GuestCommandResult> Answer { get; set; } = told => new GuestCommandResult(
        0,
        string.Create(CultureInfo.InvariantCulture, $"{Names}vmx-identity:reseeded perl\nvmx-identity:clock {told.ToUnixTimeSeconds()}.{told.Ticks % TimeSpan.TicksPerSecond * 100:000000000}\nvmx-identity:done\n"),
        "");

    public List<string> Commands { get; } = [];

    public List<string> Texts { get; } = [];

    /// <summary>By how much the time it was told was later than the time it was.</summary>
    public List<TimeSpan> Leads { get; } = [];

    public async Task<GuestCommandResult> RunCommandAsync(GuestAccess access, string text, Stream? input, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(input!);
        Commands.Add(text);
        Texts.Add(await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false));
        var told = Told().Match(Texts[^1]) is { Success: true } match
            ? DateTimeOffset.FromUnixTimeSeconds(Number(match, 2)).AddTicks(Number(match, 1) / 100)
            : throw new FormatException("the text tells no time");
        Leads.Add(told - time.GetUtcNow());
        await Task.Delay(Ways[Math.Min(Texts.Count, Ways.Length) - 1], time, cancellationToken).ConfigureAwait(false);
        return Answer(told);
    }

    public Task<string> WaitForServerAsync(GuestAddress address, TimeSpan limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<GuestAccess> OpenAsync(GuestAccess access, TimeSpan limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<ScriptRun> RunScriptAsync(
        GuestAccess access, ReadOnlyMemory<byte> script, Stream output, Stream error, Func<CancellationToken, Task> watch, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private static long Number(Match match, int group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("""\$nanoseconds = (\d+) \+.*\n.*pack "qq", (\d+) \+""", RegexOptions.CultureInvariant)]
    private static partial Regex Told();
}

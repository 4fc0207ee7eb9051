using System.Globalization;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Guests;

namespace VmExecutor.Host.Tests.Guests.Preparation;

/// <summary>Stands in for ssh and a guest that sets its clock at once when it is told the time; its answer is on its way for a while.</summary>
internal sealed class WokenGuest(TimeProvider time) : IGuestShell
{
    public const string Names = "vmx-identity:hostname vmx-1\nvmx-identity:machine-id 0123456789abcdef0123456789abcdef\n";

    /// <summary>The time that each answer to a time takes; the last goes for all that follow.</summary>
    public TimeSpan[] Ways { get; set; } = [TimeSpan.FromMilliseconds(100)];

    /// <summary>The lines that it prints before it asks for the time.</summary>
    public string Before { get; set; } = $"{Names}vmx-identity:reseeded perl\n";

    public bool Asks { get; set; } = true;

    /// <summary>The exit code of its shell, its stderr, and whether it came to its end.</summary>
    public (int ExitCode, string Error, bool Done) End { get; set; } = (0, "", true);

    public List<string> Commands { get; } = [];

    public List<string> Texts { get; } = [];

    /// <summary>By how much each time that it was told was later than the time it was.</summary>
    public List<TimeSpan> Leads { get; } = [];

    /// <summary>The host name and the seed that it was told.</summary>
    public string? Own { get; private set; }

    public async Task<GuestCommandResult> ConverseAsync(GuestAccess access, string text, string input, Func<string, string?> answer, CancellationToken cancellationToken)
    {
        Commands.Add(text);
        Texts.Add(input);
        Own = answer(IdentityFacts.Waits);
        return await AskAsync(answer, cancellationToken).ConfigureAwait(false);
    }

    public Task<RunnerProcess?> LeaveAsync(GuestAccess access, string text, string input, string until, CancellationToken cancellationToken)
    {
        Commands.Add(text);
        Texts.Add(input);
        return Task.FromResult<RunnerProcess?>(new RunnerProcess(1, 1));
    }

    public async Task<string> GoOnAsync(GuestAccess access, string input, Func<string, string?> answer, string until, CancellationToken cancellationToken)
    {
        Own = input;
        var answered = await AskAsync(answer, cancellationToken).ConfigureAwait(false);
        return answered.StandardError + answered.StandardOutput;
    }

    private async Task<GuestCommandResult> AskAsync(Func<string, string?> answer, CancellationToken cancellationToken)
    {
        var output = Before;
        for (var told = Asks ? answer("vmx-identity:what-time") : null; told is not null and not IdentityScript.Enough;)
        {
            var parts = told.Split(' ');
            var clock = DateTimeOffset.FromUnixTimeSeconds(Number(parts[0])).AddTicks(Number(parts[1].TrimEnd()) / 100);
            Leads.Add(clock - time.GetUtcNow());
            await Task.Delay(Ways[Math.Min(Leads.Count, Ways.Length) - 1], time, cancellationToken).ConfigureAwait(false);
            var line = string.Create(CultureInfo.InvariantCulture, $"vmx-identity:clock {clock.ToUnixTimeSeconds()}.{clock.Ticks % TimeSpan.TicksPerSecond * 100:000000000}");
            output += $"{line}\n";
            told = answer(line);
        }

        return new GuestCommandResult(End.ExitCode, End.Done ? $"{output}vmx-identity:done\n" : "", End.Error);
    }

    public Task<GuestCommandResult> RunCommandAsync(GuestAccess access, string text, Stream? input, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<string> WaitForServerAsync(GuestAddress address, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<GuestAccess> OpenAsync(GuestAccess access, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task ConnectAsync(GuestAccess access, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<GuestAccess> ConnectBesideAsync(
        GuestAccess access, GuestAccess beside, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<bool> RenewKeysAsync(GuestAccess access, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task CloseAsync(GuestAccess access, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ScriptRun> RunScriptAsync(
        GuestAccess access, GuestScript script, Stream output, Stream error, Func<CancellationToken, Task> watch, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

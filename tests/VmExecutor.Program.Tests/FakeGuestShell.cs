using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Guests;

namespace VmExecutor.Program.Tests;

/// <summary>Stands in for ssh and a guest.</summary>
internal sealed class FakeGuestShell : IGuestShell
{
    /// <summary>Looked at before each call: throws, or changes the world.</summary>
    public Action<string>? Before { get; set; }

    /// <summary>Passed before a call takes effect and after it; what never ends holds the caller there for ever.</summary>
    public Func<string, bool, CancellationToken, Task>? Gate { get; set; }

    /// <summary>Told of each connection that was opened: it has a process.</summary>
    public Action<GuestAccess>? Opened { get; set; }

    /// <summary>Told of each connection that was closed.</summary>
    public Action<GuestAccess>? Closed { get; set; }

    /// <summary>The course of a script, given the watch beside it; null: it ends at once, unwatched.</summary>
    public Func<Task, Task>? Watched { get; set; }

    /// <summary>Plays a script; null: it ends well and prints nothing.</summary>
    public Func<ReadOnlyMemory<byte>, Stream, Task<ScriptExit>>? Script { get; set; }

    public string CommandOutput { get; set; } = "";

    public string BootId { get; set; } = "01234567-89ab-cdef-0123-456789abcdef";

    /// <summary>The facts that the guest tells when its connection is opened.</summary>
    public GuestLook Look { get; set; } = new();

    public List<string> Calls { get; } = [];

    public Task<string> WaitForServerAsync(GuestAddress address, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) =>
        CallAsync($"wait {address}", () => "SSH-2.0-fake", alive, cancellationToken);

    public async Task<GuestAccess> OpenAsync(GuestAccess access, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken)
    {
        await CallAsync("open", () => Open(access), alive, cancellationToken);
        return access with { LoginShell = LoginShell.Bash, BootId = BootId, Proof = access.Proof?.InPlace(BootId), Look = Look };
    }

    public Task ConnectAsync(GuestAccess access, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) =>
        CallAsync("connect", () => Open(access), alive, cancellationToken);

    public Task<GuestAccess> ConnectBesideAsync(
        GuestAccess access, GuestAccess beside, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) =>
        CallAsync("connect beside", () => beside, alive, cancellationToken);

    /// <summary>True: the kept connection gets new session keys.</summary>
    public bool Renews { get; set; } = true;

    public Task<bool> RenewKeysAsync(GuestAccess access, CancellationToken cancellationToken) =>
        CallAsync("renew keys", () => Renews, _ => Task.CompletedTask, cancellationToken);

    public Task CloseAsync(GuestAccess access, CancellationToken cancellationToken) =>
        CallAsync("close", () => Close(access), _ => Task.CompletedTask, cancellationToken);

    public async Task<ScriptRun> RunScriptAsync(
        GuestAccess access, GuestScript script, Stream output, Stream error, Func<CancellationToken, Task> watch, CancellationToken cancellationToken)
    {
        if (Watched is not null)
        {
            await Watched(watch(cancellationToken));
        }

        if (Script is not null)
        {
            return new ScriptRun(await Script(script.Text, output));
        }

        return await CallAsync("run", () => new ScriptRun(new ScriptExit(0)), _ => Task.CompletedTask, cancellationToken);
    }

    public Task<GuestCommandResult> RunCommandAsync(GuestAccess access, string text, Stream? input, CancellationToken cancellationToken) =>
        CallAsync("command", () => new GuestCommandResult(0, CommandOutput, ""), _ => Task.CompletedTask, cancellationToken);

    public Task<GuestCommandResult> ConverseAsync(GuestAccess access, string text, string input, Func<string, string?> answer, CancellationToken cancellationToken) =>
        CallAsync("command", () => new GuestCommandResult(0, Converse(answer(IdentityFacts.Waits) ?? "", answer), ""), _ => Task.CompletedTask, cancellationToken);

    /// <summary>The client of a command that is left in the guest.</summary>
    public RunnerProcess? Client { get; set; }

    public Task<RunnerProcess?> LeaveAsync(GuestAccess access, string text, string input, string until, CancellationToken cancellationToken) =>
        CallAsync("leave", () => Client, _ => Task.CompletedTask, cancellationToken);

    public Task<string> GoOnAsync(GuestAccess access, string input, Func<string, string?> answer, string until, CancellationToken cancellationToken) =>
        CallAsync("go on", () => Converse(input, answer), _ => Task.CompletedTask, cancellationToken);

    /// <summary>A guest that takes every identity it is given.</summary>
    public Func<string, string> Identity { get; set; } = own =>
        $"""
        vmx-identity:hostname {own.Split('\n')[0]}
        vmx-identity:reseeded perl
        vmx-identity:what-time
        vmx-identity:clock {DateTimeOffset.UtcNow.ToUnixTimeSeconds()}.{DateTimeOffset.UtcNow.Ticks % 10_000_000 * 100:000000000}
        vmx-identity:done
        """;

    private string Converse(string own, Func<string, string?> answer)
    {
        var output = Identity(own);
        output.Split('\n').ToList().ForEach(line => answer(line));
        return output;
    }

    private async Task<T> CallAsync<T>(string call, Func<T> answer, Func<CancellationToken, Task> alive, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await alive(cancellationToken);
        await PassAsync(call, false, cancellationToken);
        lock (Calls)
        {
            Calls.Add(call);
        }

        Before?.Invoke(call);
        var result = answer();
        await PassAsync(call, true, cancellationToken);
        return result;
    }

    private bool Open(GuestAccess access)
    {
        Opened?.Invoke(access);
        return true;
    }

    private bool Close(GuestAccess access)
    {
        Closed?.Invoke(access);
        return true;
    }

    private Task PassAsync(string call, bool after, CancellationToken cancellationToken) =>
        Gate?.Invoke(call, after, cancellationToken) ?? Task.CompletedTask;
}

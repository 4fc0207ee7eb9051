using Polly;
using Polly.Retry;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Guests;

/// <summary>
/// The kept connection of a job: an ssh master in the background, opened by prepare, used by each run, closed by cleanup.
/// It outlives the stage that opened it and therefore holds none of its streams (docs/runner-contract.md section 1): <c>ssh -f</c>
/// exchanges them for /dev/null once it is authenticated.
/// <para>A new connection has another socket until its guest has proved to be the clone's (<see cref="GuestProof"/>): a stage that finds the job's socket
/// served needs no further proof, since all goes over that one connection.</para>
/// </summary>
internal sealed class GuestConnection(SshClient ssh, GuestCommands commands, ConnectPace pace, TimeProvider clock)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    // Since OpenSSH 9.8 a server shuts out who is refused too often (PerSourcePenalties in sshd_config(5)).
    private static readonly TimeSpan PauseAfterDenial = TimeSpan.FromSeconds(2);

    /// <summary>Tries again while the guest may only not be ready; the caller's deadline ends it.</summary>
    private ResiliencePipeline<SshFailure?> UntilItLetsUsIn(GuestAddress address) => new ResiliencePipelineBuilder<SshFailure?> { TimeProvider = clock }
        .AddRetry(new RetryStrategyOptions<SshFailure?>
        {
            ShouldHandle = new PredicateBuilder<SshFailure?>().HandleResult(failure => failure is { Kind: SshFailureKind.NotYet or SshFailureKind.Denied }),
            MaxRetryAttempts = int.MaxValue,
            DelayGenerator = attempt => new(attempt.Outcome.Result is { Kind: SshFailureKind.Denied } && pace.Left(address) < PauseAfterDenial ? PauseAfterDenial : pace.Left(address)),
        })
        .Build();

    /// <summary>Opens the connection, unless it is open.</summary>
    /// <param name="access">The guest's address and login.</param>
    /// <param name="limit">The time limit, and the log for the waits that do not count.</param>
    /// <param name="alive">Asked before each try; throws when the domain is dead.</param>
    /// <param name="question">A shell text that is asked over the connection; null: nothing is.</param>
    /// <param name="cancellationToken">The stage's.</param>
    /// <returns>The answer to the question.</returns>
    /// <exception cref="SystemFailureException">Not let in: at once where waiting cannot help, else when the time is over. Or the guest is another's.</exception>
    public async Task<GuestCommandResult?> OpenAsync(
        GuestAccess access, WaitLimit limit, Func<CancellationToken, Task> alive, string? question, CancellationToken cancellationToken)
    {
        if (await IsOpenAsync(access, cancellationToken).ConfigureAwait(false))
        {
            return question is null ? null : await commands.RunTextAsync(access, question, cancellationToken).ConfigureAwait(false);
        }

        EnsureDirectoryIsThere(access);
        EnsureKeyIsThere(access);
        var unproven = access with { Socket = SshArguments.UnprovenSocket };
        RemoveSocket(access);
        PinHostKeys(access);
        var answer = await OpenNewAsync(unproven, () => IsFirstContact(access), limit, alive, question, cancellationToken).ConfigureAwait(false);
        HostFile.Move(SocketPath(unproven), SocketPath(access));
        return answer;
    }

    /// <summary>
    /// For a person: unless the kept connection is open, opens one beside it, whose guest proves itself in the same way. The caller
    /// closes it. It neither pins a host key nor touches a file of the kept connection.
    /// </summary>
    /// <param name="access">The guest's address and login.</param>
    /// <param name="beside">The same with the names of the other connection's files.</param>
    /// <param name="limit">The time limit, and the log for the waits that do not count.</param>
    /// <param name="alive">As above.</param>
    /// <param name="cancellationToken">The person's.</param>
    /// <returns>Which of the two is open.</returns>
    /// <exception cref="SystemFailureException">As above.</exception>
    public async Task<GuestAccess> OpenBesideAsync(
        GuestAccess access, GuestAccess beside, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken)
    {
        if (await IsOpenAsync(access, cancellationToken).ConfigureAwait(false))
        {
            return access;
        }

        EnsureDirectoryIsThere(access);
        EnsureKeyIsThere(access);
        try
        {
            await CloseOnFailureAsync(beside, OpenNewAsync(beside, () => false, limit, alive, question: null, cancellationToken)).ConfigureAwait(false);
            return beside;
        }
        finally
        {
            HostFile.Delete(LogPath(beside));
        }
    }

    /// <summary>Opens a connection, and closes it again unless its guest proves that it is the job's.</summary>
    private async Task<GuestCommandResult?> OpenNewAsync(
        GuestAccess access, Func<bool> isFirstContact, WaitLimit limit, Func<CancellationToken, Task> alive, string? question, CancellationToken cancellationToken)
    {
        RemoveSocket(access);
        SshFailure? last = null;
        using var deadline = new GuestDeadline(limit, access.Address, pace, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            last = await UntilItLetsUsIn(access.Address).ExecuteAsync(
                async token =>
                {
                    await alive(token).ConfigureAwait(false);
                    deadline.Look();
                    last = await TryOpenAsync(access, isFirstContact(), limit.Time, token).ConfigureAwait(false);
                    deadline.Look();
                    return last;
                },
                stop.Token).ConfigureAwait(false);
            if (last is null)
            {
                return await ProveAsync(access, question, stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (deadline.IsOver && !cancellationToken.IsCancellationRequested)
        {
            throw Failure(last ?? new SshFailure(SshFailureKind.NotYet, "(no answer)"));
        }

        throw Failure(last);

        SystemFailureException Failure(SshFailure failure) => SshFailures.ToException(access, failure with { SeemsLimited = pace.SeemsLimited(access.Address) }, limit.Time);
    }

    /// <summary>Closes the connection unless it leads to the clone's guest.</summary>
    private async Task<GuestCommandResult?> ProveAsync(GuestAccess access, string? question, CancellationToken cancellationToken)
    {
        var proof = access.Proof;
        var text = (proof is null ? "" : proof.Placed ? GuestProofText.Ask(proof) : GuestProofText.Claim(proof)) + question;
        var answer = text.Length == 0 ? null : await CloseOnFailureAsync(access, commands.RunTextAsync(access, text, cancellationToken)).ConfigureAwait(false);
        if (proof?.Judge(answer!.StandardOutput) is { } verdict and not GuestProofVerdict.Ours)
        {
            await CloseAsync(access, CancellationToken.None).ConfigureAwait(false);
            throw verdict == GuestProofVerdict.NoAnswer
                ? LoginFault.Failure(access, answer!.ExitCode, answer.StandardOutput + answer.StandardError)
                : SshFailures.NotOurs(access, verdict);
        }

        return answer;
    }

    private async Task<T> CloseOnFailureAsync<T>(GuestAccess access, Task<T> work)
    {
        try
        {
            return await work.ConfigureAwait(false);
        }
        catch (Exception e) when (e is SystemFailureException or OperationCanceledException)
        {
            await CloseAsync(access, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>True when a living master serves the job's control socket; says nothing about the guest.</summary>
    public async Task<bool> IsOpenAsync(GuestAccess access, CancellationToken cancellationToken) =>
        HostFile.Exists(SocketPath(access)) && await new ControlMaster(SocketPath(access), clock).IsServedAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Closes the connection, and waits until its master is gone; one that is not open is closed.</summary>
    public async Task CloseAsync(GuestAccess access, CancellationToken cancellationToken)
    {
        if (HostFile.Exists(SocketPath(access)))
        {
            await new ControlMaster(SocketPath(access), clock).EndAsync(cancellationToken).ConfigureAwait(false);

            // The master knows its socket by the name that it had at first.
            RemoveSocket(access);
        }
    }

    /// <summary>Leads a port of the guest's loopback to a script's proxy, for as long as the connection is open.</summary>
    /// <returns>The port.</returns>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.EgressForwardRefused"/>.</exception>
    public async Task<int> ForwardAsync(GuestAccess access, ScriptProxy proxy, CancellationToken cancellationToken)
    {
        var (port, why) = await new ControlMaster(SocketPath(access), clock).ForwardAsync(ScriptProxy.Listen, proxy.Socket, cancellationToken).ConfigureAwait(false);
        return port ?? throw ScriptProxy.Refused(access, PlainText.OneLine(why, 200));
    }

    /// <summary>Ends it; where the connection is gone it has ended.</summary>
    public Task EndForwardAsync(GuestAccess access, ScriptProxy proxy) =>
        HostFile.Exists(SocketPath(access)) ? new ControlMaster(SocketPath(access), clock).EndForwardAsync(ScriptProxy.Listen, proxy.Socket, CancellationToken.None) : Task.CompletedTask;

    private static string SocketPath(GuestAccess access) => access.Directory.Child(access.Socket).Value;

    private static string LogPath(GuestAccess access) => access.Directory.Child(access.Log).Value;

    // A socket without a listener would make a new master go without one.
    private static void RemoveSocket(GuestAccess access) => HostFile.Delete(SocketPath(access));

    // A command that removes a job removes its VM as well, but a stage of the job may still run.
    private static void EnsureDirectoryIsThere(GuestAccess access)
    {
        if (!HostDirectory.Exists(access.Directory.Value))
        {
            throw new SystemFailureException(
                ErrorCodes.GuestNotPrepared,
                $"the job's directory {access.Directory} is gone, and with it the files that reach the guest",
                "It was removed by hand, or as a leftover: ledger.jsonl in the state directory says what removed it.");
        }
    }

    // ssh leaves out a key it cannot open, without a word, and is then denied.
    private static void EnsureKeyIsThere(GuestAccess access)
    {
        try
        {
            using var key = HostFile.OpenRead(access.Key.Value);
        }
        catch (Exception failure) when (HostFileException.Explains(failure))
        {
            throw SshFailures.ToException(access, new SshFailure(SshFailureKind.KeyUnusable, HostFileException.ReasonOf(failure)), TimeSpan.Zero);
        }
    }

    private static void PinHostKeys(GuestAccess access)
    {
        if (access.HostKeys.Count > 0)
        {
            HostFile.WriteAllText(access.Directory.Child(SshArguments.KnownHostsFile).Value, access.KnownHosts);
        }
    }

    private static bool IsFirstContact(GuestAccess access)
    {
        var pinned = access.Directory.Child(SshArguments.KnownHostsFile).Value;
        return access.HostKeys.Count == 0 && (!HostFile.Exists(pinned) || HostFile.ReadAllText(pinned).Length == 0);
    }

    private async Task<SshFailure?> TryOpenAsync(GuestAccess access, bool firstContact, TimeSpan limit, CancellationToken cancellationToken)
    {
        var log = LogPath(access);
        HostFile.Delete(log);
        await Task.Delay(pace.Left(access.Address), clock, cancellationToken).ConfigureAwait(false);
        var attempt = pace.Start(access.Address);
        var end = ConnectEnd.Other;
        try
        {
            var result = await ssh.RunAsync(access, SshArguments.Open(access, firstContact), limit + Grace, cancellationToken).ConfigureAwait(false);
            if (result.ExitCode == 0)
            {
                end = ConnectEnd.LoggedIn;
                return null;
            }

            var failure = SshFailure.From(result.StandardError + "\n" + (HostFile.Exists(log) ? await HostFile.ReadAllTextAsync(log, cancellationToken).ConfigureAwait(false) : ""));
            end = failure.EndOf(access.Address);
            return failure;
        }
        finally
        {
            pace.End(attempt, end);
        }
    }
}

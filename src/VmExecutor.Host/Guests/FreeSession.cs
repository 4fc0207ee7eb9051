using Polly;
using Polly.Retry;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Guests;

/// <summary>The result of a command, or the refusal of the guest's ssh server to open a session for it. Then nothing was run.</summary>
/// <param name="IsRefused">True when no session was opened.</param>
/// <param name="Value">The result; the default when there is none.</param>
internal readonly record struct SessionResult<T>(bool IsRefused, T? Value)
{
    public static SessionResult<T> Refused { get; } = new(IsRefused: true, default);

    public static implicit operator SessionResult<T>(T value) => new(IsRefused: false, value);
}

/// <summary>
/// Waits until the guest's ssh server opens a session. Where <c>MaxSessions</c> is 1 the next command may come while the last one's shell
/// still removes its files, or while a person is in.
/// </summary>
internal sealed class FreeSession(TimeProvider clock)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs the command, again while no session is opened for it. The limit is for that wait only: a command that runs is not ended by it.</summary>
    /// <exception cref="SystemFailureException">Still refused when the time is over (<see cref="ErrorCodes.GuestSessionRefused"/>).</exception>
    public async Task<T> RunAsync<T>(GuestAccess access, Func<CancellationToken, Task<SessionResult<T>>> command, CancellationToken cancellationToken)
    {
        var first = await command(cancellationToken).ConfigureAwait(false);
        return Opened(access, first.IsRefused ? await AgainAsync(command, cancellationToken).ConfigureAwait(false) : first);
    }

    /// <summary>The command's value.</summary>
    /// <exception cref="SystemFailureException">No session was opened.</exception>
    public static T Opened<T>(GuestAccess access, SessionResult<T> result) => !result.IsRefused ? result.Value! : throw new SystemFailureException(
        ErrorCodes.GuestSessionRefused,
        $"the ssh server of the guest {access} opens no further session (MaxSessions)",
        "Each script and each 'vm-executor ssh' needs one. Let sshd_config of the image have 'MaxSessions 10', the default; two are enough while no person is in.");

    /// <summary>True when this is ssh's message of a refusal (OpenSSH: mux.c, the server's reason at its end).</summary>
    public static bool IsRefusal(string said) => said.Contains("session request failed: Session open refused by peer", StringComparison.Ordinal);

    // Built only when a session was refused, which most guests never do.
    private async Task<SessionResult<T>> AgainAsync<T>(Func<CancellationToken, Task<SessionResult<T>>> command, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        await Task.Delay(Gap, clock, cancellationToken).ConfigureAwait(false);
        return await new ResiliencePipelineBuilder<SessionResult<T>> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<SessionResult<T>>
            {
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome is { Exception: null, Result.IsRefused: true } && clock.GetElapsedTime(began) < Limit),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Constant,
                Delay = Gap,
            })
            .Build()
            .ExecuteAsync(async token => await command(token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }
}

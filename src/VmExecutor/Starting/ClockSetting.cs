using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;
using VmExecutor.Observing;

namespace VmExecutor.Starting;

/// <summary>
/// Sets the clock of a guest that has booted with a wrong one, as waking up from a template does in any case. A guest that cannot be set is a warning, since many jobs
/// do not mind.
/// </summary>
internal sealed class ClockSetting(IGuestShell guestShell, TimeProvider time)
{
    // Of a command that takes a fraction of a second; sudo may wait for a name server.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <param name="access">The guest, with what it said when its connection was opened.</param>
    /// <param name="log">Told of a clock that is off.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(GuestAccess access, JobLog log, CancellationToken cancellationToken)
    {
        if (access.Look is not { } look || look.ClockOff.Duration() <= GuestClock.Tolerance)
        {
            return;
        }

        var left = await SetAsync(access, cancellationToken);
        log.Warn(left?.Duration() <= GuestClock.Tolerance
            ? $"the guest's clock was {GuestClock.Words(look.ClockOff)} and has been set. {GuestClock.Fix(look.ClockOff)}"
            : $"the guest's clock is {GuestClock.Words(look.ClockOff)}, and user '{access.User}' may not set it (sudo -n date): certificates and build tools may fail. {GuestClock.Fix(look.ClockOff)}");
    }

    /// <summary>By how much it is off afterwards; null: the guest did not answer in time.</summary>
    private async Task<TimeSpan?> SetAsync(GuestAccess access, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(Limit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            var now = time.GetUtcNow();
            var answer = await guestShell.RunCommandAsync(access, GuestClock.Set(access.User, now), null, stop.Token);
            return GuestClock.Read(answer.StandardOutput) is null ? null : GuestClock.Off(answer.StandardOutput, now, time.GetUtcNow());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}

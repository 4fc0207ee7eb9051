using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using VmExecutor.Host.Guests;
using VmExecutor.Observing;

namespace VmExecutor.Starting;

/// <summary>
/// Waits for a guest's cloud-init: what it installs and sets up is part of the image, and a job that begins meanwhile finds half of it. What
/// it failed to do is said and fails nothing, since cloud-init itself goes on then.
/// </summary>
internal sealed class CloudInitWait(IGuestShell guestShell, TimeProvider time)
{
    private const int MostErrors = 3;
    private const int LongestError = 300;
    private static readonly TimeSpan StageLimit = TimeSpan.FromSeconds(10);

    /// <param name="image">Has the limit, and whether it is waited for.</param>
    /// <param name="access">The guest, with what it said when its connection was opened.</param>
    /// <param name="watch">Throws when the domain dies.</param>
    /// <param name="log">Told that it waits, and how long it did.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether there was anything to wait for.</returns>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.CloudInitNotDone"/>.</exception>
    public async Task<bool> RunAsync(
        ImageDefinition image, GuestAccess access, Func<CancellationToken, Task> watch, JobLog log, CancellationToken cancellationToken)
    {
        var state = image.WaitForCloudInit ? access.Look?.CloudInit : null;
        if (state != CloudInitState.Running)
        {
            Tell(state, access.Look?.CloudInitErrors ?? [], log);
            return false;
        }

        var limit = image.Timeouts.CloudInit;
        log.Say($"cloud-init is still at work in the guest; waiting for it, at most {DurationText.Format(limit)} ('timeouts: cloud_init')");
        var began = time.GetTimestamp();
        using var over = new CancellationTokenSource(limit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            var answer = await GuestLife.OrDeathAsync(guestShell.RunCommandAsync(access, CloudInit.Wait, null, stop.Token), watch(stop.Token));
            log.Say(string.Create(CultureInfo.InvariantCulture, $"cloud-init ended after {time.GetElapsedTime(began).TotalSeconds:0.0} s"));
            Tell(CloudInit.ParseEnd(answer.StandardOutput), CloudInit.ParseErrors(answer.StandardOutput), log);
            return true;
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new SystemFailureException(
                ErrorCodes.CloudInitNotDone,
                $"cloud-init in the guest {access} was still at work after {DurationText.Format(limit)}{await StageAsync(access, cancellationToken)}",
                $"See 'cloud-init status --long' and /var/log/cloud-init-output.log in the guest (vm-executor ssh). Raise 'timeouts: cloud_init' in {image.File}, or do not wait: 'wait_for_cloud_init: false'.");
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    private static void Tell(CloudInitState? state, IReadOnlyList<string> errors, JobLog log)
    {
        var named = errors.Count == 0 ? "" : $": {string.Join("; ", errors.Take(MostErrors).Select(error => PlainText.OneLine(error, LongestError)))}";
        if (state is CloudInitState.Failed or CloudInitState.Degraded)
        {
            log.Warn($"cloud-init {(state == CloudInitState.Failed ? "failed" : "had recoverable errors")} in the guest{named}. See 'cloud-init status --long' and /var/log/cloud-init.log there");
        }
    }

    private async Task<string> StageAsync(GuestAccess access, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(StageLimit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            var status = await guestShell.RunCommandAsync(access, CloudInit.AskStage, null, stop.Token);
            return CloudInit.ParseStage(status.StandardOutput) is { } stage ? $", in its stage '{stage}'" : "";
        }
        catch (Exception e) when (e is GuestConnectionLostException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return "";
        }
    }
}

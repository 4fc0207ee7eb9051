using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Host.Processes;

/// <summary>The runner that a job's stages belong to: killed, it will call neither run nor cleanup.</summary>
public static class WaitingRunner
{
    /// <param name="stamp">Names its process.</param>
    /// <param name="consequence">Of its death, for the message: <c>so the VM was removed again</c>.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.RunnerGone"/>.</exception>
    public static void EnsureLives(OwnershipStamp stamp, string consequence)
    {
        if (!ProcessTable.Runs(stamp.Runner))
        {
            throw new SystemFailureException(
                ErrorCodes.RunnerGone,
                $"the runner that asked for this VM (process {stamp.Runner.Pid}) is gone, {consequence}",
                "See why the runner ended: journalctl -u gitlab-runner");
        }
    }
}

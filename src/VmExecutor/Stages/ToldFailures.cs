using VmExecutor.Core.Failures;
using VmExecutor.Host.Clones;

namespace VmExecutor.Stages;

/// <summary>
/// Failures of the VM that a job's scripts have reported already, by the notes in its directory: a VM that is gone fails every later
/// script, and the job log has the whole story once.
/// </summary>
internal static class ToldFailures
{
    /// <summary>
    /// The codes of the VM or of the way to it. A failure for another reason is reported each time, since it can be another file or host.
    /// </summary>
    private static readonly ErrorCode[] OfTheVm =
    [
        ErrorCodes.GuestDied, ErrorCodes.GuestConnectionLost, ErrorCodes.GuestNotPrepared, ErrorCodes.GuestIsAnother, ErrorCodes.GuestRebooted, ErrorCodes.GuestHostKeyChanged,
        ErrorCodes.OverlayTooLarge, ErrorCodes.DiskWatermarkPassed, ErrorCodes.MemoryWatermarkPassed, ErrorCodes.JobStoppedByHand,
    ];

    /// <summary>The sub-stage that has told it; null: none has.</summary>
    public static string? By(JobDirectory directory, ErrorCode code) =>
        OfTheVm.Contains(code) ? directory.ReadScripts().FirstOrDefault(script => script.Failure == code.ToString())?.SubStage : null;
}

/// <summary>A failure that the job log has already: one line says so, and the same person must act.</summary>
/// <param name="original">The failure that was told.</param>
/// <param name="subStage">The sub-stage that told it.</param>
internal sealed class ToldFailureException(DriverException original, string subStage)
    : SystemFailureException(original.Code, $"the VM of this job cannot be used: the error is above, in section '{subStage}'", original.Hint, original)
{
    public DriverException Original { get; } = original;
}

using VmExecutor.Core.Failures;
using VmExecutor.Host.Clones;

namespace VmExecutor.Stages;

/// <summary>
/// What the scripts of a job have told of its VM already, by the notes in its directory: a VM that is gone fails every script that comes after, and
/// the job log has the whole story once.
/// </summary>
internal static class ToldFailures
{
    /// <summary>Of the VM or of the way to it; what failed for another reason is told each time, since it can be another file or host.</summary>
    private static readonly ErrorCode[] OfTheVm =
    [
        ErrorCodes.GuestDied, ErrorCodes.GuestConnectionLost, ErrorCodes.GuestNotPrepared, ErrorCodes.GuestIsAnother, ErrorCodes.GuestRebooted, ErrorCodes.GuestHostKeyChanged,
        ErrorCodes.OverlayTooLarge, ErrorCodes.DiskWatermarkPassed, ErrorCodes.JobStoppedByHand,
    ];

    /// <summary>The sub-stage that has told it; null: none has.</summary>
    public static string? By(JobDirectory directory, ErrorCode code) =>
        OfTheVm.Contains(code) ? directory.ReadScripts().FirstOrDefault(script => script.Failure == code.ToString())?.SubStage : null;
}

/// <summary>A failure that the job log has already: one line says so, and who must act is the same.</summary>
/// <param name="original">What is told above.</param>
/// <param name="subStage">Where.</param>
internal sealed class ToldFailureException(DriverException original, string subStage)
    : SystemFailureException(original.Code, $"the VM of this job cannot be used: the error is above, in section '{subStage}'", original.Hint, original)
{
    public DriverException Original { get; } = original;
}

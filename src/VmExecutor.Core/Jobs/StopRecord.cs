using System.Text.Json.Serialization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Jobs;

/// <summary>
/// The reason why the driver stopped a job's VM while its scripts ran. The scripts that come after it fail for the same reason, and say
/// so.
/// </summary>
/// <param name="Code">Of <see cref="ErrorCodes"/>.</param>
/// <param name="IsBuildFailure">The job's author must act; else the operator.</param>
/// <param name="Message">The message.</param>
/// <param name="Hint">The hint.</param>
/// <param name="DiskBytes">What the job's overlays took then.</param>
public sealed record StopRecord(int Code, bool IsBuildFailure, string Message, string Hint, long DiskBytes)
{
    /// <summary>The host's memory that its VM alone had then; null: that was not why.</summary>
    public long? HostMemoryBytes { get; init; }

    public static StopRecord Of(DriverException failure, long diskBytes) =>
        new(failure.Code.Number, failure is BuildFailureException, failure.Message, failure.Hint, diskBytes);

    /// <summary>An administrator has ended the VM.</summary>
    public static StopRecord ByHand(string who, DateTimeOffset now, long diskBytes) => new(
        ErrorCodes.JobStoppedByHand.Number,
        IsBuildFailure: false,
        $"this job's VM was stopped by {PlainText.OneLine(who, 60)} with 'vm-executor stop' ({now:yyyy-MM-dd HH:mm} UTC)",
        "Ask the administrator of the runner; then retry the job.",
        diskBytes);

    /// <summary>The result that the ledger gives in place of the runner's; null: none.</summary>
    [JsonIgnore]
    public string? Result => Code == ErrorCodes.JobStoppedByHand.Number ? "stopped" : null;

    /// <summary>As the name for the ledger: <c>VMX1015</c>.</summary>
    public string Reason => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"VMX{Code}");

    /// <summary>For a script that finds the VM stopped. A damaged record is a system failure all the same.</summary>
    public DriverException ToFailure()
    {
        if (Code == ErrorCodes.JobStoppedByHand.Number)
        {
            return new SystemFailureException(ErrorCodes.JobStoppedByHand, Message, Hint);
        }

        var code = Code is >= 1000 and <= 9999 ? new ErrorCode(Code) : ErrorCodes.GuestDied;
        var message = $"this job's VM was stopped by an earlier script: {Message}";
        return IsBuildFailure ? new BuildFailureException(code, message, Hint) : new SystemFailureException(code, message, Hint);
    }
}

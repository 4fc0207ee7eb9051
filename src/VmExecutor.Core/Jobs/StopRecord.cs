using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Jobs;

/// <summary>Why the driver stopped a job's VM while its scripts ran: the scripts that come after it fail for the same reason, and say so.</summary>
/// <param name="Code">Of <see cref="ErrorCodes"/>.</param>
/// <param name="IsBuildFailure">The job's author must act; else the operator.</param>
/// <param name="Message">What happened.</param>
/// <param name="Hint">What to do.</param>
/// <param name="DiskBytes">What the job's overlays took then.</param>
public sealed record StopRecord(int Code, bool IsBuildFailure, string Message, string Hint, long DiskBytes)
{
    public static StopRecord Of(DriverException failure, long diskBytes) =>
        new(failure.Code.Number, failure is BuildFailureException, failure.Message, failure.Hint, diskBytes);

    /// <summary>As the name for the ledger: <c>VMX1015</c>.</summary>
    public string Reason => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"VMX{Code}");

    /// <summary>For a script that finds the VM stopped. A record that somebody has damaged is a system failure all the same.</summary>
    public DriverException ToFailure()
    {
        var code = Code is >= 1000 and <= 9999 ? new ErrorCode(Code) : ErrorCodes.GuestDied;
        var message = $"this job's VM was stopped by an earlier script: {Message}";
        return IsBuildFailure ? new BuildFailureException(code, message, Hint) : new SystemFailureException(code, message, Hint);
    }
}

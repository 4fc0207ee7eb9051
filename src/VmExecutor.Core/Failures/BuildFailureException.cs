namespace VmExecutor.Core.Failures;

/// <summary>The job's author must act (unknown image, a value out of range): the job fails and is not retried.</summary>
public sealed class BuildFailureException(ErrorCode code, string message, string hint, Exception? inner = null)
    : DriverException(code, message, hint, inner);

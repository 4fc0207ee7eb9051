namespace VmExecutor.Core.Failures;

/// <summary>The host or its operator must act: a system failure, which the runner retries in prepare.</summary>
public class SystemFailureException(ErrorCode code, string message, string hint, Exception? inner = null)
    : DriverException(code, message, hint, inner);

namespace VmExecutor.Core.Failures;

/// <summary>A failure with a message for people: what failed, with names; then what to do; and a stable code.</summary>
public abstract class DriverException(ErrorCode code, string message, string hint, Exception? inner = null)
    : Exception(message, inner)
{
    public ErrorCode Code { get; } = code;

    /// <summary>An imperative sentence that tells the person who must act what to do.</summary>
    public string Hint { get; } = hint;
}

using VmExecutor.Core.Failures;

namespace VmExecutor.Host.Files;

/// <summary>The host's file system refused what the driver needs: full, read-only, no permission.</summary>
public sealed class HostFileException(string what, Exception inner)
    : SystemFailureException(
        ErrorCodes.HostFileFailed,
        $"{what}: {inner.Message}",
        "See whether the file system is full (df -h, df -i) or read-only, and whether the runner's user may write there.",
        inner)
{
    /// <summary>Whether an exception is the file system's rather than ours.</summary>
    public static bool Explains(Exception exception) => exception is IOException or UnauthorizedAccessException;
}

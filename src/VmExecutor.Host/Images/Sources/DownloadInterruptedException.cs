namespace VmExecutor.Host.Images.Sources;

/// <summary>An attempt that another may continue or repeat. Never leaves this folder.</summary>
/// <param name="what">The event, in words.</param>
/// <param name="retryAfter">When the server wants to be asked again; null: it did not say.</param>
/// <param name="inner">The exception that was thrown.</param>
internal sealed class DownloadInterruptedException(string what, TimeSpan? retryAfter = null, Exception? inner = null)
    : Exception(what, inner)
{
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

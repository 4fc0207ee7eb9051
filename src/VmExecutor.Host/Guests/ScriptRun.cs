using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Guests;

/// <summary>A script that ended.</summary>
/// <param name="Exit">The script's exit.</param>
/// <param name="OutputMayBeCut">The connection was lost at the end: the status is the true one, but the last output may be missing.</param>
public sealed record ScriptRun(ScriptExit Exit, bool OutputMayBeCut = false)
{
    /// <summary>The most memory that the guest says it used meanwhile, without its page cache; null: it was not asked, or has not said.</summary>
    public long? GuestPeakBytes { get; init; }
}

namespace VmExecutor.Core.Guests;

/// <summary>The record in the guest of a run whose end the driver did not see.</summary>
/// <param name="Status">The script's, or <see cref="ScriptWrapper.NotStored"/>.</param>
/// <param name="HadSession">The session's streams took the end marker: nothing was closed to the script while it ran.</param>
/// <param name="EndedAgo">How long before the answer the script ended, by the guest's clock; null: the guest has no /proc/uptime.</param>
public sealed record RunOutcome(int Status, bool HadSession, TimeSpan? EndedAgo)
{
    private const int EndedBySigpipe = 128 + 13;

    /// <summary>
    /// True when the status is the script's own in spite of the lost connection: the script ended earlier, with its session intact.
    /// Otherwise a closed output may have ended the script (by SIGPIPE), or it is not known what the script did since.
    /// </summary>
    /// <param name="lostAgo">How long before the guest was asked the connection was found lost.</param>
    public bool IsScriptsOwn(TimeSpan lostAgo) => HadSession && EndedAgo >= lostAgo && Status != EndedBySigpipe;
}

using VmExecutor.Core.Leftovers;

namespace VmExecutor.Host.Leftovers;

/// <summary>The result of gc for one leftover.</summary>
/// <param name="Name">A job's key, or a file's path.</param>
/// <param name="Reason">Why it is one.</param>
/// <param name="Outcome">The outcome.</param>
/// <param name="Parts">What was removed; in a dry run what is there.</param>
/// <param name="Failure">Why something of it is still there; of a removed one, why the ledger does not have it, or its runner's directory was left.</param>
public sealed record CollectedLeftover(
    string Name, LeftoverReason Reason, CollectionOutcome Outcome, IReadOnlyList<string> Parts, string? Failure = null);

public enum CollectionOutcome
{
    Removed,

    /// <summary>A dry run only says so.</summary>
    WouldBeRemoved,

    /// <summary>A stage or another gc is at work on it, or it is in use again.</summary>
    Busy,

    Failed,
}

/// <summary>The result of a collection.</summary>
/// <param name="Leftovers">One by one, in the order they were looked at.</param>
/// <param name="Doubts">What was left alone although something is wrong with it, in sentences.</param>
/// <param name="InUse">How many jobs are in use.</param>
public sealed record Collection(IReadOnlyList<CollectedLeftover> Leftovers, IReadOnlyList<string> Doubts, int InUse)
{
    public int Removed => Leftovers.Count(leftover => leftover.Outcome == CollectionOutcome.Removed);

    public bool Failed => Leftovers.Any(leftover => leftover.Outcome == CollectionOutcome.Failed);
}

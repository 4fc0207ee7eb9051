namespace VmExecutor.RunnerSimulator;

/// <summary>A user and a group by number.</summary>
public sealed record FileOwner(uint UserId, uint GroupId);

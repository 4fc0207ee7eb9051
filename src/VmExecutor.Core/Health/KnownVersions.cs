namespace VmExecutor.Core.Health;

/// <summary>The driver's knowledge of a tool's versions.</summary>
/// <param name="OldestTried">With which the driver is tested; older ones were never tried.</param>
/// <param name="Losses">What a host goes without because its version is old, a part of a sentence each.</param>
public sealed record KnownVersions(Version OldestTried, IReadOnlyList<string> Losses);

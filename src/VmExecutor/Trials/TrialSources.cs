using VmExecutor.Core.Values;

namespace VmExecutor.Trials;

/// <summary>The sources that a job gets.</summary>
/// <param name="Repository">A git repository of the host.</param>
/// <param name="WithChanges">As its working tree is, with what is not committed; else its HEAD.</param>
internal sealed record TrialSources(AbsolutePath Repository, bool WithChanges = false);

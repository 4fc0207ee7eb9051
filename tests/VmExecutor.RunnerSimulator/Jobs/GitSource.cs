namespace VmExecutor.RunnerSimulator.Jobs;

/// <summary>The sources that get_sources fetches.</summary>
/// <param name="RepositoryUrl">As the guest reaches it; may carry the job's token.</param>
/// <param name="Sha">The commit to check out.</param>
/// <param name="Ref">The branch it is on.</param>
public sealed record GitSource(string RepositoryUrl, string Sha, string Ref = "main");

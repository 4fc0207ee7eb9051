namespace VmExecutor.Core.Health.Runner;

/// <summary>
/// A feature flag of GitLab Runner for a job, read as the runner reads it (its common/build_settings.go and common/build.go): first
/// <c>[runners.feature_flags]</c>, then the job's variable, then <c>environment</c> of config.toml. The last two count if they are a boolean.
/// </summary>
public static class FeatureFlag
{
    /// <param name="runner">Null: config.toml is not known.</param>
    /// <param name="name">Of the flag, whose default is off.</param>
    /// <param name="variable">The job's variable of that name; null: none.</param>
    public static bool IsOn(RunnerEntry? runner, string name, string? variable) =>
        runner?.FeatureFlags.TryGetValue(name, out var said) == true ? said : IsTrue(variable ?? runner?.Environment.GetValueOrDefault(name));

    /// <summary>The words that Go's strconv.ParseBool takes for true.</summary>
    private static bool IsTrue(string? value) => value is "1" or "t" or "T" or "true" or "TRUE" or "True";
}

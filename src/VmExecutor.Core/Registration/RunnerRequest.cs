namespace VmExecutor.Core.Registration;

/// <summary>Which runner is to be this driver's.</summary>
/// <param name="Name">Of the runner; null: the one that was registered for a custom executor and has no stages yet, or a new one.</param>
/// <param name="Url">Of GitLab, for a new one.</param>
/// <param name="Token">The runner's authentication token, for a new one. A secret.</param>
/// <param name="BuildsDir">In the guest.</param>
/// <param name="CacheDir">In the guest.</param>
public sealed record RunnerRequest(string? Name, string? Url, string? Token, string BuildsDir, string CacheDir)
{
    /// <summary>Never with the token in it.</summary>
    public override string ToString() => Name ?? "a runner";
}

/// <summary>What becomes of config.toml: lines that are added, and nothing else.</summary>
/// <param name="Text">The whole file from then on.</param>
/// <param name="Runner">Whose it is.</param>
/// <param name="Added">The new lines, each with the number it has then.</param>
public sealed record RunnerEdit(string Text, string Runner, IReadOnlyList<(int Number, string Line)> Added);

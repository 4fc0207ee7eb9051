namespace VmExecutor.Core.Registration;

/// <summary>The runner that is to run its jobs with this driver.</summary>
/// <param name="Name">Of the runner; null: the one that was registered for a custom executor and has no stages yet, or a new one.</param>
/// <param name="Url">Of GitLab, for a new one.</param>
/// <param name="Token">The runner's authentication token, for a new one. A secret.</param>
public sealed record RunnerRequest(string? Name, string? Url, string? Token)
{
    /// <summary>True when another driver's stages are replaced.</summary>
    public bool Replaces { get; init; }

    /// <summary>Of a new one.</summary>
    public string NewName => Name ?? "vm-executor";

    /// <summary>Never with the token in it.</summary>
    public override string ToString() => Name ?? "a runner";
}

/// <summary>A key of a runner in config.toml that makes its jobs this driver's.</summary>
/// <param name="Table">The table of <c>[[runners]]</c> that it belongs to; empty: the runner's own.</param>
/// <param name="Name">The key.</param>
/// <param name="Value">As TOML writes it.</param>
public sealed record RunnerKey(IReadOnlyList<string> Table, string Name, string Value)
{
    /// <summary>True when it names the program of a stage; two drivers cannot share these keys.</summary>
    public bool IsOfStage => Name.EndsWith("_exec", StringComparison.Ordinal) || Name.EndsWith("_args", StringComparison.Ordinal);

    public override string ToString() => $"{Name} = {Value}";
}

/// <summary>The edit of config.toml.</summary>
/// <param name="Text">The whole file from then on.</param>
/// <param name="Runner">The runner's name.</param>
/// <param name="Changes">What is new in it; without the token.</param>
public sealed record RunnerEdit(string Text, string Runner, IReadOnlyList<TomlChange> Changes);

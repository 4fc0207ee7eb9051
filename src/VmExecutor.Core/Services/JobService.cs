namespace VmExecutor.Core.Services;

/// <summary>One of a job's <c>services:</c>, as the trusted job response has it, with its variables expanded.</summary>
public sealed record JobService
{
    /// <summary>The container image as the job names it.</summary>
    public required string Image { get; init; }

    /// <summary>The names that the job gives it by <c>alias</c>.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Empty: the image's own.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    /// <summary>Empty: the image's own.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>The environment that its container gets: the job's public variables, and over them its own.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Tried one after the other; empty: the image of the VM has them.</summary>
    public IReadOnlyList<PullPolicy> PullPolicies { get; init; } = [];

    /// <summary>The account in the container; null: the image's own.</summary>
    public string? User { get; init; }

    /// <summary>For an image of several platforms; null: the guest's own.</summary>
    public string? Platform { get; init; }
}

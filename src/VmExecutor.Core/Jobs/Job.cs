namespace VmExecutor.Core.Jobs;

/// <summary>What the driver knows of a job, from the trusted job response; no secret of it is kept.</summary>
public sealed record Job
{
    public required JobKey Key { get; init; }

    public required long Id { get; init; }

    /// <summary>Scheme, host and port of the GitLab server.</summary>
    public required string Server { get; init; }

    /// <summary>Null when an older server does not tell.</summary>
    public string? ProjectPath { get; init; }

    /// <summary>What the job's <c>image:</c> asks for, variables expanded; null: the job names none.</summary>
    public string? Image { get; init; }

    /// <summary>Whether its branch or tag is protected; null when an older server does not tell.</summary>
    public bool? ProtectedRef { get; init; }

    /// <summary>The names of its <c>services:</c>, which nobody starts here.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>How large a VM it asks for.</summary>
    public JobSizes Sizes { get; init; } = new();

    /// <summary>How long the job may run altogether.</summary>
    public required TimeSpan Timeout { get; init; }
}

namespace VmExecutor.Core.Jobs;

/// <summary>The facts that the driver knows of a job, from the trusted job response; no secret of it is kept.</summary>
public sealed record Job
{
    public required JobKey Key { get; init; }

    public required long Id { get; init; }

    /// <summary>Scheme, host and port of the GitLab server.</summary>
    public required string Server { get; init; }

    /// <summary>The longest name that GitLab lets a job have, in characters.</summary>
    public const int LongestName = 255;

    /// <summary>Its name in the pipeline, as its author wrote it; null: the server does not tell.</summary>
    public string? Name { get; init; }

    /// <summary>Null when an older server does not tell.</summary>
    public string? ProjectPath { get; init; }

    /// <summary>The project's number; null: an older server does not tell.</summary>
    public long? ProjectId { get; init; }

    /// <summary>Its branch or tag, or the ref of its merge request; null: an older server does not tell.</summary>
    public string? Ref { get; init; }

    /// <summary>The image that the job's <c>image:</c> asks for, variables expanded; null: the job names none.</summary>
    public string? Image { get; init; }

    /// <summary>True when its branch or tag is protected; null: an older server does not tell.</summary>
    public bool? ProtectedRef { get; init; }

    /// <summary>The names of its <c>services:</c>.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>The kinds of its files that gitlab-runner moves in the guest.</summary>
    public JobTransfers Files { get; init; } = new(false, false, false);

    /// <summary>True when it has <c>run:</c> in place of a script: the runner makes <c>step-runner ci</c> of it.</summary>
    public bool HasSteps { get; init; }

    /// <summary>The sizes of the VM that it asks for.</summary>
    public RequestedSizes Sizes { get; init; } = new();

    /// <summary>The destinations that it wants to reach alone, as they were written (VM_EGRESS); null: all that its image allows.</summary>
    public string? Egress { get; init; }

    /// <summary>The time that the job may take altogether.</summary>
    public required TimeSpan Timeout { get; init; }
}

/// <summary>The kinds of files that a job leaves or wants, and that gitlab-runner moves in the guest.</summary>
/// <param name="Artifacts">It leaves artifacts.</param>
/// <param name="Cache">It wants a cache.</param>
/// <param name="Dependencies">It wants artifacts of earlier jobs.</param>
public sealed record JobTransfers(bool Artifacts, bool Cache, bool Dependencies)
{
    /// <summary><c>artifacts and a cache</c>; empty: it has none of them.</summary>
    public string Names
    {
        get
        {
            string[] names = [.. (Artifacts ? ["artifacts"] : Array.Empty<string>()), .. (Cache ? ["a cache"] : Array.Empty<string>()), .. (Dependencies ? ["artifacts of earlier jobs"] : Array.Empty<string>())];
            return names.Length < 2 ? string.Concat(names) : $"{string.Join(", ", names[..^1])} and {names[^1]}";
        }
    }
}

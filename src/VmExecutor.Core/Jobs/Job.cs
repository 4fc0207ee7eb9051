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

    /// <summary>Which files of it are moved by gitlab-runner in the guest.</summary>
    public JobTransfers Files { get; init; } = new(false, false, false);

    /// <summary>How large a VM it asks for.</summary>
    public RequestedSizes Sizes { get; init; } = new();

    /// <summary>How long the job may run altogether.</summary>
    public required TimeSpan Timeout { get; init; }
}

/// <summary>Which files a job leaves or wants, that gitlab-runner moves in the guest.</summary>
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

using System.Text.Json;
using System.Text.Json.Serialization;

namespace VmExecutor.Core.Jobs;

/// <summary>What the config stage prints on stdout (RUNNER-CONTRACT section 6).</summary>
public sealed record DriverAnswer
{
    public required DriverIdentity Driver { get; init; }

    public required string Hostname { get; init; }

    public required string BuildsDir { get; init; }

    public required string CacheDir { get; init; }

    /// <summary>False: each job has a VM of its own, so the runner need not add its concurrency number to paths.</summary>
    public bool BuildsDirIsShared { get; init; }

    /// <summary><c>bash</c>, <c>sh</c> or <c>pwsh</c>.</summary>
    public required string Shell { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, DriverAnswerContext.Default.DriverAnswer);
}

/// <summary>Shown by the runner as "Using Custom executor with driver NAME VERSION".</summary>
public sealed record DriverIdentity(string Name, string Version);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DriverAnswer))]
internal sealed partial class DriverAnswerContext : JsonSerializerContext;

using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.ProjectDisks;

/// <summary>
/// The record of a project's disk, <c>disk.json</c>: its owner and its current version. It is the pointer, too: it is exchanged as a whole by a rename, so the disk always has
/// a whole version, the old one or the new.
/// </summary>
public sealed partial record ProjectDiskState
{
    /// <summary>The name of the record.</summary>
    public const string RecordName = "disk.json";

    /// <summary>Far more than a disk ever has; nine digits fit a file's name.</summary>
    private const int MostVersions = 100_000_000;

    /// <summary>A random name for the disk and its versions. A disk that was removed and begun anew has another, so no job of the old one adds to it.</summary>
    public required string Lineage { get; init; }

    public required string Server { get; init; }

    public required long ProjectId { get; init; }

    /// <summary>The path of the project when a job used the disk last.</summary>
    public required string Project { get; init; }

    public required string Image { get; init; }

    public required string Scope { get; init; }

    public required string Part { get; init; }

    /// <summary>As jobs see it.</summary>
    public required long SizeBytes { get; init; }

    public required ProjectDiskVersion Version { get; init; }

    /// <summary>The time at which a job got it last.</summary>
    public required DateTimeOffset Used { get; init; }

    /// <summary>The owner; null: the record was changed.</summary>
    [JsonIgnore]
    public ProjectDiskOwner? Owner =>
        Enum.TryParse<ProjectDiskScope>(Scope, out var scope) && Enum.IsDefined(scope) ? new ProjectDiskOwner(Server, ProjectId, Project, Image, scope, Part) : null;

    /// <summary>The state of a disk that was just made, empty.</summary>
    public static ProjectDiskState Begin(ProjectDiskPlan plan, string lineage, long bytes, DateTimeOffset now) => new()
    {
        Lineage = lineage,
        Server = plan.Owner.Server,
        ProjectId = plan.Owner.ProjectId,
        Project = plan.Owner.Project,
        Image = plan.Owner.Image,
        Scope = plan.Owner.Scope.ToString(),
        Part = plan.Owner.Part,
        SizeBytes = plan.Size.Bytes,
        Version = new ProjectDiskVersion(0, now, "", [ProjectDiskVersion.FileOf(lineage, 0)], bytes),
        Used = now,
    };

    public string ToJson() => JsonSerializer.Serialize(this, ProjectDiskContext.Default.ProjectDiskState);

    /// <summary>Null: damaged, or not of this driver. The names of files in it are such as the driver gives them, so that none leads elsewhere.</summary>
    public static ProjectDiskState? TryParse(string json) =>
        RecordJson.TryParse(json, ProjectDiskContext.Default.ProjectDiskState) is { SizeBytes: > 0, Version: { Number: >= 0 and <= MostVersions, Files.Count: 1 or 2 } version } state && version.Files.All(IsFile)
            ? state
            : null;

    /// <summary>True for the name of a version's file.</summary>
    public static bool IsFile(string name) => FileName().IsMatch(name);

    /// <summary>True for the name under which a record is written before it takes the place of the old one.</summary>
    public static bool IsHalfRecord(string name) => HalfRecord().IsMatch(name);

    /// <summary>True for the name under which a version's file comes from another file system.</summary>
    public static bool IsHalfFile(string name) => HalfFile().IsMatch(name);

    [GeneratedRegex(@"\Av[0-9]{1,9}-[0-9a-f]{8}\.qcow2\.[0-9a-f]{32}\.tmp\z", RegexOptions.CultureInvariant)]
    private static partial Regex HalfFile();

    [GeneratedRegex(@"\Adisk\.json\.[0-9a-f]{32}\.tmp\z", RegexOptions.CultureInvariant)]
    private static partial Regex HalfRecord();

    [GeneratedRegex(@"\Av[0-9]{1,9}-[0-9a-f]{8}\.qcow2\z", RegexOptions.CultureInvariant)]
    private static partial Regex FileName();
}

/// <summary>A version of a project's disk. Its files never change.</summary>
/// <param name="Number">0: empty, as it was made.</param>
/// <param name="Made">When.</param>
/// <param name="Job">The job whose changes made it; empty: none's.</param>
/// <param name="Files">One file, or a file and the overlay on it.</param>
/// <param name="Bytes">On the host's disk.</param>
public sealed record ProjectDiskVersion(int Number, DateTimeOffset Made, string Job, IReadOnlyList<string> Files, long Bytes)
{
    /// <summary>A record that was changed may lack some.</summary>
    public IReadOnlyList<string> Files { get; init; } = Files ?? [];

    /// <summary>The name of the file that a version adds.</summary>
    public static string FileOf(string lineage, int number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"v{number}-{lineage}.qcow2");

    /// <summary><c>version 12 of 2026-11-26 10:04</c>.</summary>
    [JsonIgnore]
    public string Text => Number == 0 ? "new and empty" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"version {Number} of {Made.UtcDateTime:yyyy-MM-dd HH:mm}");
}

/// <summary>The part of a job's record about its disk.</summary>
/// <param name="Disk">The disk's key.</param>
/// <param name="Lineage">The disk's, when the job got it.</param>
/// <param name="Version">The number of the version that it stands on.</param>
/// <param name="Files">The version's files.</param>
/// <param name="Refusal">The reason why its changes do not stay, known from the beginning; null: they stay if it succeeds.</param>
/// <param name="IsMounted">True: the guest has mounted it.</param>
public sealed record ProjectDiskUse(string Disk, string Lineage, int Version, IReadOnlyList<string> Files, string? Refusal, bool IsMounted)
{
    /// <summary>True: a program of the guest has mounted it, and the guest unmounts it when it shuts down.</summary>
    public bool IsMountedByGuest { get; init; }

    /// <summary>The directories of checkouts and of caches in the guest.</summary>
    public string BuildsDir { get => field ?? ""; init; }

    /// <inheritdoc cref="BuildsDir"/>
    public string CacheDir { get => field ?? ""; init; }

    /// <summary>A record that was changed may lack some.</summary>
    public IReadOnlyList<string> Files { get; init; } = [.. (Files ?? []).Where(ProjectDiskState.IsFile)];
}

/// <summary>The line of the ledger about a job's disk.</summary>
/// <param name="Disk">The disk's key.</param>
/// <param name="Version">The version that the job got; 0: an empty disk.</param>
/// <param name="Promoted">The version that its changes have become; null: none.</param>
/// <param name="Refused">The reason for that in a word.</param>
/// <param name="Bytes">Of the new version on the host's disk.</param>
public sealed record ProjectDiskNote(string Disk, int Version, int? Promoted, string? Refused, long? Bytes)
{
    /// <summary>The seconds until the guest had unmounted it; null: it was not asked to.</summary>
    public double? UnmountSeconds { get; init; }

    /// <summary>The seconds that the look at it and the new version took; null: there is no new version.</summary>
    public double? PromoteSeconds { get; init; }

    /// <summary>Of a job whose cleanup did not come, or that had no right to write.</summary>
    public static ProjectDiskNote? Of(ProjectDiskUse? use) =>
        use is null ? null : new(use.Disk, use.Version, null, use.Refusal ?? (use.IsMounted ? ProjectDiskRefusals.NoCleanup : ProjectDiskRefusals.NotMounted), null);
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ProjectDiskState))]
internal sealed partial class ProjectDiskContext : JsonSerializerContext;

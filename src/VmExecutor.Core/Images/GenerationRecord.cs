using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images;

/// <summary>The record of a generation, <c>image.json</c> beside its disks. It holds no secret.</summary>
public sealed record GenerationRecord
{
    public required string Image { get; init; }

    /// <summary>From 1, never used twice for one image while a later one is there.</summary>
    public required int Number { get; init; }

    public required DateTimeOffset Published { get; init; }

    /// <summary>The driver's version that published it.</summary>
    public required string Driver { get; init; }

    /// <summary><c>domain</c>, <c>file</c>, <c>url</c>, <c>build</c> or <c>oci</c>.</summary>
    public required string SourceKind { get; init; }

    /// <summary>The domain's name, the file, the address or the recipe.</summary>
    public required string Source { get; init; }

    /// <summary>
    /// A fingerprint of the source. It changes when publishing again would give something else; <c>publish --if-changed</c> compares it.
    /// </summary>
    public required string SourceFingerprint { get; init; }

    /// <summary>The digest of the registry's manifest that it was made of, <c>sha256:…</c>; null: of another source.</summary>
    public string? SourceDigest { get; init; }

    /// <summary>True when the disks are the source's own and not a copy.</summary>
    public bool InPlace { get; init; }

    public required IReadOnlyList<GenerationFile> Files { get; init; }

    /// <summary>The <c>tools</c> that were put into it.</summary>
    public IReadOnlyList<GenerationTool> Tools { get => field ?? []; init; }

    /// <summary>The probe's findings; null until it has passed.</summary>
    public ProbeRecord? Probe { get; init; }

    /// <summary>Indented, for administrators who look.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, GenerationRecordContext.Default.GenerationRecord);

    /// <summary>Null when the text is no such record (half written, of another version, or naming what cannot be a file).</summary>
    public static GenerationRecord? TryParse(string json) =>
        RecordJson.TryParse(json, GenerationRecordContext.Default.GenerationRecord) is { } record && record.IsUsable() ? record.WithoutSecrets() : null;

    /// <summary>The record without the secrets of a download's address, which an earlier driver wrote as a whole.</summary>
    private GenerationRecord WithoutSecrets() => SourceKind == "url" ? this with { Source = DownloadAddress.Redact(Source) } : this;

    /// <summary>Checks the things that JSON's reader does not: the meaning of numbers and names.</summary>
    private bool IsUsable() => Number > 0 && HaveRoles(Files) && Files.All(file => file.VirtualBytes is null or >= 0 && (AbsolutePath.TryParse(file.Path, out _) || IsPlainName(file.Path)));

    /// <summary>True when each file has a role of its own.</summary>
    internal static bool HaveRoles(IReadOnlyList<GenerationFile> files) => files.All(file => file.Role.Length > 0) && files.DistinctBy(file => file.Role).Count() == files.Count;

    internal static bool IsPlainName(string name) =>
        name is not ("" or "." or "..") && !name.Contains('/', StringComparison.Ordinal) && AbsolutePath.TryParse($"/{name}", out _);
}

/// <summary>One file of a generation.</summary>
/// <param name="Role">What it is: a disk's target (<c>vda</c>), <c>kernel</c>, <c>initrd</c> or <c>nvram</c>.</param>
/// <param name="Path">Its name in the generation's directory; absolute when it was published in place.</param>
/// <param name="Format">QEMU's name of a disk's format; null: no disk.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="DiskBytes">What it took on the disk when it was published.</param>
/// <param name="Sha256">Of its content; null: published in place, and too large to read.</param>
/// <param name="Inode">Its identity on its file system.</param>
/// <param name="ModifiedNanoseconds">Last change, since 1970.</param>
public sealed record GenerationFile(
    string Role, string Path, string? Format, long Bytes, long DiskBytes, string? Sha256, ulong Inode, long ModifiedNanoseconds)
{
    /// <summary>
    /// The size that the guest sees of a disk that was copied into one file, in bytes; null: no disk, or published in place.
    /// </summary>
    public long? VirtualBytes { get; init; }
}

/// <summary>A file or directory of the host that was put into the guest's disk when it was published.</summary>
/// <param name="Target">Where it lies in the guest.</param>
/// <param name="Fingerprint">Of what it was on the host then.</param>
public sealed record GenerationTool(string Target, string Fingerprint);

/// <summary>The findings of a probe job in a clone.</summary>
/// <param name="Passed">The time of the probe.</param>
/// <param name="BootSeconds">From the domain's start to the first bytes of its ssh server.</param>
/// <param name="HostKeys">The guest's public host keys, pinned from then on.</param>
public sealed record ProbeRecord(DateTimeOffset Passed, double BootSeconds, IReadOnlyList<string> HostKeys)
{
    /// <summary>
    /// True when its shell reads the runner's scripts only with <see cref="Guests.RunnerQuoting.PosixFlag"/>; null: an older driver did
    /// not ask.
    /// </summary>
    public bool? NeedsPosixQuoting { get; init; }

    /// <summary>True when it has gitlab-runner, which artifacts and caches need; null: not known.</summary>
    public bool? HasRunner { get; init; }

    /// <summary>True when it has step-runner, which jobs with <c>run:</c> need; null: not known.</summary>
    public bool? HasStepRunner { get; init; }
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(GenerationRecord))]
internal sealed partial class GenerationRecordContext : JsonSerializerContext;

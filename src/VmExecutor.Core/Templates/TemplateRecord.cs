using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Templates;

/// <summary>The record that <c>image warm</c> leaves beside a template's files, <c>template.json</c>. It holds no secret.</summary>
public sealed record TemplateRecord
{
    public required TemplateShape Shape { get; init; }

    public required DateTimeOffset Made { get; init; }

    /// <summary>The driver's version that made it.</summary>
    public required string Driver { get; init; }

    /// <summary>Overlays (role <c>vda</c>, …), <c>ram</c>, <c>state</c>, and where the machine has them <c>nvram</c>, <c>seed</c>, <c>login</c>.</summary>
    public required IReadOnlyList<GenerationFile> Files { get; init; }

    /// <summary>The guest's public host keys, which all its clones have.</summary>
    public required IReadOnlyList<string> HostKeys { get; init; }

    /// <summary>The account's login shell, as <c>GuestRecord</c> has it.</summary>
    public required string LoginShell { get; init; }

    /// <summary>
    /// True: clones open the memory read-only, since the QEMU that was frozen can, and no user may write to the file. Templates of older drivers do not say.
    /// </summary>
    public bool IsMemoryReadOnly { get; init; }

    /// <summary>Of the boot that was frozen.</summary>
    public string? BootId { get; init; }

    /// <summary>On a libvirt network: the network card, as XML, that is plugged into each clone, without what is the clone's own; null: the template kept its card.</summary>
    public string? CardXml { get; init; }

    /// <summary>The public key of the template's own login; null: the image's key is baked in.</summary>
    public string? LoginKey { get; init; }

    [JsonIgnore]
    public LoginShell ShellOfLogin => LoginShellWord.Parse(LoginShell);

    public string ToJson() => JsonSerializer.Serialize(this, TemplateRecordContext.Default.TemplateRecord);

    /// <summary>Null when the text is no such record (half written, or of another version).</summary>
    public static TemplateRecord? TryParse(string json) =>
        RecordJson.TryParse(json, TemplateRecordContext.Default.TemplateRecord) is { } record && record.IsUsable() ? record : null;

    private bool IsUsable() => Shape is { MemoryBytes: >= 0, DiskBytes: >= 0 } && GenerationRecord.HaveRoles(Files) && Files.All(file => GenerationRecord.IsPlainName(file.Path)) && HostKeys.All(key => HostKey.TryParse(key, out _))
        && (LoginKey is null || HostKey.TryParse(LoginKey, out _));
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TemplateRecord))]
internal sealed partial class TemplateRecordContext : JsonSerializerContext;

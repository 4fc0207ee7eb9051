using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images;

/// <summary>The last publishing of an image, where it failed: <c>failed.json</c> in the image's directory, until one succeeds.</summary>
/// <param name="Failed">When it failed.</param>
/// <param name="Code">The error code: <c>VMX1216</c>.</param>
/// <param name="Digest">Of the registry's manifest, <c>sha256:…</c>; null: another source, or the registry did not give it.</param>
public sealed partial record PublishFailure(DateTimeOffset Failed, string Code, string? Digest)
{
    public string ToJson() => JsonSerializer.Serialize(this, PublishFailureContext.Default.PublishFailure);

    /// <summary>Null: the text is no such record.</summary>
    public static PublishFailure? TryParse(string json) =>
        RecordJson.TryParse(json, PublishFailureContext.Default.PublishFailure) is { } failure && CodeForm().IsMatch(failure.Code) && (failure.Digest is null || DigestForm().IsMatch(failure.Digest))
            ? failure
            : null;

    [GeneratedRegex(@"\AVMX[0-9]{4}\z")]
    private static partial Regex CodeForm();

    [GeneratedRegex(@"\Asha256:[0-9a-f]{64}\z")]
    private static partial Regex DigestForm();
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PublishFailure))]
internal sealed partial class PublishFailureContext : JsonSerializerContext;

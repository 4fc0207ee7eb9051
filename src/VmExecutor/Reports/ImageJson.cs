using System.Text.Json;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Publishing;

namespace VmExecutor.Reports;

/// <summary><c>image list --json</c> and <c>image show --json</c>: the same, of all images or of one.</summary>
internal static class ImageJson
{
    public static string Write(IReadOnlyList<ListedImage> images) => JsonText.Write(json =>
    {
        json.WriteStartArray("images");
        foreach (var image in images)
        {
            json.WriteStartObject();
            json.WriteString("image", image.Name.Value);
            json.WriteString("state", ImageReport.State(image));
            json.WriteTexts("patterns", image.Definition?.Patterns ?? []);
            json.WriteString("source_kind", image.Definition is { } definition ? PublishSource.Describe(definition.Source).Kind : null);
            json.WriteNumber("current", image.Current);
            json.WriteNumber("clones_of_source", image.ClonesOfSource);
            json.WriteBoolean("warm_enabled", image.Definition?.Warm.Enabled ?? false);
            WarmJson.WriteStarts(json, image.Starts);
            json.WriteStartArray("generations");
            foreach (var generation in image.Generations)
            {
                Write(json, generation, image.Hypervisor);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static void Write(Utf8JsonWriter json, ListedGeneration listed, HypervisorVersion? hypervisor)
    {
        var record = listed.Generation.Record;
        json.WriteStartObject();
        json.WriteNumber("generation", record.Number);
        json.WriteString("published", record.Published.ToString("O", null));
        json.WriteString("source_kind", record.SourceKind);
        json.WriteString("source", record.Source);
        json.WriteString("digest", record.SourceDigest);
        json.WriteBoolean("in_place", record.InPlace);
        json.WriteString("directory", listed.Generation.Directory.Value);
        json.WriteNumber("clones", listed.Clones);
        json.WriteNumber("disk_bytes", listed.DiskBytes);
        json.WriteNumber("boot_seconds", record.Probe?.BootSeconds);
        json.WriteTexts("host_keys", record.Probe?.HostKeys ?? []);
        json.WriteTexts("damage", listed.Damage);
        json.WriteStartArray("files");
        foreach (var file in record.Files)
        {
            json.WriteStartObject();
            json.WriteString("role", file.Role);
            json.WriteString("path", listed.Generation.PathOf(file).Value);
            json.WriteString("format", file.Format);
            json.WriteNumber("bytes", file.Bytes);
            json.WriteString("sha256", file.Sha256);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WarmJson.WriteTemplates(json, listed, hypervisor);
        json.WriteEndObject();
    }
}

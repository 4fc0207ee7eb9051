using System.Text.Json;
using VmExecutor.Core.Observing;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;

namespace VmExecutor.Reports;

/// <summary>Writes the images' templates and the starts of their VMs as JSON.</summary>
internal static class WarmJson
{
    public static void WriteStarts(Utf8JsonWriter json, StartCounts? starts)
    {
        if (starts is null)
        {
            json.WriteNull("starts");
            return;
        }

        json.WriteStartObject("starts");
        json.WriteNumber("warm", starts.Warm);
        json.WriteNumber("cold", starts.Cold);
        json.WriteStartObject("cold_reasons");
        foreach (var (word, count) in starts.Reasons)
        {
            json.WriteNumber(word, count);
        }

        json.WriteEndObject();
        json.WriteString("since", starts.Since?.ToString("O", null));
        json.WriteEndObject();
    }

    /// <param name="json">Within a generation.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="hypervisor">The versions of libvirt and QEMU here now; null: not known, so a changed version is no trouble.</param>
    public static void WriteTemplates(Utf8JsonWriter json, ListedGeneration generation, HypervisorVersion? hypervisor)
    {
        json.WriteStartArray("templates");
        foreach (var listed in generation.Templates)
        {
            var (record, shape) = (listed.Template.Record, listed.Template.Record.Shape);
            json.WriteStartObject();
            json.WriteString("directory", listed.Template.Directory.Value);
            json.WriteNumber("cpus", shape.Cpus);
            json.WriteNumber("memory_bytes", shape.MemoryBytes);
            json.WriteNumber("disk_size_bytes", shape.DiskBytes);
            json.WriteString("accelerator", shape.Accelerator);
            json.WriteString("machine", shape.Machine);
            json.WriteString("qemu", shape.Qemu);
            json.WriteString("libvirt", shape.Libvirt);
            json.WriteString("made", record.Made.ToString("O", null));
            json.WriteString("driver", record.Driver);
            json.WriteNumber("disk_bytes", listed.DiskBytes);
            json.WriteTexts("troubles", listed.Troubles(hypervisor));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

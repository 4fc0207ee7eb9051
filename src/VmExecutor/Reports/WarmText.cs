using System.Globalization;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;

namespace VmExecutor.Reports;

/// <summary>Describes an image's templates for <c>image list</c> and <c>image show</c>.</summary>
internal static class WarmText
{
    /// <summary>The column of the list; null: there is nothing to say.</summary>
    public static string? Column(ListedImage image, DateTimeOffset now)
    {
        var templates = image.CurrentGeneration?.Templates ?? [];
        if (image.Definition is not { Warm.Enabled: true })
        {
            return templates.Count > 0 ? $"off ({Quantity.Of(templates.Count, "template")}, {ImageReport.Size(templates.Sum(one => one.DiskBytes))})" : image.Definition is null ? null : "off";
        }

        if (image.CurrentGeneration is null)
        {
            return null;
        }

        if (templates.Count == 0)
        {
            return $"none: run '{DriverVersion.Name} image warm {image.Name}'";
        }

        var troubles = templates.Select(one => Trouble(one, image.Hypervisor)).OfType<string>().ToList();
        return troubles.Count == 0 ? templates.Count == 1 ? One(templates[0], now) : Quantity.Of(templates.Count, "template")
            : troubles.Count == templates.Count ? $"UNUSABLE: {troubles[0]}"
            : $"{troubles.Count} of {Quantity.Of(templates.Count, "template")} UNUSABLE: {troubles[0]}";
    }

    /// <summary>The lines of one generation.</summary>
    public static IEnumerable<string> Lines(ListedGeneration generation, ListedImage image, DateTimeOffset now)
    {
        var advice = generation.Generation.Number == image.Current ? $": run '{DriverVersion.Name} image warm {image.Name}'" : "";
        foreach (var listed in generation.Templates)
        {
            var (record, shape) = (listed.Template.Record, listed.Template.Record.Shape);
            yield return $"  template     {One(listed, now)}, {shape.Accelerator}, {shape.Machine}, QEMU {shape.Qemu}, libvirt {shape.Libvirt}";
            yield return $"               made {record.Made.ToLocalTime():yyyy-MM-dd HH:mm} by {record.Driver} in {listed.Template.Directory}";
            foreach (var trouble in listed.Troubles(image.Hypervisor))
            {
                yield return $"  UNUSABLE     {trouble}{advice}";
            }
        }
    }

    public static string Sizes(TemplateShape shape) =>
        string.Create(CultureInfo.InvariantCulture, $"{Quantity.Of(shape.Cpus, "CPU")}, {new ByteSize(shape.MemoryBytes)}");

    /// <summary>The first obstacle; a whole path would widen the table beyond reading.</summary>
    private static string? Trouble(ListedTemplate listed, HypervisorVersion? now) =>
        listed.Troubles(now) is [var first, ..] ? first.Replace($"{listed.Template.Directory}/", "", StringComparison.Ordinal) : null;

    private static string One(ListedTemplate listed, DateTimeOffset now) =>
        $"{Sizes(listed.Template.Record.Shape)} ({ImageReport.Age(now - listed.Template.Record.Made)}) {ImageReport.Size(listed.DiskBytes)}";
}

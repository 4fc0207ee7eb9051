using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>What VMs of an image take of the host's memory.</summary>
/// <param name="Image">Which.</param>
/// <param name="Bytes">Without a job's own choice; null: not known.</param>
/// <param name="MostBytes">What a job may choose; null: no more than that.</param>
/// <param name="File">Where the image says it.</param>
public sealed record ImageMemory(ImageName Image, long? Bytes, long? MostBytes, AbsolutePath File);

/// <summary>Whether the images' VMs fit into the host's memory, one by one and as many as the limits allow.</summary>
public static class MemoryRules
{
    public static IReadOnlyList<Finding> Decide(HostResources host, LimitSettings limits, IReadOnlyList<ImageMemory> images, AbsolutePath settingsFile)
    {
        var room = host.MemoryTotalBytes - limits.MemoryHeadroom.Bytes;
        List<Finding> findings =
        [
            .. images.Where(image => image.Bytes > room).Select(image => Checks.Memory.Problem(
                $"image '{image.Image}' takes {RoughSize.Of(image.Bytes!.Value)}, and the host has {RoughSize.Of(room)} for VMs: its jobs fail (VMX1511)",
                $"memory: {RoughSize.Of(Whole(room))}   # in {image.File}; no more than this")),
            .. images.Where(image => image.MostBytes > room && !(image.Bytes > room)).Select(image => Checks.Memory.Warning(
                $"a job of image '{image.Image}' may choose {RoughSize.Of(image.MostBytes!.Value)}, and the host has {RoughSize.Of(room)} for VMs: such a job fails (VMX1511)",
                $"sizes: {{max_memory: {RoughSize.Of(Whole(room))}}}   # in {image.File}")),
        ];
        var largest = images.Where(image => image.Bytes <= room).MaxBy(image => image.Bytes);
        if (largest?.Bytes is > 0 and var bytes && limits.MaxVms is { } most && most * bytes > room)
        {
            findings.Add(Checks.Memory.Warning(
                $"limits.max_vms is {most}, but only {room / bytes} VMs of image '{largest.Image}' ({RoughSize.Of(bytes)} each) fit into {RoughSize.Of(room)}: the others wait",
                $"limits: {{max_vms: {Math.Max(1, room / bytes)}}}   # in {settingsFile}"));
        }

        var free = host.MemoryAvailableBytes - limits.MemoryHeadroom.Bytes;
        if (largest?.Bytes > free)
        {
            findings.Add(Checks.Memory.Warning(
                $"a VM of image '{largest.Image}' takes {RoughSize.Of(largest.Bytes.Value)}, and {RoughSize.Of(free)} are free now: the next job waits",
                "ps -eo rss,pid,user,args --sort=-rss | head   # what has the memory"));
        }

        return findings.Count > 0 ? findings :
        [
            Checks.Memory.Ok(
                $"{RoughSize.Of(host.MemoryTotalBytes)}, of which {RoughSize.Of(host.MemoryAvailableBytes)} are free and {RoughSize.Of(limits.MemoryHeadroom.Bytes)} are the host's own"
                + (largest?.Bytes is > 0 and var each ? $"; the largest image takes {RoughSize.Of(each)}" : "")),
        ];
    }

    /// <summary>A size as the YAML takes it: whole 64 MiB.</summary>
    private static long Whole(long bytes) => Math.Max(1, bytes >> 26) << 26;
}

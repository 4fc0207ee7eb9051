using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images.Registries;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images.Registries;

/// <summary>Looks at a disk that came from a registry before any tool opens it.</summary>
internal static class DiskCheck
{
    /// <summary>Its format, by its own mark.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="what">For the message: <c>its /disk/disk.img</c>.</param>
    /// <exception cref="InvalidDataException">It needs another file; the message is the end of a sentence.</exception>
    public static DiskFormat FormatOf(AbsolutePath disk, string what)
    {
        using var file = HostFile.OpenRead(disk.Value);
        var head = new byte[Qcow2Head.Length];
        var read = head.AsSpan(0, file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false));
        var format = Qcow2Head.FormatOf(read);
        return format == DiskFormat.Qcow2 && Qcow2Head.WhyNotAlone(read) is { } trouble ? throw new InvalidDataException($"{what} {trouble}") : format;
    }
}

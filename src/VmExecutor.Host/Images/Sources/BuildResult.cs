using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images.Sources;

/// <summary>The files that a recipe has left.</summary>
internal static class BuildResult
{
    /// <summary>Null: no disk.</summary>
    /// <exception cref="HostFileException">It is there, but cannot be read.</exception>
    public static SourceFiles? Read(AbsolutePath directory)
    {
        foreach (var (name, format) in (ReadOnlySpan<(string, DiskFormat)>)[("disk.qcow2", DiskFormat.Qcow2), ("disk.raw", DiskFormat.Raw)])
        {
            if (HostFile.Exists(directory.Child(name).Value))
            {
                return new SourceFiles(directory.Child(name), format, Kernel(directory));
            }
        }

        return null;
    }

    private static DirectKernelBoot? Kernel(AbsolutePath directory)
    {
        var (kernel, initrd, cmdline) = (directory.Child("vmlinuz"), directory.Child("initrd.img"), directory.Child("cmdline"));
        if (!HostFile.Exists(kernel.Value))
        {
            return null;
        }

        try
        {
            return new DirectKernelBoot(
                kernel,
                HostFile.Exists(initrd.Value) ? initrd : null,
                HostFile.Exists(cmdline.Value) ? PlainText.OneLine(HostFile.ReadAllText(cmdline.Value).Trim(), 2000) : "");
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"what the recipe left in {directory} cannot be read", e);
        }
    }
}

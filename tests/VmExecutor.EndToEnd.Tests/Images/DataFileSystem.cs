using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Images;

/// <summary>The second disk of a source: an ext4 with one file, <c>hello</c>, which the test guest mounts at <c>/mnt/data</c>.</summary>
internal static class DataFileSystem
{
    /// <summary>Makes the file, or replaces what is in it; nothing is mounted.</summary>
    public static async Task WriteAsync(string disk, string hello, string format = "qcow2")
    {
        var (raw, content) = ($"{disk}.ext4", Directory.CreateDirectory($"{disk}.content").FullName);
        await File.WriteAllTextAsync(Path.Combine(content, "hello"), $"{hello}\n");
        await HostCommand.OutputAsync("mke2fs", "-q", "-t", "ext4", "-d", content, raw, "32M");
        await HostCommand.OutputAsync("qemu-img", "convert", "-f", "raw", "-O", format, raw, disk);
        File.Delete(raw);
        Directory.Delete(content, recursive: true);
    }
}

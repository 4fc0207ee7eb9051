using System.Formats.Tar;
using System.Text;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Fuzz.Tests.Engine;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;

namespace VmExecutor.Fuzz.Tests.Readers;

/// <summary>The readers of other files: an archive from a guest, disks, keys, and what qemu-img says of a disk.</summary>
internal static class FileReaders
{
    private static readonly AbsolutePath Disk = new("/base/disk.qcow2");

    private const string Info =
        """
        [{"virtual-size":1073741824,"filename":"/base/disk.qcow2","cluster-size":65536,"format":"qcow2","actual-size":200704,"format-specific":{"type":"qcow2","data":{"compat":"1.1","corrupt":false}},
        "full-backing-filename":"/base/older.raw","backing-filename":"older.raw","dirty-flag":false},{"virtual-size":1073741824,"filename":"/base/older.raw","format":"raw","dirty-flag":false}]
        """;

    public static IReadOnlyList<Reader> All { get; } =
    [
        Reader.OfBytes("artifact-archive", "the guest, in which the job may be root", Grammar.Bytes, [Archive()], ReadArchive, "Host/Files/TarEntries.cs", "Host/Files/TarFiles.cs") with
        {
            Words = ["0000644", "ustar", "path=../../etc/passwd\n", "30 path=", "././@LongLink", "77777777777", "5", "x", "L", "2", "1"],
            Longest = 1 << 18,
        },
        Reader.OfText(
            "qemu-img", "qemu-img, of a disk that others made", Grammar.Json, [Info], text => _ = QemuImgInfo.Parse(text, Disk), "Host/Disks/QemuImgInfo.cs") with
        {
            Refuses = [ErrorCodes.BaseDiskUnusable, ErrorCodes.BaseDiskUnreadable],
        },
        Reader.OfBytes(
            "disk-content", "whoever made the disk", Grammar.Bytes, [[.. "QFI\u00fb"u8, 0, 0, 0, 3, .. new byte[600]], [.. "# Disk DescriptorFile\nversion=1\n"u8, .. new byte[600]], [0x1f, 0x8b, 8, 0, 0, 0, .. new byte[600]]],
            ReadDisk, "Core/Images/DiskContent.cs"),
        Reader.OfBytes(
            "key-file", "the administrator", Grammar.Lines,
            [.. new[] { "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQAAACBk\n-----END OPENSSH PRIVATE KEY-----\n", "ssh-ed25519 AAAAC3NzaC1lZDI1 a@b\n" }.Select(Encoding.UTF8.GetBytes)],
            bytes => _ = KeyFile.Trouble(bytes, new AbsolutePath("/key.pub")), "Core/Guests/KeyFile.cs") with
        {
            Longest = KeyFile.MostBytes,
        },
        Reader.OfBytes(
            "project-disk", "the guest and its QEMU, which have it open for writing", Grammar.Bytes, [new byte[FileSystemState.Length], [(byte)'Q', (byte)'F', (byte)'I', 0xfb, 0, 0, 0, 3, .. new byte[600]]],
            bytes => _ = (FileSystemState.FindRefusal(bytes, 1 << 30), OverlayHead.WhyNotAsMade(bytes, "../../disks/a/b", 1 << 30)),
            "Core/ProjectDisks/FileSystemState.cs", "Core/ProjectDisks/OverlayHead.cs"),
    ];

    private static byte[] Archive()
    {
        using var memory = new MemoryStream();
        using (var writer = new TarWriter(memory, TarEntryFormat.Pax, leaveOpen: true))
        {
            writer.WriteEntry(new PaxTarEntry(System.Formats.Tar.TarEntryType.RegularFile, "a") { DataStream = new MemoryStream("content"u8.ToArray()) });
            writer.WriteEntry(new PaxTarEntry(System.Formats.Tar.TarEntryType.SymbolicLink, "b") { LinkName = "/etc/passwd" });
            writer.WriteEntry(new PaxTarEntry(System.Formats.Tar.TarEntryType.HardLink, "c") { LinkName = "a" });
            writer.WriteEntry(new PaxTarEntry(System.Formats.Tar.TarEntryType.RegularFile, new string('d', 200)) { DataStream = new MemoryStream(new byte[600]) });
        }

        return memory.ToArray();
    }

    private static void ReadArchive(byte[] bytes)
    {
        var directory = new AbsolutePath(Path.Combine(Path.GetTempPath(), $"vm-executor-fuzz-tar-{Environment.ProcessId}"));
        try
        {
            Directory.CreateDirectory(directory.Value);
            using var stream = new MemoryStream(bytes);
            _ = TarFiles.Unpack(stream, directory, new HashSet<string> { "a", "b", "c", new('d', 200) }, 1 << 20);
        }
        catch (Exception e) when (e is InvalidDataException || HostFileException.Explains(e))
        {
            // Told as VMX1943 by the caller.
        }
        finally
        {
            Directory.Delete(directory.Value, recursive: true);
        }
    }

    private static void ReadDisk(byte[] bytes)
    {
        var head = bytes.AsSpan(0, Math.Min(bytes.Length, DiskContent.HeadBytes));
        var content = DiskContent.Of(head, bytes.AsSpan(Math.Max(0, bytes.Length - DiskContent.TailBytes)));
        _ = (content.TroubleAs("raw", Disk, "format"), content.TroubleAs("qcow2", Disk, "format"), content.TroubleAs(null, Disk, "format"), PackedFormats.Of(head));
    }
}

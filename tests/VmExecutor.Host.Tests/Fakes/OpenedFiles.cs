using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using FluentAssertions;
using Microsoft.Win32.SafeHandles;

namespace VmExecutor.Host.Tests.Fakes;

/// <summary>Counts the files and directories that any process opens in a directory and all below it, by the kernel's own word (inotify(7)).</summary>
internal sealed partial class OpenedFiles : IDisposable
{
    private const int NonBlocking = 0x800; // IN_NONBLOCK, O_NONBLOCK
    private const uint Open = 0x20; // IN_OPEN
    private const uint Overflow = 0x4000; // IN_Q_OVERFLOW
    private const int HeadLength = 16;

    private readonly SafeFileHandle _events;
    private readonly Dictionary<int, string> _places = [];

    /// <param name="directory">What is made in it later is seen, too, but not what is opened below a directory that is made later.</param>
    public OpenedFiles(string directory)
    {
        var file = Begin(NonBlocking);
        file.Should().BeGreaterThanOrEqualTo(0, "inotify must be there");
        _events = new SafeFileHandle(file, ownsHandle: true);
        foreach (var place in Directory.GetDirectories(directory, "*", SearchOption.AllDirectories).Prepend(directory))
        {
            var number = Watch(_events, place, Open);
            number.Should().BeGreaterThan(0, "inotify must take {0}", place);
            _places[number] = place;
        }
    }

    /// <summary>The paths that were opened since the last call, one for each time.</summary>
    public IReadOnlyList<string> Take()
    {
        var opened = new List<string>();
        var buffer = new byte[1 << 16];
        for (var length = Read(_events, buffer, buffer.Length); length > 0; length = Read(_events, buffer, buffer.Length))
        {
            for (var at = 0; at < length;)
            {
                var head = buffer.AsSpan(at, HeadLength);
                (BinaryPrimitives.ReadUInt32LittleEndian(head[4..]) & Overflow).Should().Be(0, "no event may be lost");
                var name = BinaryPrimitives.ReadInt32LittleEndian(head[12..]);
                opened.Add(Path.Combine(_places[BinaryPrimitives.ReadInt32LittleEndian(head)], Encoding.UTF8.GetString(buffer, at + HeadLength, name).TrimEnd('\0')));
                at += HeadLength + name;
            }
        }

        return opened;
    }

    public void Dispose() => _events.Dispose();

    [LibraryImport("libc", EntryPoint = "inotify_init1")]
    private static partial int Begin(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Watch(SafeFileHandle events, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(SafeFileHandle events, [Out] byte[] buffer, nint length);
}

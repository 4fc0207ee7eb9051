using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>The kind of file that a directory itself tells of a name (d_type of readdir(3)).</summary>
internal enum EntryKind
{
    Unknown,
    Directory,
    Link,
    Other,
}

/// <summary>
/// Reads the names in a directory as bytes (getdents64(2)). .NET gives them as text, in which a byte that is no UTF-8 has become another character:
/// by that name the file is not there, and can be neither looked at nor removed.
/// </summary>
internal static class DirectoryReader
{
    private const int Interrupted = 4; // EINTR
    private const int HeadLength = 19; // of struct linux_dirent64: inode, offset, length, type

    /// <summary>The entries, in the order of their names.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="directory">The same; null: it cannot be named.</param>
    /// <exception cref="IOException">The system refused.</exception>
    public static IReadOnlyList<HostEntry> List(RawPath path, AbsolutePath? directory)
    {
        using var handle = Open(path.Terminated);
        return [.. Names(handle).Select(entry => new HostEntry(directory, path.Child(entry.Name), entry.Name, entry.Kind)).OrderBy(entry => entry.Name, StringComparer.Ordinal)];
    }

    /// <summary>The names in an open directory, each once and with a 0 at its end. One that is renamed meanwhile, the kernel may give twice.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static IEnumerable<(byte[] Name, EntryKind Kind)> Names(SafeFileHandle directory)
    {
        var names = new Dictionary<string, (byte[], EntryKind)>(StringComparer.Ordinal);
        var block = new byte[32 * 1024];
        while (true)
        {
            var count = (int)Libc.ReadDirectory(directory, block, (nuint)block.Length);
            if (count < 0 && Marshal.GetLastPInvokeError() == Interrupted)
            {
                continue;
            }

            if (count <= 0)
            {
                return count == 0 ? names.Values : throw Libc.Failure();
            }

            for (var rest = block.AsSpan(0, count); !rest.IsEmpty; rest = rest[MemoryMarshal.Read<ushort>(rest[16..])..])
            {
                var name = rest[HeadLength..];
                name = name[..name.IndexOf((byte)0)];
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    names[Encoding.Latin1.GetString(name)] = ([.. name, 0], rest[18] switch
                    {
                        0 => EntryKind.Unknown,
                        4 => EntryKind.Directory,
                        10 => EntryKind.Link,
                        _ => EntryKind.Other,
                    });
                }
            }
        }
    }

    /// <summary>Opens it for reading; a file that is none fails without being opened.</summary>
    private static SafeFileHandle Open(byte[] path)
    {
        var descriptor = Libc.OpenDescriptor(path, OpenFlags.Directory);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Libc.Failure();
    }
}

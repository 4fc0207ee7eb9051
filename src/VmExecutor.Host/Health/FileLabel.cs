using System.Runtime.InteropServices;
using System.Text;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Health;

/// <summary>SELinux's label of a file (selinux(8)), an extended attribute.</summary>
public static class FileLabel
{
    private const int Longest = 4096;

    /// <summary><c>system_u:object_r:svirt_image_t:s0</c>; null: there is no such file, or it has none.</summary>
    public static string? Read(AbsolutePath path)
    {
        Span<byte> buffer = stackalloc byte[Longest];
        var length = Libc.GetAttribute(path.Value, "security.selinux", ref MemoryMarshal.GetReference(buffer), Longest);
        return length <= 0 ? null : Encoding.UTF8.GetString(buffer[..(int)length]).TrimEnd('\0');
    }
}

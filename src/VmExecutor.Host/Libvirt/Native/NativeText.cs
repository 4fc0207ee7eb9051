using System.Runtime.InteropServices;

namespace VmExecutor.Host.Libvirt.Native;

/// <summary>C strings of libvirt's.</summary>
internal static unsafe class NativeText
{
    /// <summary>Reads text that stays libvirt's.</summary>
    public static string Read(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    /// <summary>Reads text that was allocated for us, and frees it.</summary>
    public static string Take(byte* text)
    {
        try
        {
            return Read(text);
        }
        finally
        {
            // On Unix this is libc's free, which is what libvirt wants (documented: "a thin wrapper over the C free API").
            NativeMemory.Free(text);
        }
    }
}

using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VmExecutor.Host.Files;

/// <summary>
/// A file that is held without being opened (O_PATH of open(2)): looking at it waits for nothing and changes nothing. What <see cref="Link"/> opens is the very
/// file that was looked at, whatever has got its name meanwhile.
/// </summary>
internal sealed class PinnedFile : SafeHandleMinusOneIsInvalid
{
    private const int PathOnly = 0x280000; // O_PATH | O_CLOEXEC
    private const int NoSuchFile = 2; // ENOENT

    private PinnedFile(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>The kind of the file.</summary>
    public FileKind Kind => FileStat.KindOf(Link);

    /// <summary>A path that leads to it in this process, as long as it is held.</summary>
    public string Link => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{(int)handle}");

    /// <summary>Links are followed. Null: nothing is there, or a link that leads to nothing.</summary>
    /// <exception cref="IOException">The system does not say what is there.</exception>
    public static PinnedFile? TryHold(string path)
    {
        var descriptor = Libc.OpenDescriptor(path, PathOnly);
        return descriptor >= 0 ? new PinnedFile(descriptor) : Marshal.GetLastPInvokeError() == NoSuchFile ? null : throw Libc.Failure();
    }

    /// <inheritdoc cref="TryHold"/>
    /// <exception cref="IOException">Nothing is there, or the system does not say.</exception>
    public static PinnedFile Hold(string path) => TryHold(path) ?? throw new IOException(Marshal.GetPInvokeErrorMessage(NoSuchFile), NoSuchFile);

    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}

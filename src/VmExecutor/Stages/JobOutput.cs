using Microsoft.Win32.SafeHandles;
using VmExecutor.Host.Files;
using VmExecutor.Live;

namespace VmExecutor.Stages;

/// <summary>Our stdout and stderr as streams of bytes for a script's output.</summary>
internal static class JobOutput
{
    public static Stream Output() => Console.IsOutputRedirected ? Open(1, StandardStreams.OutputStream) : OfTerminal(1);

    public static Stream Error() => Console.IsErrorRedirected ? Open(2, StandardStreams.ErrorStream) : OfTerminal(2);

    private static LiveBytes OfTerminal(int descriptor) => new(new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0), () => LiveStreams.OnTerminal);

    /// <summary>
    /// A pipe, as the runner gives us, is written to directly: the other streams swallow EPIPE, and a runner that is gone must
    /// be noticed. A file is left to them, since two streams on one file (2&gt;&amp;1) would each keep a position of their own.
    /// </summary>
    private static Stream Open(int descriptor, Stream otherwise)
    {
        if (StandardStreams.IsClosed(descriptor))
        {
            return otherwise;
        }

        var stream = new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return stream.CanSeek ? otherwise : stream;
    }
}

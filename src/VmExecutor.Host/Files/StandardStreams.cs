namespace VmExecutor.Host.Files;

/// <summary>
/// Standard input, output and error of this process, as its caller has given them. Where the caller has closed one (<c>&gt;&amp;-</c>), the next file that .NET opens for itself gets its number. Lines
/// for people would go into that file. Seen: they went into the pipe of .NET's signals, where each letter counts as a signal.
/// </summary>
public static class StandardStreams
{
    private const int GetFlags = 1; // F_GETFD
    private const int CloseOnExec = 1; // FD_CLOEXEC
    private const int ReadAndWrite = 2; // O_RDWR

    private static readonly int[] Numbers = [0, 1, 2];

    /// <summary>Opens /dev/null in the place of each that is closed, before anything else is opened.</summary>
    public static void FillClosed()
    {
        // open(2) takes the lowest number that is free: those below are not.
        foreach (var number in Numbers.Where(number => Libc.Flags(number, GetFlags) < 0))
        {
            if (Libc.OpenDescriptor("/dev/null", ReadAndWrite) != number)
            {
                return;
            }
        }
    }

    /// <summary>A writer of lines to the standard output; where that is closed, they go nowhere.</summary>
    public static TextWriter OutputWriter() => new StreamWriter(StandardStreams.OutputStream, Console.OutputEncoding) { AutoFlush = true };

    /// <summary>The same for the standard error.</summary>
    public static TextWriter ErrorWriter() => new StreamWriter(StandardStreams.ErrorStream, Console.OutputEncoding) { AutoFlush = true };

    /// <summary>The same for bytes.</summary>
    public static Stream OutputStream => IsClosed(1) ? Stream.Null : new DescriptorStream(1);

    /// <inheritdoc cref="OutputStream"/>
    public static Stream ErrorStream => IsClosed(2) ? Stream.Null : new DescriptorStream(2);

    /// <summary>True where the caller has closed it. A file of .NET's own is closed on exec, and an inherited one never is: exec would have closed it.</summary>
    public static bool IsClosed(int number) => Libc.Flags(number, GetFlags) is var flags && (flags < 0 || (flags & CloseOnExec) != 0);
}

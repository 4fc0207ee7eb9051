namespace VmExecutor.Host.Processes;

/// <summary>The size of this process's terminal. .NET's own question changes the terminal (<see cref="Files.StandardStreams"/>).</summary>
public static class TerminalWindow
{
    private const ulong GetWindowSize = 0x5413; // TIOCGWINSZ, ioctl_tty(2)

    // Standard output, error, input.
    private static readonly int[] Places = [1, 2, 0];

    /// <summary>Zeros: there is no terminal, or it does not say.</summary>
    public static (int Columns, int Rows) Size()
    {
        foreach (var place in Places)
        {
            if (Libc.ControlToWindow(place, GetWindowSize, out var size) == 0)
            {
                return (size.Columns, size.Rows);
            }
        }

        return (0, 0);
    }
}

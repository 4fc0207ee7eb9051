using System.Runtime.InteropServices;

namespace VmExecutor.Host.Processes;

/// <summary>
/// The settings of this process's terminal (termios(3)), as they were. .NET changes them where single keys are read, and would only change them back in exit(3) (<see cref="ProcessEnd"/>).
/// </summary>
public sealed class TerminalSettings : IDisposable
{
    private const int Size = 60; // struct termios of the C library on 64-bit Linux
    private const int StandardInput = 0;
    private const int AtOnce = 0; // TCSANOW

    private readonly byte[] _settings = new byte[Size];
    private readonly bool _isTerminal;

    private TerminalSettings() => _isTerminal = Libc.GetTerminal(StandardInput, ref MemoryMarshal.GetArrayDataReference(_settings)) == 0;

    /// <summary>Notes them, and restores them when it is disposed of. Nothing where the standard input is no terminal.</summary>
    public static TerminalSettings Keep() => new();

    public void Dispose()
    {
        // A process in the background would be stopped for it (SIGTTOU); the terminal is its shell's then, which has its own settings.
        if (_isTerminal && Libc.ForegroundGroup(StandardInput) == Libc.OwnGroup())
        {
            _ = Libc.SetTerminal(StandardInput, AtOnce, ref MemoryMarshal.GetArrayDataReference(_settings));
        }
    }
}

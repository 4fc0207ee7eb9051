using VmExecutor.Host.Processes;

namespace VmExecutor.Live;

/// <summary>The size of the program's terminal in letters. One that does not know it counts as 80 by 24.</summary>
internal static class TerminalSize
{
    private const int LeastWidth = 40;
    private const int LeastHeight = 5;

    public static int Columns => TerminalWindow.Size() is { Columns: > 0 and var width } ? width : 80;

    /// <summary>For tables: one with no room for them counts as a little larger.</summary>
    public static int Width => Math.Max(LeastWidth, Columns);

    /// <inheritdoc cref="Width"/>
    public static int Height => TerminalWindow.Size() is { Rows: > 0 and var height } ? Math.Max(LeastHeight, height) : 24;
}

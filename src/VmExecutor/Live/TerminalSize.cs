namespace VmExecutor.Live;

/// <summary>The size of the program's terminal in letters. One that does not know it counts as 80 by 24, and one with no room for a table as a little larger.</summary>
internal static class TerminalSize
{
    private const int LeastWidth = 40;
    private const int LeastHeight = 5;

    public static int Width => Console.WindowWidth is > 0 and var width ? Math.Max(LeastWidth, width) : 80;

    public static int Height => Console.WindowHeight is > 0 and var height ? Math.Max(LeastHeight, height) : 24;
}

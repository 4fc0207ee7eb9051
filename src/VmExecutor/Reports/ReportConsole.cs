using System.Text;
using Spectre.Console;
using VmExecutor.Live;

namespace VmExecutor.Reports;

/// <summary>Makes the consoles that reports are printed with.</summary>
internal static class ReportConsole
{
    /// <param name="output">Where the report goes.</param>
    /// <param name="ansi">Whether it may have colours.</param>
    public static IAnsiConsole On(TextWriter output, AnsiSupport ansi = AnsiSupport.Detect) =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new Place(new AnsiConsoleOutput(output)), Ansi = ansi });

    /// <summary>The library's own place asks .NET for the terminal's size (<see cref="TerminalSize"/>).</summary>
    private sealed class Place(AnsiConsoleOutput place) : IAnsiConsoleOutput
    {
        public TextWriter Writer => place.Writer;

        public bool IsTerminal => place.IsTerminal;

        public int Width => TerminalSize.Columns;

        public int Height => TerminalSize.Height;

        public void SetEncoding(Encoding encoding) => place.SetEncoding(encoding);
    }
}

using Spectre.Console;

namespace VmExecutor.Reports;

/// <summary>Prints a table that is as wide as the terminal, or as wide as it needs to be in a pipe.</summary>
internal static class ReportTable
{
    private const int WideEnough = 240;

    public static void Print(Table table, TextWriter output)
    {
        var console = ReportConsole.On(output);
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = WideEnough;
        }

        console.Write(table);
    }
}

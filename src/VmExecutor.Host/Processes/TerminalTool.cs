using System.Diagnostics;

namespace VmExecutor.Host.Processes;

/// <summary>Runs a tool on the driver's own terminal or streams, so that the person's input goes to the tool.</summary>
public static class TerminalTool
{
    private const string TerminalKind = "TERM";

    /// <summary>Runs it to its end. Cancelling asks it to end, and waits: it has the terminal to put back in order.</summary>
    /// <param name="call">The tool; its time limit does not count.</param>
    /// <param name="variables">Our own environment, of which it gets what tools get, and the kind of terminal.</param>
    /// <param name="cancellationToken">Asks it to end.</param>
    /// <returns>Its exit code (128 + n when signal n ended it).</returns>
    /// <exception cref="ToolMissingException">It is not installed.</exception>
    /// <exception cref="ToolNotStartedException">The system did not start it.</exception>
    public static async Task<int> RunAsync(ToolCall call, IReadOnlyDictionary<string, string> variables, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo();
        ToolStartInfo.Apply(call, new ToolEnvironment(variables), start);
        if (variables.TryGetValue(TerminalKind, out var kind))
        {
            start.Environment[TerminalKind] = kind;
        }

        using var process = ToolNotStartedException.OrStarted(call, () => Process.Start(start)!);
        using var ending = cancellationToken.Register(() => UnixSignal.Send(process.Id, UnixSignal.Terminate));
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        return process.ExitCode;
    }
}

using VmExecutor.Core.Values;
using VmExecutor.Host.Processes;
using VmExecutor.Live;
using VmExecutor.Reports;

namespace VmExecutor.Observing;

/// <summary>A terminal's other screen, on which a table is drawn again and again. The terminal gets its own screen back, whatever ends it.</summary>
internal sealed class TopScreen(TextWriter terminal, TimeProvider time)
{
    // DEC private modes 1049 (the other screen), 25 (the cursor) and 1 with DECKPNM (the keys, which .NET changes when it looks for one); ECMA-48: cursor to a place (CUP), erase to the end of the line (EL) and of the screen (ED).
    private const string Enter = "\u001b[?1049h\u001b[?25l";
    private const string Leave = "\u001b[?25h\u001b[?1049l\u001b[?1l\u001b>";
    private const string Home = "\u001b[H";
    private const string EraseLine = "\u001b[K";
    private const string EraseBelow = "\u001b[J";

    private static readonly TimeSpan Drawn = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeyLookedFor = TimeSpan.FromMilliseconds(100);

    /// <summary>True: the standard output is a terminal that has another screen.</summary>
    public static bool IsThere(IReadOnlyDictionary<string, string> variables) =>
        !Console.IsOutputRedirected && variables.GetValueOrDefault("TERM") is { Length: > 0 } and not "dumb" && variables.GetValueOrDefault("CI") is null or "" or "false";

    /// <summary>Draws until <c>q</c> is pressed, or the person ends it by Ctrl-C.</summary>
    public async Task RunAsync(Func<CancellationToken, Task<TopView>> look, CancellationToken cancellationToken)
    {
        var first = await look(cancellationToken);
        using var settings = TerminalSettings.Keep();
        terminal.Write(Enter);
        try
        {
            for (var view = first; ; view = await look(cancellationToken))
            {
                Draw(view);
                if (await PressesAsync('q', cancellationToken))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Ctrl-C is how a person leaves it, and no failure.
        }
        finally
        {
            terminal.Write(Leave);
            terminal.Flush();
        }
    }

    private void Draw(TopView view)
    {
        var (width, height) = (TerminalSize.Width, TerminalSize.Height);
        IReadOnlyList<string> lines = [.. TopTable.Lines(view, width), .. view.Remarks.Select(remark => PlainText.OneLine($"warning: {remark}", width - 1))];
        var shown = lines.Count < height ? lines : [.. lines.Take(height - 2), PlainText.OneLine($"… {lines.Count - height + 2} more lines: 'vm-executor top --once' prints all", width - 1)];
        terminal.Write($"{Home}{string.Join($"{EraseLine}\r\n", shown)}{EraseLine}{EraseBelow}");
        terminal.Flush();
    }

    /// <summary>True: the key was pressed before the next drawing.</summary>
    private async Task<bool> PressesAsync(char key, CancellationToken cancellationToken)
    {
        var drawn = time.GetTimestamp();
        while (time.GetElapsedTime(drawn) < Drawn)
        {
            while (!Console.IsInputRedirected && Console.KeyAvailable)
            {
                if (Console.ReadKey(intercept: true).KeyChar == key)
                {
                    return true;
                }
            }

            await Task.Delay(KeyLookedFor, time, cancellationToken);
        }

        return false;
    }
}

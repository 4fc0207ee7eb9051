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

    private const int LongestRemark = 1000;

    private static readonly TimeSpan Drawn = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeyLookedFor = TimeSpan.FromMilliseconds(100);

    private int _first;

    /// <summary>True: the standard output is a terminal that has another screen.</summary>
    public static bool IsThere(IReadOnlyDictionary<string, string> variables) =>
        !Console.IsOutputRedirected && variables.GetValueOrDefault("TERM") is { Length: > 0 } and not "dumb" && variables.GetValueOrDefault("CI") is null or "" or "false";

    /// <summary>Draws until <c>q</c> is pressed, the person ends it by Ctrl-C, or the terminal is gone.</summary>
    public async Task RunAsync(Func<CancellationToken, Task<TopView>> look, CancellationToken cancellationToken)
    {
        var first = await look(cancellationToken);
        using var settings = TerminalSettings.Keep();
        terminal.Write(Enter);
        try
        {
            for (var view = first; ; view = await look(cancellationToken))
            {
                if (await IsLeftAsync(view, cancellationToken))
                {
                    return;
                }
            }
        }
        catch (IOException)
        {
            // The terminal was closed.
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Ctrl-C is how a person leaves it, and no failure.
        }
        finally
        {
            GiveBack();
        }
    }

    private void GiveBack()
    {
        try
        {
            terminal.Write(Leave);
            terminal.Flush();
        }
        catch (IOException)
        {
            // The terminal was closed.
        }
    }

    /// <summary>Shows it until the next look is due, anew after each key and each change of the terminal's size. True: <c>q</c> was pressed.</summary>
    private async Task<bool> IsLeftAsync(TopView view, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        TopPage? page = null;
        while (time.GetElapsedTime(began) < Drawn)
        {
            var isNew = page is null || page.Width != TerminalSize.Width || page.Height != TerminalSize.Height;
            page = isNew ? PageOf(view) : page!;
            var before = _first;
            while (!Console.IsInputRedirected && Console.KeyAvailable)
            {
                var key = Console.ReadKey(intercept: true);
                if (key.KeyChar == 'q')
                {
                    return true;
                }

                _first = page.Move(_first, key);
            }

            if (isNew || _first != before)
            {
                Draw(page);
            }

            await Task.Delay(KeyLookedFor, time, cancellationToken);
        }

        return false;
    }

    private static TopPage PageOf(TopView view)
    {
        var (width, height) = (TerminalSize.Width, TerminalSize.Height);
        return TopPage.Of([.. TopTable.Lines(view, width), .. view.Remarks.Select(remark => CellText.Cut(PlainText.OneLine($"warning: {remark}", LongestRemark), width - 1))], width, height);
    }

    private void Draw(TopPage page)
    {
        terminal.Write($"{Home}{string.Join($"{EraseLine}\r\n", page.Lines(_first))}{EraseLine}{EraseBelow}");
        terminal.Flush();
    }
}

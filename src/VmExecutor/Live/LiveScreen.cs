using VmExecutor.Core.Images.Sources;

namespace VmExecutor.Live;

/// <summary>
/// The last line of a terminal while a command works: it is drawn again and again, and is gone at the end. Other lines are written above it. Amounts of one action
/// are shown in it and not as a line each, but for the last one.
/// </summary>
internal sealed class LiveScreen : IDisposable
{
    // ECMA-48: erase to the end of the line (EL) and of the screen (ED); DEC private mode 7: whether lines wrap at the right edge.
    private const string Erase = "\r\u001b[K";
    private const string EraseBelow = "\r\u001b[J";
    private const string NoWrap = "\u001b[?7l";
    private const string Wrap = "\u001b[?7h";

    // A command that is over in a moment shows nothing.
    private static readonly TimeSpan FirstDrawn = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Drawn = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly TextWriter _terminal;
    private readonly Func<int> _width;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private LiveStatus _status;
    private bool _isDrawn;
    private bool _isOver;
    private bool _isWithinLine; // of a guest: what was written last had no end of a line
    private int _turn;
    private int _drawnWidth;

    /// <param name="terminal">Where the line is drawn.</param>
    /// <param name="width">Asks for the terminal's width in letters.</param>
    /// <param name="work">What is done, in a word, until there is a line about it.</param>
    /// <param name="time">The clock.</param>
    public LiveScreen(TextWriter terminal, Func<int> width, string work, TimeProvider time)
    {
        (_terminal, _width, _time) = (terminal, width, time);
        _status = LiveStatus.After(null, work, time.GetUtcNow());
        _timer = time.CreateTimer(_ => Draw(), null, FirstDrawn, Drawn);
    }

    /// <summary>True where a person sees what is drawn: on a terminal that can erase, and not in CI, whose log keeps every letter.</summary>
    /// <param name="variables">The environment of the process.</param>
    /// <param name="isTerminal">Whether the standard error is a terminal.</param>
    public static bool IsOf(IReadOnlyDictionary<string, string> variables, bool isTerminal) =>
        isTerminal && variables.GetValueOrDefault("TERM") is { Length: > 0 } and not "dumb" && variables.GetValueOrDefault("CI") is null or "" or "false";

    /// <summary>A line of the work: written where it belongs, or shown in the last line if it is the amount of an action that goes on.</summary>
    /// <param name="line">Without its end.</param>
    /// <param name="writer">Where it belongs.</param>
    /// <param name="isTerminal">Whether that is the terminal: elsewhere every line is written.</param>
    public void Write(string line, TextWriter writer, bool isTerminal)
    {
        lock (_gate)
        {
            _status = LiveStatus.After(_status, line, _time.GetUtcNow());
            if (isTerminal && !_isOver && TransferText.TryReadProgress(line) is { Percent: not 100 })
            {
                return;
            }

            Clear();
            if (isTerminal && _isWithinLine)
            {
                writer.WriteLine();
                _isWithinLine = false;
            }

            writer.WriteLine(line);
            writer.Flush();
        }
    }

    /// <summary>A piece of what a guest's script prints, as it comes. The last line is not drawn until the script's line has an end.</summary>
    /// <param name="bytes">A piece of it.</param>
    /// <param name="terminal">The terminal.</param>
    public void Write(ReadOnlySpan<byte> bytes, Stream terminal)
    {
        lock (_gate)
        {
            Clear();
            terminal.Write(bytes);
            _isWithinLine = bytes.IsEmpty ? _isWithinLine : bytes[^1] != (byte)'\n';
        }
    }

    /// <summary>An action that goes on. It is in the last line of the terminal only, until the next one.</summary>
    public void Show(TransferAmount action)
    {
        lock (_gate)
        {
            _status = LiveStatus.During(_status, action, _time.GetUtcNow());
        }
    }

    /// <summary>Erases the last line, which is drawn no more.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            Clear();
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        End();
    }

    private void Draw()
    {
        lock (_gate)
        {
            if (!_isOver && !_isWithinLine)
            {
                // The cursor stays at the beginning of the line: what else is written there, by a signal or the shell, is written over it.
                var width = _width();
                Put($"{Eraser(width)}{NoWrap}{_status.ToLine(_time.GetUtcNow(), _turn++, width)}{Wrap}\r");
                (_isDrawn, _drawnWidth) = (true, width);
            }
        }
    }

    private void Clear()
    {
        if (_isDrawn)
        {
            Put(Eraser(_width()));
            _isDrawn = false;
        }
    }

    /// <summary>A terminal that was made narrower may have broken the drawn line into several; below them is nothing.</summary>
    private string Eraser(int width) => _isDrawn && width < _drawnWidth ? EraseBelow : Erase;

    private void Put(string text)
    {
        try
        {
            _terminal.Write(text);
            _terminal.Flush();
        }
        catch (IOException)
        {
            // The terminal was closed. The work goes on, as it does where its lines have no reader.
        }
    }
}

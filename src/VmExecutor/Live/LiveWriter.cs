using System.Globalization;
using System.Text;

namespace VmExecutor.Live;

/// <summary>Writes whole lines past the last line of a terminal.</summary>
/// <param name="inner">Where the lines belong.</param>
/// <param name="screen">Has the last line.</param>
/// <param name="isTerminal">Whether <paramref name="inner"/> is the terminal.</param>
internal sealed class LiveWriter(TextWriter inner, LiveScreen screen, bool isTerminal) : TextWriter(CultureInfo.InvariantCulture)
{
    private readonly StringBuilder _line = new();

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value)
    {
        if (value != '\n')
        {
            _line.Append(value);
            return;
        }

        screen.Write(_line.ToString(), inner, isTerminal);
        _line.Clear();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && _line.Length > 0)
        {
            inner.Write(_line);
            inner.Flush();
            _line.Clear();
        }

        base.Dispose(disposing);
    }
}

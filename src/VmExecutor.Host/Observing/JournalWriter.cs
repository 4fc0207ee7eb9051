using System.Globalization;
using System.Text;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Observing;

/// <summary>Writes whole lines to a stream that journald reads, each with its priority.</summary>
/// <param name="inner">The stream.</param>
public sealed class JournalWriter(TextWriter inner) : TextWriter(CultureInfo.InvariantCulture)
{
    // systemd.exec(5): device and inode of the stream that systemd has connected to the journal. A child may have others, hence the comparison.
    private const string Variable = "JOURNAL_STREAM";

    private static readonly AbsolutePath StandardError = new("/proc/self/fd/2");

    private readonly StringBuilder _line = new();
    private int? _before;

    public override Encoding Encoding => inner.Encoding;

    /// <summary>The same stream, or with priorities where it is this process's standard error and journald reads that.</summary>
    /// <param name="error">The standard error.</param>
    /// <param name="environment">The process's environment, as data.</param>
    public static TextWriter Around(TextWriter error, IReadOnlyDictionary<string, string> environment) =>
        environment.TryGetValue(Variable, out var stream) && FileStat.TryRead(StandardError) is { } stat && IsSame(stream, stat) ? Synchronized(new JournalWriter(error)) : error;

    public override void Write(char value)
    {
        if (value != '\n')
        {
            _line.Append(value);
            return;
        }

        (var line, _before) = JournalLine.Mark(_line.ToString(), _before);
        _line.Clear();
        inner.Write(line + '\n');
    }

    public override void Flush() => inner.Flush();

    protected override void Dispose(bool disposing)
    {
        if (disposing && _line.Length > 0)
        {
            Write('\n');
            Flush();
        }

        base.Dispose(disposing);
    }

    internal static bool IsSame(string stream, FileStat stat) => stream == string.Create(CultureInfo.InvariantCulture, $"{stat.Device}:{stat.Inode}");
}

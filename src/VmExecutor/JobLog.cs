using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor;

/// <summary>
/// Lines for people in the job log. No timestamps, since the runner adds its own; never a secret, since what cleanup writes
/// ends unmasked in the runner's log.
/// </summary>
internal sealed class JobLog(TextWriter writer)
{
    public void Say(string line) => Write(line);

    public void Warn(string line) => Write($"WARNING: {line}");

    /// <summary>What failed, then what to do.</summary>
    public void Fail(DriverException failure)
    {
        Write($"ERROR {failure.Code}: {failure.Message}");
        Write($"What to do: {failure.Hint}");
    }

    public void ShowConsole(IReadOnlyList<string> lines)
    {
        if (lines.Count > 0)
        {
            Write("Last lines of the guest's console:");
            foreach (var line in lines)
            {
                Write($"  | {line}");
            }
        }
    }

    private void Write(string line)
    {
        try
        {
            // Messages quote what jobs, guests and tools say.
            writer.WriteLine(PlainText.Lines(line));
            writer.Flush();
        }
        catch (IOException)
        {
            // The runner is gone and with it the reader; the stage still has to do its work.
        }
    }
}

using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Observing;

/// <summary>
/// Lines for people in the job log. No timestamps, since the runner adds its own; never a secret, since what cleanup writes
/// ends unmasked in the runner's log.
/// </summary>
/// <param name="writer">Takes the lines.</param>
/// <param name="said">The warnings that this command has given already; shared by all logs of a command that makes several.</param>
/// <param name="subject">Stands before each line; null: nothing does.</param>
internal sealed class JobLog(TextWriter writer, ISet<string>? said = null, string? subject = null)
{
    /// <summary>The longest message: a guest, or a file with nothing but errors, may give more to quote.</summary>
    private const int Longest = 32_000;

    private readonly ISet<string> _said = said ?? new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The same log for lines about a part of the job.</summary>
    /// <param name="part">Stands before each line.</param>
    public JobLog About(string part) => new(writer, _said, part);

    public void Say(string line) => Write(line);

    public void Warn(string line) => Write($"WARNING: {line}");

    /// <summary>A warning about the host, which does not change while a command runs: given once, however many VMs the command starts.</summary>
    public void WarnOnce(string line)
    {
        // VMs of one job start side by side, and their logs share what was said.
        bool isNew;
        lock (_said)
        {
            isNew = _said.Add(line);
        }

        if (isNew)
        {
            Warn(line);
        }
    }

    /// <summary>Writes the failure, then the hint.</summary>
    public void Fail(DriverException failure)
    {
        Write($"ERROR {failure.Code}: {failure.Message}");
        Write($"What to do: {failure.Hint}");
    }

    /// <summary>In one line: what to do about it stands above.</summary>
    public void FailAgain(DriverException failure) => Write($"ERROR {failure.Code}: {failure.Message}");

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
            line = subject is null ? line : $"{subject}: {line}";
            writer.WriteLine(PlainText.Lines(line.Length > Longest ? $"{line[..Longest]}… ({line.Length - Longest} more characters)" : line));
            writer.Flush();
        }
        catch (IOException)
        {
            // The runner is gone and with it the reader; the stage still has to do its work.
        }
    }
}

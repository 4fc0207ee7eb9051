using System.Globalization;
using System.Text;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Guests;

/// <summary>
/// A command in a guest that outlives the process that started it, and goes on by what another process tells it. Its client is an ssh process of its own
/// over the kept connection. The client's streams are pipes in the clone's directory, which it holds open in both directions: their other ends may come and go.
/// </summary>
internal sealed class LeftCommand(SshClient ssh)
{
    private const int LongestLine = 16 << 10;

    // The shell ends at once; the client stays in its session, which has no terminal.
    private const string Begin =
        """
        umask 077
        input=$1 output=$2
        shift 2
        rm -f "$input" "$output" && mkfifo "$input" "$output" || exit
        "$@" <>"$input" 1<>"$output" 2>/dev/null &
        echo $!
        """;

    /// <summary>Starts a shell text in the guest.</summary>
    /// <param name="access">The guest, whose kept connection is open.</param>
    /// <param name="text">Visible in argument lists: no secrets.</param>
    /// <param name="input">The beginning of its stdin.</param>
    /// <param name="until">The line of its stdout that is waited for.</param>
    /// <param name="cancellationToken">Ends the wait, and the command's client.</param>
    /// <returns>The client. Null: the command ended before it printed the line.</returns>
    public async Task<RunnerProcess?> StartAsync(GuestAccess access, string text, string input, string until, CancellationToken cancellationToken)
    {
        var started = await ssh.LeaveAsync(access, Begin, [JobFiles.LeftInput.Name, JobFiles.LeftOutput.Name], RemoteCommand.Line(RunTokens.Next(), text), cancellationToken).ConfigureAwait(false);
        if (!int.TryParse(started.StandardOutput, NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var pid))
        {
            return null;
        }

        var client = ProcessTable.Describe(pid);
        var isThere = false;
        try
        {
            (_, isThere) = await ConverseAsync(access, input, _ => null, until, cancellationToken).ConfigureAwait(false);
            return isThere ? client : null;
        }
        finally
        {
            if (!isThere && ProcessTable.Runs(client))
            {
                UnixSignal.Send(client.Pid, UnixSignal.Terminate);
            }
        }
    }

    /// <summary>Tells a command more, and answers each line that it prints.</summary>
    /// <param name="access">The guest.</param>
    /// <param name="input">Written to its stdin at once.</param>
    /// <param name="answer">Given each line of its stdout; what it returns is written to its stdin. Null: nothing is.</param>
    /// <param name="until">The last line that is waited for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The text that it printed.</returns>
    public static async Task<string> GoOnAsync(GuestAccess access, string input, Func<string, string?> answer, string until, CancellationToken cancellationToken)
    {
        var (said, _) = await ConverseAsync(access, input, answer, until, cancellationToken).ConfigureAwait(false);
        HostFile.TryDelete(Path(access, JobFiles.LeftInput));
        HostFile.TryDelete(Path(access, JobFiles.LeftOutput));
        return said;
    }

    // A pipe's read cannot be cancelled: it ends with the client, at the latest when the clone is removed.
    private static Task<(string Said, bool Found)> ConverseAsync(GuestAccess access, string input, Func<string, string?> answer, string until, CancellationToken cancellationToken) =>
        Task.Run(() => Converse(access, input, answer, until), CancellationToken.None).WaitAsync(cancellationToken);

    private static (string Said, bool Found) Converse(GuestAccess access, string input, Func<string, string?> answer, string until)
    {
        var said = new StringBuilder();
        using var toGuest = HostFile.OpenPipe(Path(access, JobFiles.LeftInput), FileAccess.Write);
        using var fromGuest = HostFile.OpenPipe(Path(access, JobFiles.LeftOutput), FileAccess.Read);
        Write(toGuest, input);
        var lines = new BoundedLines(fromGuest, LongestLine, GuestAnswer.Longest);
        while (lines.Next() is { } line)
        {
            said.Append(line).Append('\n');
            if (line == until)
            {
                return (said.ToString(), true);
            }

            if (answer(line) is { } reply)
            {
                Write(toGuest, reply);
            }
        }

        return (said.ToString(), false);
    }

    // A client that is gone has no end of the pipe open; its output is over, too.
    private static void Write(Stream toGuest, string text)
    {
        try
        {
            toGuest.Write(Encoding.UTF8.GetBytes(text));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
        }
    }

    private static string Path(GuestAccess access, JobFile file) => access.Directory.Child(file.Name).Value;
}

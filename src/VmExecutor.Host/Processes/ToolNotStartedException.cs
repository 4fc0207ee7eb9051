using System.ComponentModel;
using System.Runtime.InteropServices;
using VmExecutor.Core.Failures;

namespace VmExecutor.Host.Processes;

/// <summary>The system did not start a program that is there.</summary>
/// <param name="command">The command line, for the message.</param>
/// <param name="number">The system's error number.</param>
/// <param name="inner">Its exception.</param>
public sealed class ToolNotStartedException(string command, int number, Exception inner)
    : SystemFailureException(ErrorCodes.ToolFailed, $"'{command}' could not be started: {Marshal.GetPInvokeErrorMessage(number)}", HintFor(number), inner)
{
    // errno(3), the same on x86_64 and arm64.
    private const int NoSuchFile = 2; // ENOENT
    private const int ArgumentsTooLong = 7; // E2BIG
    private const int NotAProgram = 8; // ENOEXEC
    private const int NotNow = 11; // EAGAIN
    private const int NoMemory = 12; // ENOMEM
    private const int NotAllowed = 13; // EACCES
    private const int BeingWritten = 26; // ETXTBSY

    /// <summary>Starts a program.</summary>
    /// <param name="command">Its text is the command line, which only a message needs.</param>
    /// <param name="start">Starts it.</param>
    /// <exception cref="ToolNotStartedException">The system refused.</exception>
    public static T OrStarted<T>(object command, Func<T> start)
    {
        try
        {
            return start();
        }
        catch (Win32Exception refusal)
        {
            // CliWrap's own exception has no number.
            throw new ToolNotStartedException($"{command}", (refusal.InnerException as Win32Exception ?? refusal).NativeErrorCode, refusal);
        }
    }

    private static string HintFor(int number) => number switch
    {
        NoSuchFile => "See whether the program, the interpreter in its first line and the working directory are there: one of them was removed meanwhile, or is missing in this container.",
        ArgumentsTooLong => "Shorten what it is given: the kernel takes no argument above 128 KiB (execve(2)).",
        NotAProgram => "Install the package of this host's architecture again: the file is no program of this processor, or it is damaged ('file' tells).",
        NotNow => "Let the runner's user start more processes: TasksMax= in gitlab-runner's systemd unit, the limit of processes of the container (pids), or ulimit -u.",
        NoMemory => "The host has no memory left for a process: lower the runner's 'concurrent', or set 'limits' in the driver's YAML.",
        NotAllowed => "Let the runner's user run it: namei -l shows owner and mode of each part of the path; a file system mounted with noexec refuses as well.",
        BeingWritten => "Try again: the program is being written to at this moment, as by an upgrade.",
        _ => "Run the command by hand as the runner's user to see it fail.",
    };
}

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace VmExecutor.RunnerSimulator.Processes;

/// <summary>
/// A stage as the runner starts it: execve without a shell, a process group of its own in our session, stdin from
/// /dev/null, two pipes. It has ended when its process was reaped <em>and</em> both pipes are closed.
/// </summary>
internal sealed class StageProcess : IDisposable
{
    // Generous for glibc's posix_spawn_file_actions_t (80), posix_spawnattr_t (336) and sigset_t (128).
    private const int ActionsSize = 256;
    private const int AttributesSize = 512;
    private const int SignalSetSize = 128;

    private readonly OutputPipe _output = new();
    private readonly OutputPipe _error = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly TaskCompletionSource<WaitStatus> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TimeSpan? _exitedAfter;

    private StageProcess(StageLaunch launch)
    {
        ProcessId = Spawn(launch);
    }

    public int ProcessId { get; }

    /// <summary>Ends when the process itself was reaped, even if another process still holds its pipes.</summary>
    public Task<WaitStatus> Exited => _exited.Task;

    /// <summary>Ends when the runner would go on: reaped and both pipes closed.</summary>
    public Task Ended => Task.WhenAll(_exited.Task, _output.Closed, _error.Closed);

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    /// <summary>The time that the pipes have been open (or were) after the process itself was reaped.</summary>
    public TimeSpan HeldOpen => _exitedAfter is { } exited ? Elapsed - exited : TimeSpan.Zero;

    /// <exception cref="System.ComponentModel.Win32Exception">The executable is missing or may not be executed.</exception>
    public static StageProcess Start(
        StageLaunch launch, Action<ReadOnlyMemory<byte>> onOutput, Action<ReadOnlyMemory<byte>> onError)
    {
        var process = new StageProcess(launch);
        process._output.Listen("stage stdout", onOutput);
        process._error.Listen("stage stderr", onError);
        new Thread(process.Reap) { IsBackground = true, Name = "stage waitpid" }.Start();
        return process;
    }

    /// <summary>Signals the whole process group; a group that is gone is no error.</summary>
    public void SignalGroup(int signal)
    {
        if (Posix.Kill(-ProcessId, signal) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            Posix.Require(error == Posix.NoSuchProcess ? 0 : error, "kill");
        }
    }

    /// <summary>Lets go of the pipes as a dead runner does. The process lives on (and is still reaped, by us).</summary>
    public void Abandon()
    {
        _output.Abandon();
        _error.Abandon();
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }

    private int Spawn(StageLaunch launch)
    {
        var memory = Marshal.AllocHGlobal(ActionsSize + AttributesSize + (2 * SignalSetSize));
        try
        {
            var actions = memory;
            var attributes = actions + ActionsSize;
            var all = attributes + AttributesSize;
            var none = all + SignalSetSize;
            Posix.Require(Posix.FileActionsInit(actions), "posix_spawn_file_actions_init");
            Posix.Require(Posix.AttributesInit(attributes), "posix_spawnattr_init");
            AddFileActions(actions, launch.WorkingDirectory);
            AddAttributes(attributes, all, none);
            string?[] arguments = [launch.Executable, .. launch.Arguments, null];
            string?[] environment = [.. launch.Environment.Select(entry => $"{entry.Key}={entry.Value}"), null];
            var error = Posix.Spawn(out var processId, launch.Executable, actions, attributes, arguments, environment);
            _ = Posix.FileActionsDestroy(actions);
            _ = Posix.AttributesDestroy(attributes);
            Posix.Require(error, $"fork/exec {launch.Executable}");
            return processId;
        }
        catch
        {
            Dispose();
            throw;
        }
        finally
        {
            Marshal.FreeHGlobal(memory);
        }
    }

    private void AddFileActions(nint actions, string workingDirectory)
    {
        Posix.Require(Posix.FileActionsAddChdir(actions, workingDirectory), "posix_spawn_file_actions_addchdir_np");
        Posix.Require(Posix.FileActionsAddOpen(actions, 0, "/dev/null", Posix.OpenReadOnly, 0), "posix_spawn_file_actions_addopen");
        Posix.Require(
            Posix.FileActionsAddDup2(actions, (int)_output.Writer.DangerousGetHandle(), 1), "posix_spawn_file_actions_adddup2");
        Posix.Require(
            Posix.FileActionsAddDup2(actions, (int)_error.Writer.DangerousGetHandle(), 2), "posix_spawn_file_actions_adddup2");
    }

    /// <summary>Group = own pid; every signal at its default and none blocked: .NET ignores SIGPIPE, Go's children do not.</summary>
    private static void AddAttributes(nint attributes, nint all, nint none)
    {
        _ = Posix.SignalSetFill(all);
        _ = Posix.SignalSetEmpty(none);
        const short Flags = Posix.SpawnSetProcessGroup | Posix.SpawnSetSignalDefaults | Posix.SpawnSetSignalMask;
        Posix.Require(Posix.AttributesSetFlags(attributes, Flags), "posix_spawnattr_setflags");
        Posix.Require(Posix.AttributesSetProcessGroup(attributes, 0), "posix_spawnattr_setpgroup");
        Posix.Require(Posix.AttributesSetSignalDefaults(attributes, all), "posix_spawnattr_setsigdefault");
        Posix.Require(Posix.AttributesSetSignalMask(attributes, none), "posix_spawnattr_setsigmask");
    }

    private void Reap()
    {
        while (true)
        {
            if (Posix.WaitPid(ProcessId, out var status, 0) == ProcessId)
            {
                _exitedAfter = Elapsed;
                _exited.TrySetResult(WaitStatus.Parse(status));
                return;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error != Posix.Interrupted)
            {
                _exited.TrySetException(new System.ComponentModel.Win32Exception(error, "waitpid"));
                return;
            }
        }
    }
}

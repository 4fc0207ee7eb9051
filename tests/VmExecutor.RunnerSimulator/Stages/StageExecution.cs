using System.Buffers;
using System.ComponentModel;
using VmExecutor.RunnerSimulator.Processes;

namespace VmExecutor.RunnerSimulator.Stages;

/// <summary>
/// Starts one stage and sees it to its end: SIGTERM to the group on an interruption, SIGKILL after the grace, and in the end
/// giving it up as dormant (helpers/process/killer.go of GitLab Runner).
/// </summary>
internal sealed class StageExecution(RunnerOptions options, CancellationToken testGaveUp)
{
    private readonly List<SentSignal> _signals = [];
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly ArrayBufferWriter<byte> _error = new();

    /// <summary>
    /// Completes <paramref name="outline"/>, the record of what is known before the start. The exit code file is
    /// BUILD_EXIT_CODE_FILE for a run stage, else null.
    /// </summary>
    public async Task<StageRecord> RunAsync(
        StageRecord outline, string executable, StageLimits limits, string? exitCodeFile, JobLog outputLog, JobLog errorLog)
    {
        var launch = new StageLaunch(executable, outline.Arguments, outline.Environment, outline.WorkingDirectory);
        StageProcess process;
        try
        {
            process = StageProcess.Start(launch, bytes => Take(bytes, _output, outputLog), bytes => Take(bytes, _error, errorLog));
        }
        catch (Win32Exception exception)
        {
            return outline with { Reading = StageReading.System(exception.Message) };
        }

        var ended = process.Ended;
        var interruption = await WatchAsync(process, ended, limits);
        var record = outline with
        {
            ProcessId = process.ProcessId,
            Duration = process.Elapsed,
            PipesHeldOpen = process.HeldOpen,
            StandardOutput = Written(_output),
            StandardError = Written(_error),
            Signals = [.. _signals],
            Interruption = interruption,
        };
        if (!ended.IsCompleted)
        {
            process.Abandon();
            return record with { Reading = StageReading.System("failed to kill process, likely process is dormant") };
        }

        var status = await process.Exited;
        process.Dispose();
        return record with { Status = status, Reading = StageReading.Of(status, exitCodeFile) };
    }

    private async Task<Interruption?> WatchAsync(StageProcess process, Task ended, StageLimits limits)
    {
        try
        {
            var interruption = await limits.FirstAsync(ended, testGaveUp);
            return interruption switch
            {
                null or Interruption.RunnerKilled => interruption,
                _ => await TerminateAsync(process, ended, limits, interruption.Value),
            };
        }
        catch (OperationCanceledException)
        {
            process.SignalGroup(Posix.SigKill);
            process.Abandon();
            await process.Exited;
            throw;
        }
    }

    private async Task<Interruption> TerminateAsync(StageProcess process, Task ended, StageLimits limits, Interruption interruption)
    {
        var killed = limits.Events.Where(entry => entry.Interruption == Interruption.RunnerKilled).ToArray();
        (int Signal, TimeSpan Patience)[] ladder =
            [(Posix.SigTerm, options.GracefulKillTimeout), (Posix.SigKill, options.ForceKillTimeout)];
        foreach (var (signal, patience) in ladder)
        {
            _signals.Add(new SentSignal(signal, process.Elapsed));
            process.SignalGroup(signal);
            var next = await new StageLimits(patience, killed).FirstAsync(ended, testGaveUp);
            if (next is not Interruption.StageTimeout)
            {
                return next ?? interruption;
            }
        }

        return interruption;
    }

    private static void Take(ReadOnlyMemory<byte> bytes, ArrayBufferWriter<byte> record, JobLog log)
    {
        lock (record)
        {
            record.Write(bytes.Span);
        }

        log.Append(bytes.Span);
    }

    private static byte[] Written(ArrayBufferWriter<byte> record)
    {
        lock (record)
        {
            return record.WrittenSpan.ToArray();
        }
    }
}

using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;

namespace VmExecutor.Stages;

/// <summary>Leaves a note of each script for the ledger: which, how long, how it ended. By these notes a failure of the VM is told once.</summary>
internal sealed class NotedRun(JobDirectory directory, string subStage, TimeProvider time)
{
    public async Task<ScriptExit> RunAsync(Func<Task<ScriptExit>> run)
    {
        var started = time.GetTimestamp();
        try
        {
            var exit = await run();
            Note(exit.ExitCode, null);
            return exit;
        }
        catch (DriverException e)
        {
            var told = ToldFailures.By(directory, e.Code);
            Note(null, e.Code.ToString());
            if (told is not null)
            {
                throw new ToldFailureException(e, told);
            }

            throw;
        }
        catch (OperationCanceledException)
        {
            Note(null, "cancelled");
            throw;
        }

        void Note(int? exitCode, string? failure) => directory.Note(new ScriptRecord(
            ScriptRecord.Name(subStage), Math.Round(time.GetElapsedTime(started).TotalSeconds, 3), exitCode, failure));
    }
}

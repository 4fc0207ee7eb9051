using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Keeping;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Stages;

namespace VmExecutor.Keeping;

/// <summary>What comes after a script, and whether a failed job's VM stays.</summary>
internal static class KeepingComposition
{
    /// <summary>The last sub-stage whose output is in the job log; nearly every job has it (RUNNER-CONTRACT section 2).</summary>
    private const string LastSubStage = "cleanup_file_variables";

    /// <summary>What the job log says once a script has run; never a reason for the job to fail.</summary>
    /// <param name="settings">The driver's.</param>
    /// <param name="key">The job.</param>
    /// <param name="subStage">What the script was for.</param>
    /// <param name="exit">Its exit.</param>
    /// <param name="log">For warnings and offers, on stderr.</param>
    /// <param name="story">For what the VM has used: on stdout, as prepare's lines are.</param>
    /// <param name="time">The clock.</param>
    public static async Task EndRunAsync(Settings settings, JobKey key, string subStage, ScriptExit exit, JobLog log, JobLog story, TimeProvider time)
    {
        var directory = JobDirectory.Of(settings.StateDir, key);
        if (!exit.Succeeded && KeepRule.DecidesTheJob(subStage))
        {
            using var locks = new StateLocks(settings.StateDir, time);
            await new KeepOffer(settings, locks).MakeAsync(key, directory, subStage, log);
        }

        if (subStage == LastSubStage)
        {
            TellUsage(key, directory, new JobProcesses(settings.StateDir, time), story);
        }
    }

    private static void TellUsage(JobKey key, JobDirectory directory, JobProcesses processes, JobLog log)
    {
        try
        {
            if (UsageMeter.Read(key, directory, processes).ToSentence() is { } usage)
            {
                log.Say(usage);
            }
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            // A host without a readable /proc: the job log knows less.
        }
    }

    public static KeepAtCleanup Cleanup(StageEnvironment environment, IGuestShell guestShell, LeftoverComposition leftovers, TimeProvider time) => new(
        new SecretRemover(guestShell, time), guestShell, leftovers.Locks, () => TrustedJob.Secrets(environment), HostClock.SinceBoot);
}

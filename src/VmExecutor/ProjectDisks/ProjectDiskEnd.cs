using System.Globalization;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Starting;

namespace VmExecutor.ProjectDisks;

/// <summary>
/// Makes what a successful job has left on its project's disk the next version. The guest unmounts it first; but nothing that a guest says counts: when its VM is gone, the driver looks
/// at the file system's own state. Nothing that goes wrong with it fails the cleanup.
/// </summary>
internal sealed class ProjectDiskEnd(Machine machine)
{
    /// <summary>The guest writes what it has still in memory.</summary>
    private static readonly TimeSpan UnmountLimit = TimeSpan.FromMinutes(2);

    /// <summary>The part that the guest is asked for, before its VM goes.</summary>
    /// <param name="run">The job.</param>
    /// <param name="result">The job's result by the runner's word.</param>
    /// <param name="cancellationToken">Hurries: the changes do not stay then.</param>
    /// <returns>The part after it; null: the job has no such disk.</returns>
    public async Task<ProjectDiskRest?> BeginAsync(JobRun run, string result, CancellationToken cancellationToken)
    {
        if (run.Record is not { ProjectDisk: { } use } record)
        {
            return null;
        }

        var refusal = use.Refusal
            ?? (!use.IsMounted ? ProjectDiskRefusals.NotMounted
                : record.Stopped is not null || !ProjectDiskRefusals.Succeeded(result, run.Directory.ReadScripts()) ? ProjectDiskRefusals.NotSuccessful
                : null);
        double? seconds = null;
        var isByGuest = refusal is null && use.IsMountedByGuest;
        if (refusal is null && !isByGuest)
        {
            var started = machine.Time.GetTimestamp();
            refusal = await TryUnmountAsync(use, run, cancellationToken) ? null : ProjectDiskRefusals.NotUnmounted;
            seconds = Seconds(started);
        }

        var own = run.Key;
        return new ProjectDiskRest(
            async (directory, token) => directory.Key == own
                ? Tell(refusal is null ? await PromoteAsync(use, directory, run, token) : Refused(use, refusal), run) with { UnmountSeconds = seconds }
                : null,
            isByGuest ? UnmountLimit : null);
    }

    private async Task<bool> TryUnmountAsync(ProjectDiskUse use, JobRun run, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(UnmountLimit, machine.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            var access = GuestOfJob.Access(run.Key, run.Directory.Paths, run.Record);
            var said = await new ProjectDiskStart(machine).AskAsync(access, IdentityScript.RootShell(access.User), DiskScript.Unmount(use, access.User), token => Task.Delay(Timeout.Infinite, token), stop.Token);
            return said.Event == DiskEvent.Unmounted;
        }
        catch (Exception e) when (e is DriverException or OperationCanceledException or TimeoutException || HostFileException.Explains(e))
        {
            return false;
        }
    }

    private async Task<ProjectDiskNote> PromoteAsync(ProjectDiskUse use, JobDirectory directory, JobRun run, CancellationToken cancellationToken)
    {
        var started = machine.Time.GetTimestamp();
        try
        {
            var note = await machine.ProjectDisks.PromoteAsync(use, directory, run.Job, machine.Settings.Limits.DiskWatermark, cancellationToken);
            return note.Promoted is null ? note : note with { PromoteSeconds = Seconds(started) };
        }
        catch (Exception e) when (e is DriverException or OperationCanceledException or TimeoutException || HostFileException.Explains(e))
        {
            run.Log.Warn($"project disk: {e.Message}");
            return Refused(use, ProjectDiskRefusals.Failed);
        }
    }

    private double Seconds(long started) => Math.Round(machine.Time.GetElapsedTime(started).TotalSeconds, 3);

    private static ProjectDiskNote Tell(ProjectDiskNote note, JobRun run)
    {
        run.Log.Say(note.Promoted is { } number
            ? string.Create(CultureInfo.InvariantCulture, $"project disk: version {number} now has what the job left ({RoughSize.Of(note.Bytes ?? 0)} on this host)")
            : $"project disk: what the job left is not kept, since {ProjectDiskRefusals.Text(note.Refused ?? "")}");
        return note;
    }

    private static ProjectDiskNote Refused(ProjectDiskUse use, string word) => new(use.Disk, use.Version, null, word, null);
}

/// <summary>The part of a job's end with its project's disk that comes after the guest was asked.</summary>
/// <param name="AtEnd">Run when the VM is gone.</param>
/// <param name="Grace">The time that the guest has to shut down, by which it unmounts the disk; null: it needs none.</param>
internal sealed record ProjectDiskRest(Func<JobDirectory, CancellationToken, Task<ProjectDiskNote?>> AtEnd, TimeSpan? Grace);

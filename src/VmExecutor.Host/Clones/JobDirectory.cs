using VmExecutor.Core.Clones;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Services;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Clones;

/// <summary>
/// One job's directory under <c>state_dir</c>. It appears with its record in it and disappears as a whole, both by a rename: what a
/// killed stage leaves either has a record or a name that says that it is half made (<see cref="JobFolder"/>).
/// </summary>
public sealed class JobDirectory(JobKey key, JobPaths paths)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // A start takes a second; on a host that is busy beyond measure many.
    private static readonly TimeSpan StartTakes = TimeSpan.FromSeconds(30);

    private const int RemovalAttempts = 10;

    /// <summary>Of the notes on scripts: a job has tens, of hundreds of bytes.</summary>
    private const int LongestScripts = 1 << 20;

    // A change is one read and one durable write.
    private static readonly TimeSpan ChangeTakes = TimeSpan.FromSeconds(10);

    public JobKey Key { get; } = key;

    public JobPaths Paths { get; } = paths;

    public bool Exists => HostDirectory.Exists(Paths.Directory.Value);

    public static JobDirectory Of(AbsolutePath stateDir, JobKey key) => new(key, JobPaths.For(stateDir, key));

    public static JobDirectory At(JobPaths paths) => new(paths.Key, paths);

    /// <summary>The directories of the VMs that are services of a job.</summary>
    /// <param name="record">The job's record; null: it has none.</param>
    /// <param name="stateDir">The state directory.</param>
    public static IReadOnlyList<(ServiceVmRecord Service, JobDirectory Directory)> OfServices(JobRecord? record, AbsolutePath stateDir) =>
        [.. from vm in record?.ServiceVms ?? [] let key = JobKey.TryParse(vm.Key, out var parsed) ? parsed : null where key is not null select (vm, Of(stateDir, key))];

    /// <summary>Makes it, with its parents where they are missing and its record; it must not exist.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public void Create(JobRecord record)
    {
        var half = JobFolder.Half(Paths, Key, HalfMadeName.Making);
        StateDirectories.Make(half);
        try
        {
            // After a power cut an empty record would leave overlays that only their names show to be the driver's.
            AtomicFile.Write(half.Child(JobFiles.Record.Name), record.ToJson(), Private, durably: true);
            HostDirectory.Move(half.Value, Paths.Directory.Value);
            HostDirectory.Flush(Paths.Directory.Parent().Value);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the job's directory {Paths.Directory} cannot be made", e);
        }
    }

    /// <summary>
    /// Changes the record; there is no other way to do it. It is read, changed and written while no other process can do the same. So
    /// each writer changes only its own fields, and loses no other writer's change.
    /// </summary>
    /// <param name="locks">Of the same <c>state_dir</c>.</param>
    /// <param name="change">Gets the record as it is now; null leaves it so. Called once, and must not wait.</param>
    /// <param name="cancellationToken">Ends the wait for another writer.</param>
    /// <returns>What was written; null: nothing.</returns>
    /// <exception cref="HostFileException">The file system refused, there is no usable record, or another process does not finish its own change.</exception>
    public async Task<JobRecord?> UpdateAsync(StateLocks locks, Func<JobRecord, JobRecord?> change, CancellationToken cancellationToken = default)
    {
        using var held = await locks.TakeRecordAsync(Key, ChangeTakes, cancellationToken).ConfigureAwait(false)
            ?? throw Unchanged(new TimeoutException("another process is changing it"));
        var (record, outOfReach) = Look();
        if (record is null)
        {
            throw Unchanged(outOfReach ?? (Exception)new IOException(Exists ? "it is missing or damaged" : "the job's directory was removed"));
        }

        if (change(record) is not { } changed)
        {
            return null;
        }

        Write(changed);
        return changed;
    }

    private void Write(JobRecord record)
    {
        try
        {
            AtomicFile.Write(Paths.Record, record.ToJson(), Private, durably: true);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{Paths.Record} cannot be written", e);
        }
    }

    private HostFileException Unchanged(Exception why) => new($"{Paths.Record} cannot be changed", why);

    /// <summary>Null when prepare has not come this far, or the record is damaged or unreadable: cleanup then goes by the job's names.</summary>
    public JobRecord? Read() => Look().Record;

    /// <summary>
    /// As <see cref="Read"/>, with the reason why there may be a record all the same: a directory that may not be read can still have
    /// one.
    /// </summary>
    public (JobRecord? Record, HostFileException? OutOfReach) Look()
    {
        try
        {
            return (JobRecord.TryParse(HostFile.ReadAllText(Paths.Record.Value)), null);
        }
        catch (HostFileException e)
        {
            return (null, e.IsMissing ? null : e);
        }
    }

    /// <summary>
    /// True when prepare was about to start the VM a moment ago and has not said that it is ready. The bases are written down just before
    /// the start, and the record is written anew when the guest answers.
    /// </summary>
    public bool StartMayBeInFlight(DateTimeOffset now) =>
        Read() is { Ready: null, Bases.Count: > 0 }
        && FileStat.TryRead(Paths.Record) is { } stat
        && now - DateTimeOffset.UnixEpoch - TimeSpan.FromMicroseconds(stat.ModifiedNanoseconds / 1000) < StartTakes;

    /// <summary>Adds a note of a script for the ledger. A full disk or a vanished directory does not fail the script.</summary>
    public void Note(ScriptRecord script)
    {
        try
        {
            if (Exists)
            {
                HostFile.AppendAllText(Paths.Scripts.Value, script.ToLine());
            }
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            // The ledger will know less.
        }
    }

    /// <summary>The scripts that ran so far.</summary>
    public IReadOnlyList<ScriptRecord> ReadScripts()
    {
        try
        {
            return [.. BoundedText.ReadEndOf(Paths.Scripts.Value, LongestScripts).Split('\n').Select(ScriptRecord.TryParse).OfType<ScriptRecord>()];
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return [];
        }
    }

    /// <summary>The destinations that its guest wanted to reach, as far as they were read; null: none were.</summary>
    public EgressNotes? ReadEgress() => HostFile.TryReadAllText(Paths.Egress.Value) is { } text ? EgressNotes.TryParse(text) : null;

    /// <summary>The names of the overlays.</summary>
    public IReadOnlyList<string> Overlays()
    {
        try
        {
            return [.. HostDirectory.Files(Paths.Directory).Select(file => file.Name).Where(name => name.EndsWith(".qcow2", StringComparison.Ordinal))];
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return [];
        }
    }

    /// <summary>Deletes the overlays of a VM that is gone, so that their room is free.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public void RemoveOverlays()
    {
        try
        {
            foreach (var name in Overlays())
            {
                HostFile.Delete(Paths.Directory.Child(name).Value);
            }
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the overlays in {Paths.Directory} cannot be removed", e);
        }
    }

    /// <summary>Removes everything but the record, for another start of the same job.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public void Clear()
    {
        try
        {
            HostDirectory.Empty(Paths.Directory, except: JobFiles.Record.Name);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the job's directory {Paths.Directory} cannot be cleared", e);
        }
    }

    /// <summary>The size of the overlays on the disk, in bytes.</summary>
    public long DiskBytes() => Overlays().Sum(name => FileStat.TryRead(Paths.Directory.Child(name))?.AllocatedBytes ?? 0);

    /// <summary>Removes it with everything in it, and the remains of an interrupted making or removing; nothing there is fine.</summary>
    /// <exception cref="HostFileException">Something could not be removed.</exception>
    public void Remove()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                RemoveOnce();
                return;
            }
            catch (HostFileException gone) when (gone.IsMissing && !HostDirectory.Exists(Paths.Directory.Parent().Value))
            {
                return;
            }
            catch (HostFileException e) when (attempt < RemovalAttempts && !e.IsHopeless)
            {
                // A process that still had the directory open put a file into it meanwhile (a run whose runner was killed reopens ssh), or
                // another removal was quicker with a part of it. Under its new name only a process that has it open can reach it.
            }
            catch (Exception e) when (HostFileException.Explains(e))
            {
                throw new HostFileException($"the job's directory {Paths.Directory} cannot be removed", e);
            }
        }
    }

    private void RemoveOnce()
    {
        if (Exists)
        {
            HostDirectory.Move(Paths.Directory.Value, JobFolder.Half(Paths, Key, HalfMadeName.Removing).Value);
        }

        foreach (var half in JobFolder.HalfMadeOf(Paths, Key))
        {
            HostDirectory.Delete(half.Value, recursive: true);
        }
    }
}

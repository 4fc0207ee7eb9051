using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Keeping;

/// <summary>
/// The kept scripts of failed jobs, below <c>state_dir/kept-scripts</c>: a directory for each, which appears by a rename. They hold
/// secrets, so only their owner can read them.
/// </summary>
public sealed class KeptScripts(AbsolutePath stateDir, KeepScriptsSettings settings)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The directory of all.</summary>
    public AbsolutePath Directory => stateDir.Child(StateFiles.KeptScripts);

    public AbsolutePath Of(KeptJob job) => Directory.Child(job.Key);

    /// <summary>Copies a script into its job's directory before it runs; nothing is done where scripts are not kept.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public void Save(JobDirectory job, string subStage, AbsolutePath script)
    {
        if (settings.For is null || !job.Exists)
        {
            return;
        }

        var directory = job.Paths.ScriptTexts;
        try
        {
            StateDirectories.Make(directory, StateDirectories.Private);
            var number = HostDirectory.Files(directory).Count + 1;
            using var from = HostFile.OpenRead(script.Value);
            using var to = HostFile.Open(
                directory.Child(KeptScript.FileName(number, subStage)).Value,
                new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Private });
            from.CopyTo(to);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the script of {ScriptRecord.Name(subStage)} cannot be kept in {directory}", e);
        }
    }

    /// <summary>Takes the scripts out of the job's directory, which is about to be removed.</summary>
    /// <returns>Whether there were any.</returns>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public bool Keep(JobDirectory job, Func<IReadOnlyList<KeptScript>, KeptJob> describe)
    {
        var directory = job.Paths.ScriptTexts;
        if (!HostDirectory.Exists(directory.Value))
        {
            return false;
        }

        try
        {
            var files = HostDirectory.Files(directory).Select(file => file.Name);
            var kept = describe(KeptScript.Join(files, job.ReadScripts()));
            AtomicFile.Write(directory.Child(KeptJob.RecordName), kept.ToJson(), Private);
            StateDirectories.Make(Directory, StateDirectories.Private);
            Remove(kept.Key);
            HostDirectory.Move(directory.Value, Of(kept).Value);
            return true;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the scripts in {directory} cannot be kept", e);
        }
    }

    /// <summary>All there are, the newest first.</summary>
    /// <exception cref="HostFileException">They cannot be listed.</exception>
    public IReadOnlyList<KeptJob> List()
    {
        try
        {
            return
            [
                .. HostDirectory.Directories(Directory)
                    .Select(TryRead)
                    .OfType<KeptJob>()
                    .OrderByDescending(job => job.Kept),
            ];
        }
        catch (HostFileException gone) when (gone.IsMissing)
        {
            return [];
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the directory {Directory} cannot be listed", e);
        }
    }

    /// <summary>Removes those whose time is over or that are too many; all, where scripts are no longer kept.</summary>
    /// <returns>The keys of those that are gone.</returns>
    /// <exception cref="HostFileException">One cannot be removed.</exception>
    public IReadOnlyList<string> Prune(DateTimeOffset now)
    {
        var kept = List();
        var over = ScriptRetention.Over(kept, now, settings.For is not null, settings.Max).Select(job => job.Key);
        List<string> gone = [.. over, .. Damaged(kept)];
        foreach (var key in gone)
        {
            try
            {
                Remove(key);
            }
            catch (Exception e) when (HostFileException.Explains(e))
            {
                throw new HostFileException($"the kept scripts {Directory.Child(key)} cannot be removed", e);
            }
        }

        return gone;
    }

    /// <summary>The keys of jobs whose record cannot be read: they cannot be replayed, and their files must not stay for ever.</summary>
    private IEnumerable<string> Damaged(IReadOnlyList<KeptJob> kept) => !HostDirectory.Exists(Directory.Value)
        ? []
        : HostDirectory.Directories(Directory).Select(path => path.Name)
            .Where(name => JobKey.TryParse(name, out _) && kept.All(job => job.Key != name));

    private void Remove(string key)
    {
        try
        {
            HostDirectory.Delete(Directory.Child(key).Value, recursive: true);
        }
        catch (HostFileException gone) when (gone.IsMissing)
        {
            // Not there, or another process was quicker.
        }
    }

    /// <summary>Null: the directory was never a kept job.</summary>
    private static KeptJob? TryRead(AbsolutePath directory)
    {
        try
        {
            // The name decides what is removed, so the record must say the same.
            return KeptJob.TryParse(HostFile.ReadAllText(directory.Child(KeptJob.RecordName).Value)) is { } job && job.Key == directory.Name && JobKey.TryParse(job.Key, out _)
                ? job
                : null;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }
}

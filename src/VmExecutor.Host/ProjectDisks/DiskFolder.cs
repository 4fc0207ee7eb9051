using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.ProjectDisks;

/// <summary>
/// The directory of one project's disk, <c>state_dir/disks/KEY</c>: its record and the files of its versions. Only the driver's user may enter it. It appears with a whole version in it,
/// and disappears as a whole, both by a rename.
/// </summary>
/// <param name="stateDir">The state directory.</param>
/// <param name="key">Whose disk it is.</param>
public sealed class DiskFolder(AbsolutePath stateDir, ProjectDiskKey key)
{
    internal const UnixFileMode ReadOnly = UnixFileMode.UserRead;

    /// <summary>The beginning of the name of a disk that was put aside, since guests did not mount it.</summary>
    private const string Aside = "damaged-";

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public ProjectDiskKey Key { get; } = key;

    public AbsolutePath Path { get; } = All(stateDir).Child(key.Value);

    /// <summary>A disk of this key that was put aside.</summary>
    public AbsolutePath AsidePath { get; } = All(stateDir).Child($"{Aside}{key}");

    private AbsolutePath Record => Path.Child(ProjectDiskState.RecordName);

    /// <summary>The directory of all disks.</summary>
    public static AbsolutePath All(AbsolutePath stateDir) => stateDir.Child(StateFiles.ProjectDisks);

    /// <summary>A version's file as the head of another names it: both from the directory of a disk and from that of a job, whatever the state directory is called.</summary>
    public string Reference(string file) => $"../../{StateFiles.ProjectDisks}/{Key}/{file}";

    public AbsolutePath File(string name) => Path.Child(name);

    /// <summary>A name for a version's file of a job while it comes from another file system.</summary>
    public AbsolutePath HalfFile(ProjectDiskUse use) => Path.Child($"{ProjectDiskVersion.FileOf(use.Lineage, use.Version + 1)}.{Guid.NewGuid():N}.tmp");

    /// <summary>True: a rename reaches the disks from the jobs' directories. Else people have mounted a file system at <c>disks</c>.</summary>
    public bool IsBesideJobs() => Place(All(stateDir)) == Place(stateDir.Child(StateFiles.Jobs));

    /// <summary>Null: there are no disks.</summary>
    internal static (ulong Device, ulong? Mount)? Place(AbsolutePath path) => FileStat.TryRead(path) is { } stat ? (stat.Device, stat.MountId) : null;

    /// <summary>Null: there is none, or its record is damaged.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public ProjectDiskState? Read() => Read(Record);

    /// <summary>The record of the disk that was put aside; null: there is none, or it is damaged.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public ProjectDiskState? ReadAside() => Read(AsidePath.Child(ProjectDiskState.RecordName));

    /// <summary>Exchanges the record: the one step that makes a version the current one.</summary>
    public void Write(ProjectDiskState state) => AtomicFile.Write(Record, state.ToJson(), Private, durably: true);

    /// <summary>Makes it, with its record and what the caller puts into it before it has its name.</summary>
    /// <param name="fill">Makes the first version's file in the directory that it is given, and says what the record is.</param>
    public async Task<ProjectDiskState> CreateAsync(Func<AbsolutePath, Task<ProjectDiskState>> fill)
    {
        StateDirectories.Make(All(stateDir), StateDirectories.Private);
        if (FileStat.TryRead(All(stateDir), followLinks: false) is { IsDirectory: false })
        {
            throw new SystemFailureException(
                ErrorCodes.HostFileFailed,
                $"{All(stateDir)} is a link, and the files of a version name each other by this directory",
                "Mount the other file system there, or the other directory (mount --bind), and remove the link.");
        }

        foreach (var left in HostDirectory.Directories(All(stateDir)).Where(path => path.Name.StartsWith($"{HalfMadeName.Making}{Key}-", StringComparison.Ordinal)))
        {
            // Only a process that was killed leaves one: the caller holds the disk's lock.
            HostDirectory.TryDelete(left.Value);
        }

        var half = Half(HalfMadeName.Making);
        StateDirectories.Make(half, StateDirectories.Private);
        try
        {
            var state = await fill(half).ConfigureAwait(false);
            AtomicFile.Write(half.Child(ProjectDiskState.RecordName), state.ToJson(), Private, durably: true);
            HostDirectory.Move(half.Value, Path.Value);
            HostDirectory.Flush(All(stateDir).Value);
            return state;
        }
        catch
        {
            HostDirectory.TryDelete(half.Value);
            throw;
        }
    }

    /// <summary>Removes the disk, and one that was put aside; none is fine.</summary>
    /// <returns>True: there was one.</returns>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public bool Remove()
    {
        var isRemoved = RemoveOne(Path);
        return RemoveOne(AsidePath) || isRemoved;
    }

    /// <summary>Removes the disk, and leaves one that was put aside.</summary>
    /// <returns>True: there was one.</returns>
    public bool RemoveCurrent() => RemoveOne(Path);

    /// <summary>Removes a disk that was put aside.</summary>
    /// <returns>True: there was one.</returns>
    public bool RemoveAside() => RemoveOne(AsidePath);

    /// <summary>Puts the disk aside, in place of one that was put aside before.</summary>
    public void PutAside()
    {
        RemoveOne(AsidePath);
        HostDirectory.Move(Path.Value, AsidePath.Value);
    }

    /// <summary>The names of its files; none: there is no such disk.</summary>
    public IReadOnlyList<string> Files() => [.. Files(Path).Select(file => file.Name)];

    /// <summary>The bytes of all its files, and of a disk that was put aside, on the host's disk.</summary>
    public long Bytes() => Bytes(Path) + AsideBytes();

    /// <summary>The bytes of a disk that was put aside.</summary>
    public long AsideBytes() => Bytes(AsidePath);

    /// <summary>The disks that there are, also those of which only one that was put aside is left, and the half-made directories.</summary>
    /// <exception cref="HostFileException">The directory cannot be listed.</exception>
    public static (IReadOnlyList<DiskFolder> Disks, IReadOnlyList<(ProjectDiskKey Key, AbsolutePath Path)> Half) List(AbsolutePath stateDir)
    {
        var all = All(stateDir);
        if (!HostDirectory.Exists(all.Value))
        {
            return ([], []);
        }

        var keys = new SortedDictionary<string, ProjectDiskKey>(StringComparer.Ordinal);
        var half = new List<(ProjectDiskKey, AbsolutePath)>();
        foreach (var path in HostDirectory.Directories(all))
        {
            if (ProjectDiskKey.TryParse(path.Name.StartsWith(Aside, StringComparison.Ordinal) ? path.Name[Aside.Length..] : path.Name, out var key))
            {
                keys[key.Value] = key;
            }
            else if (ProjectDiskKey.TryParse(HalfMadeName.SubjectOf(path.Name), out var subject))
            {
                half.Add((subject, path));
            }
        }

        return ([.. keys.Values.Select(key => new DiskFolder(stateDir, key))], half);
    }

    /// <summary>A disk may be removed by another process at any moment, and one that is just gone is none.</summary>
    private static T? UnlessGone<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (HostFileException e) when (e.IsMissing)
        {
            return default;
        }
    }

    private static ProjectDiskState? Read(AbsolutePath record) => UnlessGone(() => HostFile.ReadAllText(record.Value)) is { } text ? ProjectDiskState.TryParse(text) : null;

    private static IReadOnlyList<AbsolutePath> Files(AbsolutePath path) => UnlessGone(() => HostDirectory.Files(path)) ?? [];

    private static long Bytes(AbsolutePath path) => Files(path).Sum(file => FileStat.TryRead(file)?.AllocatedBytes ?? 0);

    private bool RemoveOne(AbsolutePath path)
    {
        if (!HostDirectory.Exists(path.Value))
        {
            return false;
        }

        var half = Half(HalfMadeName.Removing);
        HostDirectory.Move(path.Value, half.Value);
        HostDirectory.Delete(half.Value, recursive: true);
        return true;
    }

    private AbsolutePath Half(string kind) => All(stateDir).Child(HalfMadeName.Of(kind, Key.Value, HalfMadeName.Digits(Guid.NewGuid())));
}

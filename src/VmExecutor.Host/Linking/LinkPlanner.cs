using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Linking;

/// <summary>Looks at everything that a clone needs, and changes nothing.</summary>
public sealed class LinkPlanner(IHypervisor hypervisor, QemuImg qemuImg, TimeProvider time)
{
    // An overlay takes 200 KiB at first; a libvirt that starts it writes some more.
    private const long LeastRoom = 4 << 20;

    /// <summary>The pool that virt-install and virt-manager make and use by default.</summary>
    private const string DefaultPool = "default";

    /// <param name="source">The source's inactive XML.</param>
    /// <param name="name">The clone's name.</param>
    /// <param name="directory">Where the clone's files come; null: beside those of the source.</param>
    /// <param name="evenIfWritten">The source still runs, and is shut down before anything is made.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SystemFailureException">A disk cannot be cloned, or a place not be written to.</exception>
    public async Task<LinkPlan> PlanAsync(
        XElement source, VmName name, AbsolutePath? directory, bool evenIfWritten, CancellationToken cancellationToken)
    {
        var chains = new Dictionary<string, BackingChain>(StringComparer.Ordinal);
        foreach (var disk in SourceDisk.WritableOf(source, ClonePurpose.Person))
        {
            chains[disk.Target] = await qemuImg.InspectAsync(disk.Path, disk.Format, evenIfWritten, cancellationToken).ConfigureAwait(false);
        }

        var pool = directory is null && chains.Values.Any(HasNoPlaceBeside) ? await PoolAsync(cancellationToken).ConfigureAwait(false) : null;
        var moved = pool is null ? [] : chains.Where(chain => HasNoPlaceBeside(chain.Value)).ToDictionary(chain => chain.Value.Top.Path, chain => chain.Key);
        var plan = LinkPlan.For(
            source,
            name,
            Guid.NewGuid(),
            chains,
            file => directory ?? (moved.ContainsKey(file) ? pool! : file.Parent()),
            path => HostFile.Exists(path.Value),
            time.GetUtcNow()) with
        {
            Remarks =
            [
                .. moved.Select(disk =>
                    $"{disk.Value} stands on the block device {disk.Key}, so its overlay is in {pool}, the directory of libvirt's storage pool '{DefaultPool}'; --dir DIR names another"),
            ],
        };
        EnsureUsable(plan, directory is not null);
        foreach (var file in FilesOf(plan))
        {
            EnsureFree(file);
        }

        return plan;
    }

    /// <summary>Directories that the user QEMU runs as may not pass through, as far as mode bits and mounts tell: a sentence for each.</summary>
    public async Task<IReadOnlyList<string>> ImpassableAsync(LinkPlan plan, CancellationToken cancellationToken)
    {
        var user = QemuUser.Of(await hypervisor.GetCapabilitiesAsync(cancellationToken).ConfigureAwait(false));
        var places = FilesOf(plan).Select(file => file.Parent()).Distinct().ToList();
        return user is null
            ? []
            : [
                .. places.Where(place => user.User != 0 && Mounts.Of(place) is { AdmitsOthers: false })
                    .Select(place => $"{place} is on {Mounts.Of(place)!.Type}, which only the user who mounted it may enter, so the clone may not start; mount it with -o allow_other"),
                .. places
                    .Select(place => ReadAccess.Obstacle(place, user.User, user.Group)).OfType<(string What, string Command)>()
                    .Select(obstacle => $"{obstacle.What}, so the clone may not start; let it: {obstacle.Command}").Distinct(StringComparer.Ordinal),
            ];
    }

    /// <summary>A block device's directory is that of device files, which are in memory.</summary>
    private static bool HasNoPlaceBeside(BackingChain chain) => chain.Top.IsBlockDevice && Mounts.Of(chain.Top.Path.Parent())?.ObstacleForDisks is not null;

    /// <summary>Null: there is no such pool, or it will not do.</summary>
    private async Task<AbsolutePath?> PoolAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await hypervisor.FindPoolDirectoryAsync(DefaultPool, cancellationToken).ConfigureAwait(false) is { } pool && Trouble(pool) is null ? pool : null;
        }
        catch (HypervisorException)
        {
            // A driver of libvirt without storage; then a directory is asked for.
            return null;
        }
    }

    private static IEnumerable<AbsolutePath> FilesOf(LinkPlan plan) =>
        [.. plan.Disks.Select(disk => disk.Overlay), .. plan.Nvram is { } nvram ? new[] { nvram.To } : []];

    private static void EnsureFree(AbsolutePath file)
    {
        if (FileStat.TryRead(file, followLinks: false) is not null)
        {
            throw new SystemFailureException(
                ErrorCodes.LinkPlaceUnusable,
                $"{file} is there already, and is not overwritten",
                "Give the clone another name or another --dir; if the file is left of a clone that is not needed any more, remove it.");
        }
    }

    /// <summary>All places that will not do are named at once.</summary>
    private static void EnsureUsable(LinkPlan plan, bool isAsked)
    {
        var troubles = Places(plan)
            .Select(place => Trouble(place.Directory) is { } trouble ? $"{place.Directory}{(isAsked ? "" : $" (beside {string.Join(" and ", place.Besides)})")}: {trouble}" : null)
            .OfType<string>().ToList();
        if (troubles.Count > 0)
        {
            throw new SystemFailureException(
                ErrorCodes.LinkPlaceUnusable,
                $"the clone's files cannot be made in {string.Join("; nor in ", troubles)}",
                isAsked
                    ? "Name another directory: --dir DIR, on a disk, where you may write and the user that QEMU runs as may pass through."
                    : "Name a directory on a disk for them: --dir DIR. You must be allowed to write there, and the user that QEMU runs as to pass through; root may do most of that.");
        }
    }

    /// <summary>The directories that files are made in, each with the source's files that they would be beside.</summary>
    private static IEnumerable<(AbsolutePath Directory, IReadOnlyList<AbsolutePath> Besides)> Places(LinkPlan plan) =>
        plan.Disks.Select(disk => (Directory: disk.Overlay.Parent(), Beside: disk.Base.Top.Path))
            .Concat(plan.Nvram is { } nvram ? [(nvram.To.Parent(), nvram.From)] : [])
            .GroupBy(file => file.Directory, file => file.Beside)
            .Select(place => (place.Key, (IReadOnlyList<AbsolutePath>)[.. place]));

    private static string? Trouble(AbsolutePath place) =>
        FileStat.TryRead(place) is { IsDirectory: false } ? "it is no directory"
        : Mounts.Of(place)?.ObstacleForDisks is { } unfit ? unfit
        : WriteAccess.Obstacle(place) is { } obstacle ? obstacle
        : HostRoom.FreeDisk(place) is var free && free < LeastRoom ? $"there is no room, {free} bytes are free"
        : null;
}

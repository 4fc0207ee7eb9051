using System.Xml.Linq;
using VmExecutor.Core.Clones;
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
        foreach (var disk in SourceDisk.WritableOf(source))
        {
            chains[disk.Target] = await qemuImg.InspectAsync(disk.Path, disk.Format, evenIfWritten, cancellationToken).ConfigureAwait(false);
        }

        var plan = LinkPlan.For(source, name, Guid.NewGuid(), chains, directory, path => File.Exists(path.Value), time.GetUtcNow());
        foreach (var file in FilesOf(plan))
        {
            EnsureFree(file);
        }

        foreach (var place in FilesOf(plan).Select(file => file.Parent()).Distinct())
        {
            EnsureUsable(place);
        }

        return plan;
    }

    /// <summary>Directories that the user QEMU runs as may not pass through, as far as mode bits tell: a sentence for each.</summary>
    public async Task<IReadOnlyList<string>> ImpassableAsync(LinkPlan plan, CancellationToken cancellationToken)
    {
        var user = QemuUser.Of(await hypervisor.GetCapabilitiesAsync(cancellationToken).ConfigureAwait(false));
        return user is null
            ? []
            : [
                .. FilesOf(plan).Select(file => file.Parent()).Distinct()
                    .Select(place => ReadAccess.Obstacle(place, user.User, user.Group)).OfType<(string What, string Command)>()
                    .Select(obstacle => $"{obstacle.What}, so the clone may not start; let it: {obstacle.Command}").Distinct(StringComparer.Ordinal),
            ];
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
                "Give the clone another name or another --dir; if the file is left of a clone that nobody needs, remove it.");
        }
    }

    private static void EnsureUsable(AbsolutePath place)
    {
        if (WriteAccess.Obstacle(place) is { } obstacle)
        {
            throw new SystemFailureException(
                ErrorCodes.LinkPlaceUnusable,
                $"the clone's files cannot be made in {place}: {obstacle}",
                "Run it as a user who may write there (root), or name another directory: --dir DIR. It must be passable for the user that QEMU runs as.");
        }

        if (HostMeter.FreeDisk(place) is var free && free < LeastRoom)
        {
            throw new SystemFailureException(
                ErrorCodes.LinkPlaceUnusable,
                $"there is no room for the clone in {place}: {free} bytes are free",
                "Make room there, or name another directory: --dir DIR.");
        }
    }
}

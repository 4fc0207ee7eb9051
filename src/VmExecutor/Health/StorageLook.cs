using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Processes;

namespace VmExecutor.Health;

/// <summary>Looks at where jobs and images live, and whether QEMU gets at them.</summary>
internal sealed class StorageLook(ConfigLook config, LibvirtLook libvirt, UserLook users, IToolRunner tools)
{
    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.StateDir, StateDirAsync),
        new(Checks.BaseFiles, BaseFilesAsync),
        new(Checks.DiskSpace, () => WithStateDir(Checks.DiskSpace, Space)),
        new(Checks.FileSystem, () => WithStateDir(Checks.FileSystem, path => StorageRules.DecideFileSystem(path, Mounts.Of(path), FileSystemLook.TryReflink(path)))),
        new(Checks.QemuImg, async token => StorageRules.DecideQemuImg(
            (await tools.RunAsync(new ToolCall("qemu-img", ["--version"]) { Timeout = HealthCheck.ToolLimit }, token)).EnsureSuccess().StandardOutput,
            HypervisorFeatures.OldestTried(HypervisorComponent.Qemu))),
    ];

    private Finding WithStateDir(Check check, Func<AbsolutePath, Finding> decide) =>
        config.Settings is { StateDir: var stateDir } ? decide(FileSystemLook.Existing(stateDir)) : check.WithoutStateDir();

    private Finding Space(AbsolutePath path)
    {
        var host = HostRoom.Read(path);
        return StorageRules.DecideSpace(path, host.DiskTotalBytes, host.DiskFreeBytes, config.Settings!.Limits, config.File);
    }

    private async Task<IReadOnlyList<Finding>> StateDirAsync(CancellationToken cancellationToken)
    {
        if (config.Settings is not { StateDir: var path })
        {
            return [Checks.StateDir.WithoutStateDir()];
        }

        var stat = FileStat.TryRead(path);
        var reading = await ReadingAsync(cancellationToken);
        var state = new StateDirState(
            path,
            stat?.Mode,
            stat is { IsDirectory: true },
            ProcessUser.MayMakeFilesIn(stat is null ? FileSystemLook.Existing(path) : path),
            stat is null ? null : await reading.ObstacleAsync(path, cancellationToken));
        return StorageRules.DecideStateDir(state, (await users.FindAsync(cancellationToken)).Looking.Label);
    }

    private async Task<IReadOnlyList<Finding>> BaseFilesAsync(CancellationToken cancellationToken)
    {
        if (!config.HasImages || libvirt.IsRemote)
        {
            return [libvirt.IsRemote ? Checks.BaseFiles.Skipped("they are another machine's: run doctor there") : Checks.BaseFiles.WithoutImages()];
        }

        var reading = await ReadingAsync(cancellationToken);
        var (bases, unusable) = await BasesAsync(cancellationToken);
        var files = new List<BaseFileState>();
        foreach (var (path, images) in bases)
        {
            files.Add(new BaseFileState(path, images, await reading.ObstacleAsync(path, cancellationToken), ProcessUser.MayReadFrom(path)));
        }

        return StorageRules.DecideBaseFiles(files, unusable, reading.User);
    }

    private async Task<QemuReading> ReadingAsync(CancellationToken cancellationToken) => new(tools, (await libvirt.TryAskAsync(cancellationToken))?.Xml);

    /// <summary>
    /// All files that clones of the images stand on: whole backing chains; of kernels the directory, since libvirt gives those to QEMU's user itself.
    /// </summary>
    /// <returns>Each path with the images that want it, and why the disks of others cannot be looked into.</returns>
    private async Task<(IReadOnlyDictionary<AbsolutePath, List<string>> Bases, IReadOnlyList<(ImageName Image, DriverException Failure)> Unusable)> BasesAsync(CancellationToken cancellationToken)
    {
        var bases = new Dictionary<AbsolutePath, List<string>>();
        var unusable = new List<(ImageName Image, DriverException Failure)>();
        foreach (var image in config.Images)
        {
            try
            {
                foreach (var path in await ChainsAsync(await TryFilesAsync(image, cancellationToken), cancellationToken))
                {
                    bases.TryAdd(path, []);
                    bases[path].Add(image.Name.Value);
                }
            }
            catch (DriverException e)
            {
                unusable.Add((image.Name, e));
            }
        }

        return (bases, unusable);
    }

    private async Task<IReadOnlyList<AbsolutePath>> ChainsAsync(IReadOnlyList<(bool IsDisk, AbsolutePath Path, string? Format)> files, CancellationToken cancellationToken)
    {
        var (qemuImg, found) = (new QemuImg(tools), new List<AbsolutePath>());
        foreach (var (isDisk, path, format) in files)
        {
            found.AddRange(isDisk ? (await qemuImg.InspectAsync(path, format, cancellationToken)).Files.Select(file => file.Path) : [path.Parent()]);
        }

        return [.. found.Distinct()];
    }

    /// <summary>Empty also where they are not known, which the check of the images or of libvirt says.</summary>
    private async Task<IReadOnlyList<(bool IsDisk, AbsolutePath Path, string? Format)>> TryFilesAsync(ImageDefinition image, CancellationToken cancellationToken)
    {
        try
        {
            if (ChosenGeneration.For(image, new Catalogue(config.Settings!.StateDir)).Generation is { } generation)
            {
                return [.. generation.Record.Files.Select(file => (file.Format is not null, generation.PathOf(file), file.Format))];
            }

            switch (image.Source)
            {
                case ImageSource.DiskFile file:
                    AbsolutePath?[] boot = [file.Kernel?.Kernel, file.Kernel?.Initrd];
                    return [(true, file.Path, file.Format?.ToString().ToLowerInvariant()), .. boot.OfType<AbsolutePath>().Select(path => (false, path, (string?)null))];
                case ImageSource.Domain domain when await libvirt.TryAskAsync(cancellationToken) is not null
                    && await new SourceDefinitions(libvirt.Hypervisor).FindAsync(domain.Name, cancellationToken) is { } source:
                    return [.. FrozenDomain.FilesOf(source.Xml).Select(file => (FrozenDomain.IsDisk(file.Role), file.Path, file.Format))];
                default:
                    return [];
            }
        }
        catch (DriverException)
        {
            return [];
        }
    }
}

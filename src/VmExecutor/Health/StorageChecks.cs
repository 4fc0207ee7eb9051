using VmExecutor.Core.Guests;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Processes;

namespace VmExecutor.Health;

/// <summary>Where jobs and images live, and whether QEMU gets at them.</summary>
internal sealed class StorageChecks(SettingsLook settings, LibvirtLook libvirt, ImageBases bases, RunnerLook runner, IToolRunner tools)
{
    private static readonly TimeSpan ToolLimit = TimeSpan.FromSeconds(10);

    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.StateDir, StateDirAsync),
        new(Checks.BaseFiles, BaseFilesAsync),
        new(Checks.DiskSpace, () => WithStateDir(Checks.DiskSpace, Space)),
        new(Checks.FileSystem, () => WithStateDir(Checks.FileSystem, path => StorageRules.DecideFileSystem(path, Mounts.Of(path), FileSystemLook.TryReflink(path)))),
        new(Checks.QemuImg, async token => ToolVersions.DecideQemuImg(
            (await tools.RunAsync(new ToolCall("qemu-img", ["--version"]) { Timeout = ToolLimit }, token)).EnsureSuccess().StandardOutput)),
    ];

    private Finding WithStateDir(Check check, Func<AbsolutePath, Finding> decide) =>
        settings.Settings is { StateDir: var stateDir } ? decide(FileSystemLook.Existing(stateDir)) : check.Skipped("state_dir is not known: see 'config'");

    private Finding Space(AbsolutePath path)
    {
        var host = HostRoom.Read(path);
        return StorageRules.DecideSpace(path, host.DiskTotalBytes, host.DiskFreeBytes, settings.Settings!.Limits, settings.File);
    }

    private async Task<IReadOnlyList<Finding>> StateDirAsync(CancellationToken cancellationToken)
    {
        if (settings.Settings is not { StateDir: var path })
        {
            return [Checks.StateDir.Skipped("state_dir is not known: see 'config'")];
        }

        var stat = FileStat.TryRead(path);
        var reading = new QemuReading(tools, (await libvirt.TryAskAsync(cancellationToken))?.Xml);
        var look = new StateDirLook(
            path,
            stat?.Mode,
            stat is { IsDirectory: true },
            ProcessUser.MayMakeFilesIn(stat is null ? FileSystemLook.Existing(path) : path),
            stat is null ? null : await reading.ObstacleAsync(path, cancellationToken));
        return StateDirRules.Decide(look, (await runner.UsersAsync(cancellationToken)).Looking.Label);
    }

    private async Task<IReadOnlyList<Finding>> BaseFilesAsync(CancellationToken cancellationToken)
    {
        if (!settings.HasImages || libvirt.IsRemote)
        {
            return [Checks.BaseFiles.Skipped(libvirt.IsRemote ? "they are another machine's: run doctor there" : "the images are not known: see 'config'")];
        }

        var reading = new QemuReading(tools, (await libvirt.TryAskAsync(cancellationToken))?.Xml);
        var (paths, findings) = await bases.FindAsync(cancellationToken);
        foreach (var (path, images) in paths)
        {
            if (await reading.ObstacleAsync(path, cancellationToken) is var (what, command))
            {
                findings.Add(Checks.BaseFiles.Problem($"image{(images.Count == 1 ? "" : "s")} {string.Join(", ", images)}: {what}; VMs do not start", command));
            }
            else if (!ProcessUser.MayReadFrom(path))
            {
                findings.Add(Checks.BaseFiles.Problem($"image{(images.Count == 1 ? "" : "s")} {string.Join(", ", images)}: you may not read {path}", $"namei -l {ShellText.Quote(path.Value)}"));
            }
        }

        var who = reading.User is { } user ? $"the user QEMU runs as ({user})" : "QEMU, which runs as you do,";
        return findings.Count > 0 ? findings
            : paths.Count == 0 ? [Checks.BaseFiles.Skipped("there are no images with files to look at: see 'images'")]
            : [Checks.BaseFiles.Ok($"{who} can read what clones stand on ({string.Join(", ", paths.Keys.Take(3))}{(paths.Count > 3 ? ", …" : "")})")];
    }
}

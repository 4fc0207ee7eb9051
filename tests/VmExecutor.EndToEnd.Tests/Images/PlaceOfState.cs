using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Images;

/// <summary>A real file system of a kind, mounted on a bench's <c>state_dir</c>.</summary>
internal sealed class PlaceOfState : IAsyncDisposable
{
    private readonly string _place;

    private PlaceOfState(string place) => _place = place;

    /// <summary>Names the parts that this machine lacks for it; empty: none.</summary>
    public static async Task<IReadOnlyList<string>> MissingAsync(string kind)
    {
        List<string> missing = [];
        if (kind is "btrfs" or "xfs")
        {
            if ((await HostCommand.TryAsync("which", $"mkfs.{kind}")).ExitCode != 0)
            {
                missing.Add($"the command mkfs.{kind}");
            }

            if ((await HostCommand.TryAsync("losetup", "--find")).ExitCode != 0)
            {
                missing.Add("a free loop device");
            }
        }

        // The kernel loads what it has as a module when it is asked for it.
        _ = await HostCommand.TryAsync("modprobe", kind);
        var known = (await File.ReadAllTextAsync("/proc/filesystems")).Split('\t', '\n', ' ');
        if (!known.Contains(kind))
        {
            missing.Add($"a kernel with {kind}");
        }

        return missing;
    }

    /// <param name="kind">btrfs, xfs, overlay, tmpfs, or ramfs, which refuses O_DIRECT.</param>
    /// <param name="place">An empty directory.</param>
    /// <param name="store">A directory for a file in which the file system lies.</param>
    public static async Task<PlaceOfState> MountAsync(string kind, string place, string store)
    {
        switch (kind)
        {
            case "btrfs" or "xfs":
                var file = Path.Combine(store, "file-system");
                await HostCommand.OutputAsync("truncate", "-s", "4G", file);
                await HostCommand.OutputAsync($"mkfs.{kind}", "-q", file);
                await HostCommand.OutputAsync("mount", "-o", "loop", file, place);
                break;
            case "overlay":
                string[] parts = [.. new[] { "lower", "upper", "work" }.Select(part => Directory.CreateDirectory(Path.Combine(store, part)).FullName)];
                await HostCommand.OutputAsync("mount", "-t", "overlay", "-o", $"lowerdir={parts[0]},upperdir={parts[1]},workdir={parts[2]}", "vmx-test", place);
                break;
            default:
                await HostCommand.OutputAsync("mount", "-t", kind, "vmx-test", place);
                break;
        }

        await HostCommand.OutputAsync("chmod", "0711", place);
        return new PlaceOfState(place);
    }

    public Task SetReadOnlyAsync() => HostCommand.OutputAsync("mount", "-o", "remount,ro", _place);

    public async ValueTask DisposeAsync() => await HostCommand.OutputAsync("umount", "--lazy", _place);
}

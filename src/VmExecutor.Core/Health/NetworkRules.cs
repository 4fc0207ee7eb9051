using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;

namespace VmExecutor.Core.Health;

/// <summary>A libvirt network as libvirt tells of it.</summary>
public sealed record NetworkState(bool IsActive, bool StartsByItself);

/// <summary>Whether what the images' network cards are connected to is there. Whether a guest gets through is for a guest to say.</summary>
public static class NetworkRules
{
    /// <param name="name">The libvirt network.</param>
    /// <param name="state">Null: there is none of that name.</param>
    /// <param name="uri">Of libvirt.</param>
    /// <param name="images">Who wants it.</param>
    public static Finding DecideNetwork(string name, NetworkState? state, string uri, IReadOnlyList<string> images)
    {
        var virsh = $"virsh -c {ShellText.Quote(uri)}";
        var (word, who) = (ShellText.Quote(name), $"image{(images.Count == 1 ? "" : "s")} {string.Join(", ", images)}");
        return state switch
        {
            null => Checks.Network.Problem(
                $"there is no libvirt network '{name}', which {who} want{(images.Count == 1 ? "s" : "")}: VMs do not start", $"{virsh} net-list --all   # then correct 'network: {{name: …}}' in the image, or define it: net-define FILE"),
            { IsActive: false } => Checks.Network.Problem(
                $"the libvirt network '{name}' is not active: VMs of {who} do not start", $"{virsh} net-start {word} && {virsh} net-autostart {word}"),
            { StartsByItself: false } => Checks.Network.Warning(
                $"the libvirt network '{name}' is active, but does not start by itself after a restart of the host", $"{virsh} net-autostart {word}"),
            _ => Checks.Network.Ok($"the libvirt network '{name}' is active ({who})"),
        };
    }

    /// <param name="emulator">The program.</param>
    /// <param name="backends">What it says to <c>-netdev help</c>: a line for each.</param>
    public static Finding DecideUserMode(string emulator, string backends) => backends.Split('\n').Any(line => line.Trim() == "user")
        ? Checks.Network.Ok($"{emulator} has user-mode networking (slirp)")
        : Checks.Network.Problem(
            $"{emulator} was built without user-mode networking (slirp): VMs do not start", $"network: {{mode: {nameof(NetworkMode.Libvirt).ToLowerInvariant()}, name: default}}   # in the image; or another QEMU");

    /// <param name="images">Those in user-mode networks.</param>
    /// <param name="listeners">What listens on the host's loopback only.</param>
    public static Finding DecideLoopback(IReadOnlyList<string> images, IReadOnlyList<string> listeners) => (images, listeners) switch
    {
        ([], _) => Checks.Loopback.Ok("no image is in QEMU's user-mode network, which would pass guests on to the host's loopback"),
        (_, []) => Checks.Loopback.Ok($"guests of {string.Join(", ", images)} reach the host's loopback (as 10.0.2.2), where nothing listens now"),
        _ => Checks.Loopback.Warning(
            $"guests of {string.Join(", ", images)} reach services that listen on the host's loopback only (as 10.0.2.2), now: {Shorten(listeners)}",
            "network: {mode: libvirt, name: default}   # in the image, if its jobs are not to be trusted with them; QEMU's user-mode network cannot keep them off"),
    };

    private static string Shorten(IReadOnlyList<string> listeners) =>
        listeners.Count <= 8 ? string.Join(", ", listeners) : $"{string.Join(", ", listeners.Take(8))} and {listeners.Count - 8} more";
}

using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Disks;

/// <summary>The installed <c>qemu-img</c>: looks at bases and makes overlays. Making one does not depend on the base's size.</summary>
public sealed class QemuImg(IToolRunner tools)
{
    /// <summary>The backing chain of a base disk, top first.</summary>
    /// <param name="path">The base.</param>
    /// <param name="format">What the administrator or the source domain says it is; null: qemu-img looks.</param>
    /// <param name="cancellationToken">Ends qemu-img.</param>
    /// <exception cref="SystemFailureException">The disk is missing, unreadable, corrupt or in use by a writer.</exception>
    public Task<BackingChain> InspectAsync(AbsolutePath path, string? format, CancellationToken cancellationToken) =>
        InspectAsync(path, format, evenIfWritten: false, cancellationToken);

    /// <summary>As above.</summary>
    /// <param name="path">The base.</param>
    /// <param name="format">As above.</param>
    /// <param name="evenIfWritten">Also while a VM writes to it: what is said of its size may be wrong in a moment.</param>
    /// <param name="cancellationToken">Ends qemu-img.</param>
    public async Task<BackingChain> InspectAsync(AbsolutePath path, string? format, bool evenIfWritten, CancellationToken cancellationToken)
    {
        if (HostFile.WhyOdd(path.Value) is { } odd)
        {
            // qemu-img would wait for the other end of a pipe.
            throw BaseDiskException.Unusable(path, odd, $"Name a disk file or a block device: 'ls -l {path}' shows what is there.");
        }

        string[] formatArguments = format is null ? [] : ["-f", format];
        string[] shareArguments = evenIfWritten ? ["-U"] : [];
        var call = new ToolCall("qemu-img", ["info", "--output=json", "--backing-chain", .. shareArguments, .. formatArguments, "--", path.Value]);
        var result = await tools.RunAsync(call, cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0
            ? QemuImgInfo.Parse(result.StandardOutput, path)
            : throw BaseDiskException.From(path, new ToolFailedException(result));
    }

    /// <summary>Writes an overlay's blocks into the disk that it stands on. No other process may use either.</summary>
    public async Task CommitOverlayAsync(AbsolutePath overlay, CancellationToken cancellationToken)
    {
        // -d: the overlay is thrown away anyway and need not be emptied.
        var call = new ToolCall("qemu-img", ["commit", "-q", "-d", "-t", "writeback", "-f", "qcow2", "--", overlay.Value]) { Timeout = TimeSpan.FromMinutes(30) };
        (await tools.RunAsync(call, cancellationToken).ConfigureAwait(false)).EnsureSuccess();
    }

    /// <summary>Makes an overlay on a base; it must not exist.</summary>
    /// <param name="overlay">The overlay's path.</param>
    /// <param name="chain">The base.</param>
    /// <param name="size">Its virtual size, no less than the base's; null: as the base.</param>
    /// <param name="cancellationToken">Ends qemu-img.</param>
    public async Task CreateOverlayAsync(AbsolutePath overlay, BackingChain chain, ByteSize? size, CancellationToken cancellationToken) =>
        (await tools.RunAsync(OverlayCall(overlay, chain, size), cancellationToken).ConfigureAwait(false)).EnsureSuccess();

    /// <summary>The command that makes an overlay, for those who want to see it first.</summary>
    /// <inheritdoc cref="CreateOverlayAsync"/>
    // -u: the chain was just inspected; opening it again would cost time and change nothing.
    public static ToolCall OverlayCall(AbsolutePath overlay, BackingChain chain, ByteSize? size) => new(
        "qemu-img",
        [
            "create", "-q", "-u", "-f", "qcow2", "-F", chain.Top.Format, "-b", chain.Top.Path.Value,
            "--", overlay.Value, (size ?? chain.VirtualSize).Bytes.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ]);
}

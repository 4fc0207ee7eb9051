using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Disks;

/// <summary>
/// Copies a base disk with its whole backing chain into one file: by reflink where the file system can, else by qemu-img. qemu-img leaves
/// out blocks that were never written, and holds QEMU's lock, so that no VM can be started on the disk meanwhile.
/// </summary>
public sealed partial class DiskCopier(ToolEnvironment environment, TimeProvider time)
{
    /// <summary>A day: the disk may be as large as the host's.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromDays(1);

    private const int LongestComplaint = 64 << 10;

    // qemu-img writes up to 2 MiB at once (IO_BUF_SIZE of qemu-img.c), several at a time; what does not fit is not written at all.
    private const long NearlyFull = 64L << 20;

    /// <returns>The copy's format.</returns>
    /// <param name="chain">The disk to copy.</param>
    /// <param name="target">The new file.</param>
    /// <param name="progress">Told how much of it is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Ends qemu-img; what was copied so far is left.</param>
    /// <exception cref="SystemFailureException">A VM writes to it, it is damaged, or the disk is full.</exception>
    public async Task<string> CopyAsync(BackingChain chain, AbsolutePath target, Action<double> progress, CancellationToken cancellationToken)
    {
        if (chain.Files is [{ IsBlockDevice: false } single] && TryReflink(single.Path, target))
        {
            progress(1);
            return single.Format;
        }

        await ConvertAsync(chain.Top, target, progress, cancellationToken).ConfigureAwait(false);
        return "qcow2";
    }

    private static bool TryReflink(AbsolutePath from, AbsolutePath to)
    {
        try
        {
            return Reflink.TryCopy(from, to);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{from} cannot be copied to {to}", e);
        }
    }

    private async Task ConvertAsync(BackingFile from, AbsolutePath to, Action<double> progress, CancellationToken cancellationToken)
    {
        // -t writeback: flushed at its end, since a generation is to outlive a power cut.
        var call = new ToolCall("qemu-img", ["convert", "-p", "-t", "writeback", "-f", from.Format, "-O", "qcow2", "--", from.Path.Value, to.Value]);
        var tool = ToolStream.Start(call, environment, time);
        await using (tool.ConfigureAwait(false))
        {
            await using var end = cancellationToken.Register(() => _ = tool.EndAsync()).ConfigureAwait(false);
            tool.Input.Close();
            var complaint = BoundedText.ReadEndAsync(tool.Error, LongestComplaint, CancellationToken.None);
            await FollowAsync(tool.Output, progress).ConfigureAwait(false);
            var exitCode = await WaitAsync(tool, call).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            await SignalHeadStart.WaitAsync(exitCode, time, cancellationToken).ConfigureAwait(false);
            if (exitCode != 0)
            {
                throw Failure(from.Path, to, new ToolFailedException(new ToolResult(call, exitCode, "", await complaint.ConfigureAwait(false))));
            }

            progress(1);
        }
    }

    /// <summary>Ended when it takes longer than any copy can.</summary>
    private async Task<int> WaitAsync(ToolStream tool, ToolCall call)
    {
        try
        {
            return await tool.WaitForExitAsync(CancellationToken.None).WaitAsync(Limit, time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new ToolTimedOutException(call with { Timeout = Limit });
        }
    }

    /// <summary>qemu-img has one exit code for all: whether the disk is full is seen of the disk.</summary>
    private static SystemFailureException Failure(AbsolutePath from, AbsolutePath to, ToolFailedException failure)
    {
        var directory = to.Parent();
        return HostDirectory.Room(directory.Value).Free is var free && free < NearlyFull
            ? new SystemFailureException(
                ErrorCodes.HostFileFailed,
                $"{from} cannot be copied to {to}: only {free / (1 << 20)} MiB are left on that file system. {failure.Message}",
                $"Make room below {directory.Parent()} (vm-executor image prune, vm-executor gc), or set 'publish: in_place: true' in the image's YAML.",
                failure)
            : BaseDiskException.From(from, failure);
    }

    /// <summary>qemu-img writes <c>    (12.34/100%)</c> again and again, each with a carriage return.</summary>
    private static async Task FollowAsync(Stream output, Action<double> progress)
    {
        var buffer = new byte[4096];
        int count;
        while ((count = await output.ReadAsync(buffer).ConfigureAwait(false)) > 0)
        {
            if (Percent().Matches(Encoding.ASCII.GetString(buffer, 0, count)) is { Count: > 0 } found)
            {
                progress(double.Parse(found[^1].Groups[1].Value, CultureInfo.InvariantCulture) / 100);
            }
        }
    }

    [GeneratedRegex(@"\(([0-9]{1,3}\.[0-9]{2})/100%\)")]
    private static partial Regex Percent();
}

using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;

namespace VmExecutor.Host.Images.Registries;

/// <summary>Keeps room free on the disk of the state directory while an image comes out of a registry or goes into one: below <c>limits: disk_watermark</c> jobs are stopped. A few packed bytes can be a large disk.</summary>
/// <param name="place">A directory on that disk.</param>
/// <param name="keepFree">What must stay free.</param>
/// <param name="what">For the message: <c>pulling registry.example.com/ci/debian-12:1</c>.</param>
internal sealed class RoomGuard(AbsolutePath place, ByteSize keepFree, string what)
{
    private const long Step = 16 << 20;
    private long _next;

    /// <summary>Looks again after each 16 MiB.</summary>
    /// <param name="total">What was written so far, in bytes.</param>
    /// <exception cref="SystemFailureException">There is not enough room.</exception>
    public void Written(long total)
    {
        if (total >= _next)
        {
            Ensure(0);
            _next = total + Step;
        }
    }

    /// <param name="more">What is to be written, in bytes.</param>
    /// <exception cref="SystemFailureException">There is not enough room.</exception>
    public void Ensure(long more)
    {
        if (HostRoom.FreeDisk(place) is { } free && free - more < keepFree.Bytes)
        {
            throw new SystemFailureException(
                ErrorCodes.HostFileFailed,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{what} needs more room than state_dir has: {(more > 0 ? $"{(more >> 20) + 1} MiB are to come, " : "")}{free >> 20} MiB are free, and {keepFree.Bytes >> 20} MiB stay free for jobs (limits: disk_watermark)"),
                "Make room: vm-executor image prune, vm-executor gc.");
        }
    }
}

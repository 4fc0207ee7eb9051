using System.Diagnostics;
using System.Globalization;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Tests.Fakes;

/// <summary>
/// A small tmpfs that is mounted in a mount namespace of its own, and seen from here through /proc: nothing of it is in the way of others, and it is
/// gone with its process. It can be made to refuse in each of the ways that file systems have, while files in it are open, and be mended again.
/// </summary>
internal sealed class SmallFileSystem : IDisposable
{
    private const string Place = "/mnt";

    private readonly Process _holder;
    private FileTrouble? _trouble;

    private SmallFileSystem(Process holder, AbsolutePath root) => (_holder, Root) = (holder, root);

    public AbsolutePath Root { get; }

    /// <param name="commands">Done in it, in the directory that it is mounted on, by the shell.</param>
    /// <param name="size">As mount(8) takes it.</param>
    public static SmallFileSystem Make(string commands = "true", string size = "64k")
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "root, to mount a file system in a namespace of its own");
        var holder = Process.Start(new ProcessStartInfo(
            "unshare",
            ["--mount", "--propagation", "private", "sh", "-c", $"mount -t tmpfs -o size={size} none {Place} && cd {Place} && mkdir -m 755 state && {{ {commands}; }} && echo ready && exec sleep 300"])
        {
            RedirectStandardOutput = true,
        })!;
        return holder.StandardOutput.ReadLine() == "ready"
            ? new SmallFileSystem(holder, new AbsolutePath(string.Create(CultureInfo.InvariantCulture, $"/proc/{holder.Id}/root{Place}")))
            : throw new InvalidOperationException($"no file system could be mounted: unshare ended with {holder.HasExited}");
    }

    /// <summary>The system's words for what the calls fail with from then on.</summary>
    public static string Words(FileTrouble trouble) => trouble switch
    {
        FileTrouble.ReadOnly => "Read-only file system",
        FileTrouble.Full => "No space left on device",
        FileTrouble.Immutable => "Operation not permitted",
        FileTrouble.Foreign => "Permission denied",
        FileTrouble.ServerGone => "Transport endpoint is not connected",
        FileTrouble.Broken => "Input/output error",
        FileTrouble.Stale => "Stale file handle",
        _ => throw new ArgumentOutOfRangeException(nameof(trouble), trouble, null),
    };

    /// <summary>From now on each path in it meets the trouble. What is open already stays usable, but for a full disk.</summary>
    public void Cause(FileTrouble trouble)
    {
        Run(trouble switch
        {
            FileTrouble.ReadOnly => $"mount --bind {Place} {Place} && mount -o remount,bind,ro {Place}",
            FileTrouble.Full => $"cat /dev/zero >{Place}/filler 2>/dev/null; true",
            FileTrouble.Immutable => $"find {Place}/state -type d -exec chattr +i {{}} + -o -type f -exec chattr +i {{}} +",
            FileTrouble.Foreign => Fuse(user: 65534),
            FileTrouble.ServerGone => Fuse(user: 0),
            FileTrouble.Broken => Answering(error: 5),
            FileTrouble.Stale => Answering(error: 116),
            _ => throw new ArgumentOutOfRangeException(nameof(trouble), trouble, null),
        });
        _trouble = trouble;
    }

    /// <summary>Everything is as it was before the trouble.</summary>
    public void Mend()
    {
        if (_trouble is { } trouble)
        {
            Run(trouble switch
            {
                FileTrouble.Full => $"rm {Place}/filler",
                FileTrouble.Immutable => $"find {Place}/state -type d -exec chattr -i {{}} + -o -type f -exec chattr -i {{}} +",
                _ => $"umount --lazy {Place}",
            });
            _trouble = null;
        }
    }

    public void Dispose()
    {
        _holder.Kill();
        _holder.WaitForExit();
        _holder.Dispose();
    }

    /// <summary>It has no server; only its owner would get as far as noticing that.</summary>
    private static string Fuse(uint user) =>
        string.Create(CultureInfo.InvariantCulture, $"exec 3<>/dev/fuse && mount -i -t fuse -o fd=3,rootmode=40000,user_id={user},group_id={user} none {Place}");

    /// <summary>A FUSE server (fuse(4)) that takes part in nothing but the greeting.</summary>
    private static string Answering(int error) => string.Create(CultureInfo.InvariantCulture, $"""
        exec python3 - <<'END'
        import os, struct, subprocess
        INIT, NO_REPLY = 26, (2, 42)
        device = os.open("/dev/fuse", os.O_RDWR)
        options = "fd=%d,rootmode=40000,user_id=0,group_id=0" % device
        subprocess.check_call(["mount", "-i", "-t", "fuse", "-o", options, "none", "{Place}"], pass_fds=[device])
        if os.fork():
            os._exit(0)
        nothing = os.open("/dev/null", os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        try:
            while True:
                request = os.read(device, 1 << 18)
                _, operation, number = struct.unpack_from("=IIQ", request)
                if operation == INIT:
                    os.write(device, struct.pack("=IiQIIIIHHIIHHI28x", 80, 0, number, 7, 31, 4096, 0, 1, 1, 4096, 1, 1, 0, 0))
                elif operation not in NO_REPLY:
                    os.write(device, struct.pack("=IiQ", 16, -{error}, number))
        except OSError:
            pass  # It was unmounted.
        END
        """);

    private void Run(string command)
    {
        using var tool = Process.Start("nsenter", ["--mount", "--target", _holder.Id.ToString(CultureInfo.InvariantCulture), "--", "sh", "-c", command]);
        tool.WaitForExit();
        if (tool.ExitCode != 0)
        {
            throw new InvalidOperationException($"{command} failed");
        }
    }
}

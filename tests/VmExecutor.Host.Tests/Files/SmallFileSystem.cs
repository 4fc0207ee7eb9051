using System.Diagnostics;
using System.Globalization;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Tests.Files;

/// <summary>
/// A tmpfs of 64 KiB that is mounted in a mount namespace of its own, and seen from here through /proc: nothing of it is in the way of others, and it is
/// gone with its process.
/// </summary>
internal sealed class SmallFileSystem : IDisposable
{
    private readonly Process _holder;

    private SmallFileSystem(Process holder, AbsolutePath root) => (_holder, Root) = (holder, root);

    public AbsolutePath Root { get; }

    /// <param name="commands">Done in it, in the directory that it is mounted on, by the shell.</param>
    public static SmallFileSystem Make(string commands = "true")
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "root, to mount a file system in a namespace of its own");
        const string Place = "/mnt";
        var holder = Process.Start(new ProcessStartInfo(
            "unshare",
            ["--mount", "--propagation", "private", "sh", "-c", $"mount -t tmpfs -o size=64k none {Place} && cd {Place} && mkdir -m 755 state && {{ {commands}; }} && echo ready && exec sleep 300"])
        {
            RedirectStandardOutput = true,
        })!;
        return holder.StandardOutput.ReadLine() == "ready"
            ? new SmallFileSystem(holder, new AbsolutePath(string.Create(CultureInfo.InvariantCulture, $"/proc/{holder.Id}/root{Place}")))
            : throw new InvalidOperationException($"no file system could be mounted: unshare ended with {holder.HasExited}");
    }

    /// <summary>Nothing can be written any more.</summary>
    public void MakeReadOnly() => Run("mount", "-o", "remount,ro", "/mnt");

    /// <summary>Not a byte is left.</summary>
    public void Fill() => Run("sh", "-c", "cat /dev/zero >/mnt/filler 2>/dev/null; true");

    public void Dispose()
    {
        _holder.Kill();
        _holder.WaitForExit();
        _holder.Dispose();
    }

    private void Run(params string[] command)
    {
        using var tool = Process.Start("nsenter", ["--mount", "--target", _holder.Id.ToString(CultureInfo.InvariantCulture), "--", .. command]);
        tool.WaitForExit();
        if (tool.ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', command)} failed");
        }
    }
}

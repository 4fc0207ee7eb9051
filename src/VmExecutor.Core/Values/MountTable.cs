using System.Globalization;
using System.Text;

namespace VmExecutor.Core.Values;

/// <summary>The mounts of a process: <c>/proc/PID/mountinfo</c>, see proc(5).</summary>
public sealed class MountTable
{
    private readonly List<(ulong Id, MountedFileSystem Mounted)> _mounts;

    private MountTable(List<(ulong Id, MountedFileSystem Mounted)> mounts) => _mounts = mounts;

    /// <summary>Lines that are not understood are left out.</summary>
    public static MountTable Parse(string text) => new([.. text.Split('\n').Select(ReadLine).OfType<(ulong, MountedFileSystem)>()]);

    /// <summary>The mount with this number, which statx(2) tells of a path; null: there is none.</summary>
    public MountedFileSystem? Find(ulong id) => _mounts.FirstOrDefault(mount => mount.Id == id).Mounted;

    /// <summary>
    /// The mount that a path is below, by the path's text alone; null: there is none. A path with symbolic links in it may be elsewhere, so this is
    /// for kernels that do not tell a path's mount (before 5.8).
    /// </summary>
    public MountedFileSystem? FindByName(AbsolutePath path) => _mounts
        .Select(mount => mount.Mounted)
        .Where(mount => mount.MountPoint.Value == "/" || path == mount.MountPoint || path.Value.StartsWith($"{mount.MountPoint}/", StringComparison.Ordinal))
        .Aggregate((MountedFileSystem?)null, (found, mount) => found is null || mount.MountPoint.Value.Length >= found.MountPoint.Value.Length ? mount : found);

    // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    private static (ulong Id, MountedFileSystem Mounted)? ReadLine(string line)
    {
        var words = line.Split(' ');
        var dash = Array.IndexOf(words, "-");
        if (dash < 6 || words.Length < dash + 4
            || !ulong.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            || !AbsolutePath.TryParse(Unescape(words[4]), out var point))
        {
            return null;
        }

        var (type, options, whole) = (words[dash + 1], words[5].Split(','), words[dash + 3].Split(','));
        var admits = !IsFuse(type) || whole.Contains("allow_other");
        return (id, new MountedFileSystem(type, point, options.Contains("ro") || whole.Contains("ro"), admits));
    }

    private static bool IsFuse(string type) => type == "fuse" || type == "fuseblk" || type.StartsWith("fuse.", StringComparison.Ordinal);

    /// <summary>Space, tab, line break and backslash are written as a backslash and three octal digits; each stands for one byte.</summary>
    private static string Unescape(string text)
    {
        var bytes = new List<byte>();
        var source = Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] == '\\' && i + 3 < source.Length && source.AsSpan(i + 1, 3).IndexOfAnyExceptInRange((byte)'0', (byte)'7') < 0)
            {
                bytes.Add((byte)(((source[i + 1] - '0') << 6) | ((source[i + 2] - '0') << 3) | (source[i + 3] - '0')));
                i += 3;
            }
            else
            {
                bytes.Add(source[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}

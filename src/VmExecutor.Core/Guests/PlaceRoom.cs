using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Guests;

/// <summary>The figures of <c>df</c> for a place's file system.</summary>
/// <param name="Size">In KiB.</param>
/// <param name="Free">In KiB, for a user who is not root.</param>
/// <param name="Inodes">Null: not known, or the file system has no fixed number.</param>
/// <param name="FreeInodes">Of them; null: likewise.</param>
/// <param name="MountPoint">Where the file system is mounted.</param>
public sealed partial record PlaceRoom(long Size, long Free, long? Inodes, long? FreeInodes, string MountPoint)
{
    private const int LongestPath = 200;

    /// <summary>There may be room for bytes, but not for another file.</summary>
    public bool HasNoInode => Inodes > 0 && FreeInodes == 0;

    /// <summary><c>0 KiB of 8 KiB are free on /tmp, and 3 of 100 inodes</c>.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Free} KiB of {Size} KiB are free on {MountPoint}{(Inodes > 0 ? $", and {FreeInodes} of {Inodes} inodes" : "")}");

    /// <summary>Out of the lines of <see cref="PlaceCheck"/>; null: <c>df</c> has said nothing of the place.</summary>
    internal static PlaceRoom? Parse(string output, string index)
    {
        var (blocks, inodes) = (Find(output, index, "k"), Find(output, index, "i"));
        return blocks is null ? null : new PlaceRoom(Number(blocks, 3), Number(blocks, 4), inodes is null ? null : Number(inodes, 3), inodes is null ? null : Number(inodes, 4), PlainText.OneLine(blocks.Groups[5].Value, LongestPath));
    }

    private static Match? Find(string output, string index, string kind) =>
        Line().Matches(output).FirstOrDefault(line => line.Groups[1].Value == index && line.Groups[2].Value == kind);

    private static long Number(Match line, int group) => long.Parse(line.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    // Name of the file system, size, used, free, how full, mount point.
    [GeneratedRegex(@"^vmx-df:([0-9]{1,3}):([ki]):.+? ([0-9]{1,18}) +[0-9]+ +([0-9]{1,18}) +(?:[0-9]+%|-) +(/.*)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}

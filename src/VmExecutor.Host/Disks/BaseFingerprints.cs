using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Disks;

/// <summary>
/// Tells whether base files are still as clones were made on them: an overlay on a base that was written to is a broken disk. A block
/// device has no time of its last change, so its changes are not seen.
/// </summary>
public static class BaseFingerprints
{
    /// <summary>Of each file of the chains, once.</summary>
    public static IReadOnlyList<BaseFingerprint> Of(IEnumerable<BackingChain> chains) =>
    [
        .. chains.SelectMany(chain => chain.Files).Where(file => !file.IsBlockDevice).Select(file => file.Path).Distinct().Select(Of).OfType<BaseFingerprint>(),
    ];

    /// <summary>The files that are gone, exchanged or written to since.</summary>
    public static IReadOnlyList<string> Changed(IEnumerable<BaseFingerprint> bases) =>
        [.. bases.Where(known => !AbsolutePath.TryParse(known.Path, out var path) || Of(path) != known).Select(known => known.Path)];

    /// <summary>Null when it is missing or cannot be looked at.</summary>
    public static BaseFingerprint? Of(AbsolutePath path) =>
        FileStat.TryRead(path) is { } stat ? new BaseFingerprint(path.Value, stat.Inode, stat.Bytes, stat.ModifiedNanoseconds) : null;
}

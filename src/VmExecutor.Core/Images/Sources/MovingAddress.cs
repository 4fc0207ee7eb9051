using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images.Sources;

/// <summary>Addresses at which a vendor puts each new build in place of the old one.</summary>
public static partial class MovingAddress
{
    /// <summary>The part of the address that says so; null: it looks like that of one build.</summary>
    public static string? Find(DownloadAddress address)
    {
        var parts = Uri.UnescapeDataString(address.Path).Split('/', StringSplitOptions.RemoveEmptyEntries);
        var moving = Array.FindLastIndex(parts, part => MovingWord().IsMatch(part));

        // A date after it, or in the same part, names one build: daily/20260102-1614/, latest-20260102.
        return moving >= 0 && !parts.Skip(moving).Any(part => Date().IsMatch(part)) ? parts[moving] : null;
    }

    /// <summary>'release' and 'daily' only as a whole part: release-20260102 and daily-build-7 are others.</summary>
    [GeneratedRegex(@"(?<![a-z])(latest|current|nightly|rolling)(?![a-z])|^(release|daily)$", RegexOptions.IgnoreCase)]
    private static partial Regex MovingWord();

    [GeneratedRegex(@"(?<![0-9])20[0-9][0-9][-.]?[01][0-9][-.]?[0-3][0-9]")]
    private static partial Regex Date();
}

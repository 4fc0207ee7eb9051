using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images.Sources;

/// <summary>The end of a recipe's output so far.</summary>
internal static class BuildLog
{
    private const int EndLength = 1 << 14;
    private const int LongestLine = 300;

    /// <summary>Its last lines that are not blank, oldest first, each on one line and harmless to a terminal.</summary>
    public static IReadOnlyList<string> LastLines(AbsolutePath log, int count)
    {
        try
        {
            return [.. BoundedText.ReadEndOf(log.Value, EndLength).Split('\n', '\r').Select(line => line.Trim()).Where(line => line.Length > 0).TakeLast(count).Select(line => PlainText.OneLine(line, LongestLine))];
        }
        catch (HostFileException)
        {
            return [];
        }
    }
}

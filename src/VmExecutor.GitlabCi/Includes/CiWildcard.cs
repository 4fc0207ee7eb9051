using System.Text.RegularExpressions;

namespace VmExecutor.GitlabCi.Includes;

/// <summary>
/// Paths with wildcards in <c>include: local</c>: <c>*</c> is a part of one name, <c>**</c> any number of directories (GitLab's
/// Repository#search_files_by_wildcard_path).
/// </summary>
internal static class CiWildcard
{
    public static bool IsWildcard(string path) => path.Contains('*', StringComparison.Ordinal);

    public static IEnumerable<string> Matches(string pattern, IEnumerable<string> paths)
    {
        var expression = Regex.Escape(pattern)
            .Replace(@"\*\*", ".*", StringComparison.Ordinal)
            .Replace(@"\*", "[^/]*", StringComparison.Ordinal);
        var regex = new Regex($@"\A{expression}\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        return paths.Where(path => regex.IsMatch(path)).Order(StringComparer.Ordinal);
    }
}

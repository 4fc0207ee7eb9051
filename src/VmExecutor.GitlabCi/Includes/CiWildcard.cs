namespace VmExecutor.GitlabCi.Includes;

/// <summary>
/// Paths with wildcards in <c>include: local</c>: <c>*</c> is a part of one name, <c>**</c> any number of directories (GitLab's
/// Repository#search_files_by_wildcard_path).
/// </summary>
internal static class CiWildcard
{
    // No character has these numbers.
    private const int Name = -1;
    private const int Directories = -2;

    public static bool IsWildcard(string path) => path.Contains('*', StringComparison.Ordinal);

    public static IEnumerable<string> Matches(string pattern, IEnumerable<string> paths)
    {
        var parts = Parts(pattern);
        return paths.Where(path => IsMatch(parts, path)).Order(StringComparer.Ordinal);
    }

    /// <summary>Characters, and <see cref="Name"/> and <see cref="Directories"/> for wildcards; stars beside each other are one.</summary>
    private static List<int> Parts(string pattern)
    {
        var parts = new List<int>();
        for (var place = 0; place < pattern.Length; place++)
        {
            if (pattern[place] != '*')
            {
                parts.Add(pattern[place]);
                continue;
            }

            var first = place;
            while (place + 1 < pattern.Length && pattern[place + 1] == '*')
            {
                place++;
            }

            parts.Add(place == first ? Name : Directories);
        }

        return parts;
    }

    /// <summary>
    /// Follows all ways through the pattern at once, so its time is bounded by the product of the two lengths, whatever the pattern is. A regular expression would be refused
    /// from some size on.
    /// </summary>
    private static bool IsMatch(List<int> parts, string path)
    {
        var (now, next) = (new HashSet<int>(), new HashSet<int>());
        Reach(0, now, parts);
        foreach (var character in path)
        {
            next.Clear();
            foreach (var place in now.Where(place => place < parts.Count))
            {
                if (parts[place] == Directories || (parts[place] == Name && character != '/'))
                {
                    Reach(place, next, parts);
                }
                else if (parts[place] == character)
                {
                    Reach(place + 1, next, parts);
                }
            }

            (now, next) = (next, now);
            if (now.Count == 0)
            {
                return false;
            }
        }

        return now.Contains(parts.Count);
    }

    /// <summary>A wildcard may also stand for nothing.</summary>
    private static void Reach(int place, HashSet<int> places, List<int> parts)
    {
        while (places.Add(place) && place < parts.Count && parts[place] is Name or Directories)
        {
            place++;
        }
    }
}

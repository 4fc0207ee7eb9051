namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Finds the word that was meant.</summary>
internal static class Suggestion
{
    /// <summary>The most similar candidate, or null when none is similar enough to be helpful.</summary>
    public static string? For(string word, IEnumerable<string> candidates)
    {
        // A long word is never a slip of the finger for a short one, and comparing it would be slow.
        if (word.Length is 0 or > 64)
        {
            return null;
        }

        var best = candidates
            .Select(candidate => (Word: candidate, Distance: Distance(Fold(word), Fold(candidate))))
            .Where(found => found.Distance <= Math.Max(1, Math.Min(word.Length, found.Word.Length) / 3))
            .OrderBy(found => found.Distance)
            .ThenBy(found => found.Word, StringComparer.Ordinal)
            .FirstOrDefault();
        return best.Word;
    }

    /// <summary><c>stateDir</c>, <c>state-dir</c> and <c>state_dir</c> are the same slip.</summary>
    private static string Fold(string word) =>
        new([.. word.Where(c => c is not ('_' or '-' or ' ')).Select(char.ToLowerInvariant)]);

    /// <summary>Optimal string alignment: insertions, deletions, replacements and swaps of neighbours.</summary>
    private static int Distance(string left, string right)
    {
        var cost = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            cost[i, 0] = i;
        }

        for (var j = 0; j <= right.Length; j++)
        {
            cost[0, j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var replace = cost[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replace, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[left.Length, right.Length];
    }
}

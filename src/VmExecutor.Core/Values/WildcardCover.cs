namespace VmExecutor.Core.Values;

/// <summary>
/// Decides whether everything that one glob matches is matched by one of others. Both sides are followed together, character by
/// character: a place of the first, with all places of the others that the same text reaches.
/// </summary>
internal static class WildcardCover
{
    /// <summary>Globs that need more are not decided; those that people write need some hundred.</summary>
    private const int MostStates = 20_000;

    /// <returns>False also when it is not decided.</returns>
    public static bool Covers(IReadOnlyList<IReadOnlyList<Wildcard>> covering, IReadOnlyList<Wildcard> covered)
    {
        var alphabet = Alphabet(covering.Append(covered));
        var start = covering.Select(glob => Closure(glob, [0])).ToArray();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var waiting = new Stack<(int Place, int[][] Reached)>();
        foreach (var place in Closure(covered, [0]))
        {
            waiting.Push((place, start));
        }

        while (waiting.TryPop(out var state))
        {
            if (!seen.Add(Key(state)))
            {
                continue;
            }

            if (seen.Count > MostStates || (state.Place == covered.Count && !IsAccepted(covering, state.Reached)))
            {
                return false;
            }

            if (state.Place < covered.Count)
            {
                Follow(covering, covered, alphabet, state, waiting);
            }
        }

        return true;
    }

    private static void Follow(
        IReadOnlyList<IReadOnlyList<Wildcard>> covering, IReadOnlyList<Wildcard> covered, IReadOnlyList<char> alphabet, (int Place, int[][] Reached) state, Stack<(int Place, int[][] Reached)> waiting)
    {
        foreach (var character in alphabet.Where(character => covered[state.Place].Takes(character)))
        {
            var reached = covering.Select((glob, index) => Step(glob, state.Reached[index], character)).ToArray();
            foreach (var place in Step(covered, [state.Place], character))
            {
                waiting.Push((place, reached));
            }
        }
    }

    private static bool IsAccepted(IReadOnlyList<IReadOnlyList<Wildcard>> globs, int[][] reached) =>
        globs.Index().Any(glob => reached[glob.Index].Contains(glob.Item.Count));

    private static int[] Step(IReadOnlyList<Wildcard> glob, IEnumerable<int> places, char character) => Closure(
        glob, places.Where(place => place < glob.Count && glob[place].Takes(character)).Select(place => glob[place].IsRun ? place : place + 1));

    /// <summary>These places, and those after runs that may be over before they began.</summary>
    private static int[] Closure(IReadOnlyList<Wildcard> glob, IEnumerable<int> places)
    {
        var found = new SortedSet<int>();
        foreach (var place in places)
        {
            var next = place;
            while (found.Add(next) && next < glob.Count && glob[next].IsRun)
            {
                next++;
            }
        }

        return [.. found];
    }

    /// <summary>Every character that a glob has, the slash, and one that none has: all others are like that one.</summary>
    private static char[] Alphabet(IEnumerable<IReadOnlyList<Wildcard>> globs)
    {
        var own = globs.SelectMany(glob => glob).Where(place => place.Kind == WildcardKind.Character).Select(place => place.Character).Append('/').ToHashSet();
        return [.. own, Enumerable.Range(1, char.MaxValue).Select(number => (char)number).First(character => !own.Contains(character))];
    }

    private static string Key((int Place, int[][] Reached) state) =>
        $"{state.Place}:{string.Join(';', state.Reached.Select(places => string.Join(',', places)))}";
}

namespace VmExecutor.Core.Values;

/// <summary>The texts that one place of a glob matches.</summary>
internal enum WildcardKind
{
    /// <summary>Just this character.</summary>
    Character,

    /// <summary>Any one character.</summary>
    AnyOne,

    /// <summary>Any run of characters, also none.</summary>
    AnyRun,

    /// <summary>Any run of characters without a slash, also none.</summary>
    AnyRunWithinSegment,
}

/// <summary>One place of a glob.</summary>
internal readonly record struct Wildcard(WildcardKind Kind, char Character = '\0')
{
    public bool IsRun => Kind is WildcardKind.AnyRun or WildcardKind.AnyRunWithinSegment;

    public bool Takes(char character) => Kind switch
    {
        WildcardKind.Character => character == Character,
        WildcardKind.AnyRunWithinSegment => character != '/',
        _ => true,
    };
}

/// <summary>
/// Matches by following all places of the glob that a text could have reached, character by character. Its time grows with text times
/// glob and never explodes, as it can where a regular expression tracks back. Text and glob may both come from people who are not
/// trusted.
/// </summary>
internal static class Wildcards
{
    /// <summary>A longer text matches nothing; no name or path is that long.</summary>
    private const int LongestText = 4096;

    public static bool Match(IReadOnlyList<Wildcard> glob, string text)
    {
        if (text.Length > LongestText)
        {
            return false;
        }

        var reached = new bool[glob.Count + 1];
        var next = new bool[glob.Count + 1];
        reached[0] = true;
        SkipRuns(glob, reached);
        foreach (var character in text)
        {
            Array.Clear(next);
            for (var place = 0; place < glob.Count; place++)
            {
                if (reached[place] && glob[place].Takes(character))
                {
                    next[glob[place].IsRun ? place : place + 1] = true;
                }
            }

            SkipRuns(glob, next);
            (reached, next) = (next, reached);
        }

        return reached[glob.Count];
    }

    /// <summary>A run may be over before it began.</summary>
    private static void SkipRuns(IReadOnlyList<Wildcard> glob, bool[] reached)
    {
        for (var place = 0; place < glob.Count; place++)
        {
            reached[place + 1] |= reached[place] && glob[place].IsRun;
        }
    }
}

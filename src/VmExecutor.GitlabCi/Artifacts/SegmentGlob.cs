namespace VmExecutor.GitlabCi.Artifacts;

/// <summary>One segment of a path: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[!a]</c>, <c>[^a]</c>, and <c>\</c> before what is to be itself. A leading dot is nothing special.</summary>
internal static class SegmentGlob
{
    /// <summary>True when the whole name matches the glob; its time grows with both lengths and never explodes.</summary>
    public static bool Match(string glob, string name)
    {
        var (place, at) = (0, 0);
        var (star, retry) = (-1, 0);
        while (at < name.Length)
        {
            if (place < glob.Length && glob[place] == '*')
            {
                star = ++place;
                retry = at;
            }
            else if (place < glob.Length && Takes(glob, place, name[at]) is { } next)
            {
                place = next;
                at++;
            }
            else if (star >= 0)
            {
                place = star;
                at = ++retry;
            }
            else
            {
                return false;
            }
        }

        return glob.AsSpan(place).IndexOfAnyExcept('*') < 0;
    }

    /// <summary>The place behind what takes the character; null: it does not take it.</summary>
    private static int? Takes(string glob, int place, char character) => glob[place] switch
    {
        '?' => place + 1,
        '[' => Class(glob, place + 1, character),
        '\\' when place + 1 < glob.Length => glob[place + 1] == character ? place + 2 : null,
        var itself => itself == character ? place + 1 : null,
    };

    private static int? Class(string glob, int place, char character)
    {
        var negated = place < glob.Length && glob[place] is '!' or '^';
        var first = place += negated ? 1 : 0;
        var taken = false;
        while (place < glob.Length && (glob[place] != ']' || place == first))
        {
            var low = glob[place] == '\\' && place + 1 < glob.Length ? glob[++place] : glob[place];
            var high = low;
            if (place + 2 < glob.Length && glob[place + 1] == '-' && glob[place + 2] != ']')
            {
                high = glob[place + 2];
                place += 2;
            }

            taken |= character >= low && character <= high;
            place++;
        }

        return place < glob.Length && taken != negated ? place + 1 : null;
    }
}

using System.Text;

namespace VmExecutor.GitlabCi.Artifacts;

/// <summary>
/// A path of <c>artifacts:paths</c> or <c>exclude</c>, as the runner matches it (its library doublestar): within one segment <c>*</c>, <c>?</c>, <c>[a-z]</c>
/// and <c>{one,other}</c>; <c>**</c> is any number of segments.
/// </summary>
public sealed class ArtifactGlob
{
    private const int MostAlternatives = 200;
    private const int LongestPath = 4096;

    private readonly List<string[]> _alternatives;

    private ArtifactGlob(string text, List<string[]> alternatives) => (Text, _alternatives) = (text, alternatives);

    /// <summary>As it was written, variables expanded.</summary>
    public string Text { get; }

    /// <summary>The directories below which its files are, as far as that is certain; <c>.</c> is the project's.</summary>
    public IEnumerable<string> Roots => _alternatives.Select(segments => string.Join('/', segments.TakeWhile(IsLiteral).Select(Unescape)) is { Length: > 0 } root ? root : ".");

    /// <summary>Null: it leads out of the project's directory, or is no pattern.</summary>
    /// <param name="text">Relative, or absolute and below the project's directory.</param>
    /// <param name="projectDirectory">In the guest.</param>
    public static ArtifactGlob? TryParse(string text, string projectDirectory)
    {
        var relative = text == projectDirectory ? "." : text.StartsWith(projectDirectory + "/", StringComparison.Ordinal) ? text[(projectDirectory.Length + 1)..] : text;
        if (relative.Length is 0 or > LongestPath || relative[0] == '/' || relative.Any(char.IsControl))
        {
            return null;
        }

        var alternatives = new List<string>();
        if (!Spread(relative, alternatives))
        {
            return null;
        }

        var split = alternatives.ConvertAll(one => one.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => segment != ".").ToArray());
        return split.Exists(segments => segments.Contains("..")) ? null : new ArtifactGlob(text, split);
    }

    /// <summary>True when it means just this path.</summary>
    public bool Matches(string path)
    {
        var segments = path.Split('/');
        return _alternatives.Exists(glob => Match(glob, segments, segments.Length));
    }

    /// <summary>True when it means this file or a directory around it.</summary>
    public bool Covers(string path)
    {
        var segments = path.Split('/');
        return _alternatives.Exists(glob => Enumerable.Range(0, segments.Length + 1).Any(count => Match(glob, segments, count)));
    }

    private static bool Match(string[] glob, string[] path, int count)
    {
        var reached = new bool[count + 1];
        reached[0] = true;
        foreach (var segment in glob)
        {
            var next = new bool[count + 1];
            for (var i = 0; i <= count; i++)
            {
                if (segment == "**")
                {
                    next[i] = reached[i] || (i > 0 && next[i - 1]);
                }
                else if (i > 0 && reached[i - 1])
                {
                    next[i] = SegmentGlob.Match(segment, path[i - 1]);
                }
            }

            reached = next;
        }

        return reached[count];
    }

    /// <summary>Writes out <c>{one,other}</c>, the first one first; false: too many, or a brace without its other.</summary>
    private static bool Spread(string text, List<string> alternatives)
    {
        var open = IndexOf(text, '{', 0);
        if (open < 0)
        {
            alternatives.Add(text);
            return alternatives.Count <= MostAlternatives;
        }

        var depth = 0;
        var parts = new List<string>();
        var part = new StringBuilder();
        for (var i = open; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                part.Append(text, i++, 2);
                continue;
            }

            depth += text[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if ((text[i] == ',' && depth == 1) || depth == 0)
            {
                parts.Add(part.ToString());
                part.Clear();
                if (depth == 0)
                {
                    return parts.TrueForAll(one => Spread(text[..open] + one + text[(i + 1)..], alternatives));
                }
            }
            else if (i > open)
            {
                part.Append(text[i]);
            }
        }

        return false;
    }

    private static int IndexOf(string text, char wanted, int from)
    {
        for (var i = from; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == wanted)
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsLiteral(string segment) => !"*?[".Any(c => IndexOf(segment, c, 0) >= 0);

    private static string Unescape(string segment)
    {
        var text = new StringBuilder();
        for (var i = 0; i < segment.Length; i++)
        {
            if (segment[i] == '\\' && i + 1 < segment.Length)
            {
                i++;
            }

            text.Append(segment[i]);
        }

        return text.ToString();
    }
}

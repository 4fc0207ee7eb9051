using System.Text.RegularExpressions;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>A part of a page that is code: between fences, or indented.</summary>
/// <param name="Language">Behind the fence; empty where nothing is said, and for indented code.</param>
/// <param name="Lines">Without the indentation that all have.</param>
internal sealed partial record CodeBlock(string Language, IReadOnlyList<string> Lines)
{
    private const int Indentation = 4;

    /// <summary>True when a shell's lines may be in it.</summary>
    public bool IsShell => Language is "" or "sh" or "bash";

    /// <summary>The parts that are YAML: fenced ones as a whole, of indented ones what looks like it between two empty lines.</summary>
    public IEnumerable<string> Yaml() => Language switch
    {
        "yaml" => [string.Join('\n', Lines)],
        "" => Paragraphs().Where(LooksLikeYaml).Select(lines => string.Join('\n', lines)),
        _ => [],
    };

    /// <param name="lines">A page.</param>
    /// <param name="prose">Gets the lines that are no code.</param>
    public static IEnumerable<CodeBlock> Read(IReadOnlyList<string> lines, List<string> prose)
    {
        for (var at = 0; at < lines.Count; at++)
        {
            var fence = Fence().Match(lines[at]);
            if (fence.Success)
            {
                var body = lines.Skip(at + 1).TakeWhile(line => !Fence().IsMatch(line)).ToList();
                at += body.Count + 1;
                yield return new CodeBlock(fence.Groups[1].Value, Undent(body));
            }
            else if (IsIndented(lines[at]) && (at == 0 || lines[at - 1].Length == 0))
            {
                var body = lines.Skip(at).TakeWhile(line => line.Length == 0 || IsIndented(line)).ToList();
                at += body.Count - 1;
                yield return new CodeBlock("", Undent(body));
            }
            else
            {
                prose.Add(lines[at]);
            }
        }
    }

    private static bool IsIndented(string line) => line.Length > Indentation && line.AsSpan(0, Indentation).IsWhiteSpace();

    private static List<string> Undent(List<string> lines)
    {
        var common = lines.Where(line => line.Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty(0).Min();
        return [.. lines.Select(line => line.Length > common ? line[common..] : "")];
    }

    private static bool LooksLikeYaml(List<string> lines)
    {
        var said = lines.Where(line => !line.StartsWith('#')).ToList();
        return said.Count > 0 && Key().IsMatch(said[0]) && said.All(line => line[0] is ' ' or '-' || Key().IsMatch(line));
    }

    private IEnumerable<List<string>> Paragraphs()
    {
        var paragraph = new List<string>();
        foreach (var line in Lines.Append(""))
        {
            if (line.Length > 0)
            {
                paragraph.Add(line);
            }
            else if (paragraph.Count > 0)
            {
                yield return paragraph;
                paragraph = [];
            }
        }
    }

    [GeneratedRegex(@"^\s*```(\w*)\s*$")]
    private static partial Regex Fence();

    // A line of output such as "capacity: admitted" has no such value: what follows a key there is a flow, a quote, a path, a word alone.
    [GeneratedRegex(@"^[a-z][a-z0-9_]*:( +(\S+( +#.*)?|[\[{'""#].*)| *)$")]
    private static partial Regex Key();
}

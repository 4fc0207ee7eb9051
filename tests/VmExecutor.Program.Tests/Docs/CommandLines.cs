using System.Text;
using System.Text.RegularExpressions;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>The program's command lines in a page: its arguments, without what a shell would do with the rest of the line.</summary>
internal static partial class CommandLines
{
    /// <summary>The words that pages write where a value belongs, and a value for each.</summary>
    private static readonly Dictionary<string, string> Placeholders = new(StringComparer.Ordinal)
    {
        ["SIZE"] = "1GiB",
        ["START=LIMIT"] = "cold=20s",
        ["N"] = "3",
        ["K"] = "2",
        ["COMMAND"] = "list",
    };

    /// <summary>Of all pages, those to type: where it stands, and the arguments.</summary>
    public static IEnumerable<(string Page, IReadOnlyList<string> Arguments)> All() =>
        from page in Page.All()
        from line in page.Blocks.Where(block => block.IsShell).SelectMany(block => block.Lines)
        from arguments in In(line)
        select (page.Path, arguments);

    /// <summary>Those within sentences; some are only a command's name.</summary>
    public static IEnumerable<(string Page, IReadOnlyList<string> Arguments)> InSentences() =>
        from page in Page.All()
        from word in page.CodeWords.Where(word => word.StartsWith("vm-executor ", StringComparison.Ordinal))
        from arguments in In(word)
        select (page.Path, arguments);

    /// <summary>Of one line; there may be several, or none.</summary>
    public static IEnumerable<IReadOnlyList<string>> In(string line)
    {
        foreach (var words in Simple(line))
        {
            var command = words.SkipWhile(IsBeforeCommand).ToList();
            if (command.Count > 1 && command[0].Split('/')[^1] == "vm-executor" && !IsOutput(command))
            {
                yield return [.. command.Skip(1).Where(word => word is not "…").Select(Bare).Where(word => word.Length > 0)];
            }
        }
    }

    // Words that stand before a command and are none of it: variables, sudo and its user.
    private static bool IsBeforeCommand(string word) =>
        Assignment().IsMatch(word) || word is "sudo" or "-u" or "gitlab-runner" or "exec" or "time" or "source" or "&&";

    // "vm-executor 0.1.0: image …" is what it says itself.
    private static bool IsOutput(List<string> command) => Version().IsMatch(command[1]);

    /// <summary>A synopsis has brackets around what may be left out.</summary>
    private static string Bare(string word)
    {
        var bare = word.StartsWith('[') ? word[1..] : word;
        bare = bare.EndsWith("...", StringComparison.Ordinal) ? bare[..^3] : bare;
        bare = bare.EndsWith(']') ? bare[..^1] : bare;
        return Placeholders.GetValueOrDefault(bare, bare);
    }

    /// <summary>The words of each simple command, as sh splits them; redirections are left out.</summary>
    private static IEnumerable<IReadOnlyList<string>> Simple(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (quote, inWord) = ('\0', false);
        void End()
        {
            if (inWord)
            {
                words.Add(word.ToString());
                word.Clear();
                inWord = false;
            }
        }

        foreach (var c in line)
        {
            if (quote != '\0' ? c == quote : c is '\'' or '"')
            {
                quote = quote == '\0' ? c : '\0';
                inWord = true;
            }
            else if (quote == '\0' && c is '|' or ';' or '&' or '(' or ')' or '<' or '>')
            {
                End();
                yield return words;
                words = [];
            }
            else if (quote == '\0' && c == '#' && !inWord)
            {
                break;
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                End();
            }
            else
            {
                word.Append(c);
                inWord = true;
            }
        }

        End();
        yield return words;
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*=")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"^\d+\.\d")]
    private static partial Regex Version();
}

using System.Text;

namespace VmExecutor.RunnerSimulator.Scripts;

/// <summary>The runner's ways to quote a text, written from what its source does (helpers/shell_escape.go, Go's <c>%q</c>, shells/powershell.go).</summary>
public static class ScriptQuoting
{
    private const string AnsiPlain = ",-./@_";
    private const string PosixQuoted = " !#%&()*<=>?[|";
    private const string PosixEscaped = "`\"\\$";

    /// <summary>By default: <c>$'...'</c>, byte by byte. dash before 0.5.13 does not know it.</summary>
    public static string Ansi(string text)
    {
        if (text.Length == 0)
        {
            return "''";
        }

        if (text.All(character => char.IsAsciiLetterOrDigit(character) || AnsiPlain.Contains(character, StringComparison.Ordinal)))
        {
            return text;
        }

        var word = new StringBuilder("$'", text.Length * 2);
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            word.Append((char)value switch
            {
                '\a' => @"\a",
                '\b' => @"\b",
                '\t' => @"\t",
                '\n' => @"\n",
                '\v' => @"\v",
                '\f' => @"\f",
                '\r' => @"\r",
                '\'' => @"\'",
                '\\' => @"\\",
                >= ' ' and <= '~' and var plain => plain.ToString(),
                _ => $@"\x{value:x2}",
            });
        }

        return word.Append('\'').ToString();
    }

    /// <summary>With FF_POSIXLY_CORRECT_ESCAPES: double quotes, and none where only <c>;</c>, <c>'</c> or a line break would want them.</summary>
    public static string Posix(string text)
    {
        if (text.Length == 0)
        {
            return "''";
        }

        var word = new StringBuilder(text.Length * 2);
        foreach (var character in text)
        {
            word.Append(PosixEscaped.Contains(character, StringComparison.Ordinal) ? $"\\{character}" : character.ToString());
        }

        return text.AsSpan().IndexOfAny(PosixQuoted + PosixEscaped) >= 0 ? $"\"{word}\"" : word.ToString();
    }

    /// <summary>As Go quotes a path: what the shell makes of <c>$</c> in it is the shell's business.</summary>
    public static string Go(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>One word of PowerShell, in double quotes.</summary>
    public static string PowerShell(string text)
    {
        var word = new StringBuilder("\"", text.Length * 2);
        foreach (var character in text)
        {
            word.Append(character switch
            {
                '`' or '#' or '\'' or '"' or '$' or '\u201c' or '\u201d' or '\u201e' => $"`{character}",
                '\a' => "`a",
                '\b' => "`b",
                '\f' => "`f",
                '\n' => "`n",
                '\r' => "`r",
                '\t' => "`t",
                '\v' => "`v",
                '\u001b' => "`e",
                _ => character.ToString(),
            });
        }

        return word.Append('"').ToString();
    }
}

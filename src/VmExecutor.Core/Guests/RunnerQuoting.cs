using System.Globalization;
using System.Text;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Quotes a text as the runner does, as one word of a script for bash and sh (gitlab-runner, helpers/shell_escape.go): by default with
/// <c>$'...'</c>, which dash before 0.5.13 does not know; with the feature flag <see cref="PosixFlag"/> in double quotes.
/// </summary>
public static class RunnerQuoting
{
    /// <summary>A key of <c>[runners.feature_flags]</c>, or a variable of the job.</summary>
    public const string PosixFlag = "FF_POSIXLY_CORRECT_ESCAPES";

    private const string Plain = ",-./@_";

    /// <summary>
    /// The characters that the runner writes double quotes for. It takes characters that are neither here nor in <see cref="Escaped"/>
    /// for harmless.
    /// </summary>
    private const string PosixQuoted = " !#%&()*<=>?[|";
    private const string Escaped = "`\"\\$";

    /// <param name="text">Any text.</param>
    /// <param name="posix">True: the feature flag is on.</param>
    public static string Quote(string text, bool posix) => text.Length == 0 ? "''" : posix ? QuotePosix(text) : QuoteAnsi(text);

    private static string QuoteAnsi(string text)
    {
        var word = new StringBuilder(text.Length * 2);
        var isPlain = true;
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            var character = (char)value;
            if (char.IsAsciiLetterOrDigit(character) || Plain.Contains(character, StringComparison.Ordinal))
            {
                word.Append(character);
                continue;
            }

            isPlain = false;
            word.Append(character switch
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
                >= ' ' and < '\x7f' => character.ToString(),
                _ => string.Create(CultureInfo.InvariantCulture, $@"\x{value:x2}"),
            });
        }

        return isPlain ? word.ToString() : $"$'{word}'";
    }

    private static string QuotePosix(string text)
    {
        var word = new StringBuilder(text.Length * 2);
        foreach (var character in text)
        {
            word.Append(Escaped.Contains(character, StringComparison.Ordinal) ? $"\\{character}" : $"{character}");
        }

        return text.AsSpan().IndexOfAny(PosixQuoted + Escaped) >= 0 ? $"\"{word}\"" : word.ToString();
    }
}

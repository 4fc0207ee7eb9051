using System.Globalization;
using System.Text;

namespace VmExecutor.Core.Guests.Login;

/// <summary>Text for YAML.</summary>
internal static class YamlText
{
    /// <summary>
    /// One scalar in double quotes, whatever it contains: everything but plain ASCII is escaped in a way that YAML 1.1 and 1.2 share.
    /// </summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            quoted.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                >= ' ' and <= '~' => rune.ToString(),
                <= 0xFFFF => string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
                _ => string.Create(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"),
            });
        }

        return quoted.Append('"').ToString();
    }
}

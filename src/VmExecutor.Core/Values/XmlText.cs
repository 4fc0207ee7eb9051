using System.Xml;

namespace VmExecutor.Core.Values;

/// <summary>XML 1.0 has no way to write most control characters, halves of surrogate pairs and two non-characters, not even escaped.</summary>
public static class XmlText
{
    /// <summary>Whether a domain's XML can carry the text.</summary>
    public static bool CanCarry(string text) => Replace(text) == text;

    /// <summary>The text with a question mark for each character that cannot be written.</summary>
    public static string Replace(string text)
    {
        var characters = text.ToCharArray();
        for (var index = 0; index < characters.Length; index++)
        {
            if (index + 1 < characters.Length && XmlConvert.IsXmlSurrogatePair(characters[index + 1], characters[index]))
            {
                index++;
            }
            else if (!XmlConvert.IsXmlChar(characters[index]))
            {
                characters[index] = '?';
            }
        }

        return new string(characters);
    }
}

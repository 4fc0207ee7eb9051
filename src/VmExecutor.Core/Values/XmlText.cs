using System.Xml;
using System.Xml.Linq;

namespace VmExecutor.Core.Values;

/// <summary>
/// Reads and writes the XML of libvirt. XML 1.0 has no way to write most control characters, halves of surrogate pairs and two non-characters, not even escaped.
/// </summary>
public static class XmlText
{
    /// <summary>The longest text that is read, in characters; libvirt's own limit for a domain's definition is 4 MiB (REMOTE_STRING_MAX).</summary>
    public const int LongestText = 16 << 20;

    // libxml2's own limit (xmlParserMaxDepth), so libvirt takes nothing deeper.
    private const int Deepest = 256;

    /// <summary>The root element of a text without a document type: entities grow, and an external one is a file of this host.</summary>
    /// <exception cref="UnreadableXmlException">It is no XML, too long, or nested too deep to go through it.</exception>
    public static XElement Parse(string text)
    {
        if (text.Length > LongestText)
        {
            throw new UnreadableXmlException($"it has {text.Length} characters, and {LongestText} at most are read");
        }

        try
        {
            EnsureShallow(text);
            using var reader = Reader(text);
            return XElement.Load(reader);
        }
        catch (XmlException e)
        {
            throw new UnreadableXmlException(PlainText.OneLine(e.Message, 300), e);
        }
    }

    private static void EnsureShallow(string text)
    {
        using var reader = Reader(text);
        while (reader.Read())
        {
            if (reader.Depth > Deepest)
            {
                throw new UnreadableXmlException($"it is nested deeper than {Deepest} levels");
            }
        }
    }

    private static XmlReader Reader(string text) =>
        XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });

    /// <summary>True when a domain's XML can carry the text.</summary>
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

using System.Text;
using System.Xml.Linq;

namespace VmExecutor.Core.Reporting;

/// <summary>
/// Writes a tree of elements as HTML (html.spec.whatwg.org/multipage/syntax.html). All texts and values are escaped, whatever they are made of; so no name of
/// a project or job can add an element.
/// </summary>
internal static class HtmlText
{
    private static readonly HashSet<string> Void = new(["br", "meta", "hr", "col"], StringComparer.Ordinal);

    /// <summary>The document with its first line.</summary>
    /// <param name="html">The element of the same name.</param>
    public static string Document(XElement html)
    {
        var text = new StringBuilder("<!DOCTYPE html>\n");
        Write(html, text);
        return text.Append('\n').ToString();
    }

    private static void Write(XElement element, StringBuilder text)
    {
        var name = element.Name.LocalName;
        text.Append('<').Append(name);
        foreach (var attribute in element.Attributes())
        {
            text.Append(' ').Append(attribute.Name.LocalName).Append("=\"");
            Escape(attribute.Value, text);
            text.Append('"');
        }

        text.Append('>');
        if (Void.Contains(name))
        {
            return;
        }

        foreach (var node in element.Nodes())
        {
            if (node is XElement child)
            {
                Write(child, text);
            }
            else if (node is XText { Value: var value })
            {
                if (name == "style")
                {
                    // Only the driver's own text is here; a browser reads it to its end mark, without escapes.
                    text.Append(value);
                }
                else
                {
                    Escape(value, text);
                }
            }
        }

        text.Append("</").Append(name).Append('>');
        if (name is "section" or "tr" or "table" or "svg" or "div" or "p" or "head" or "body" or "style" or "title")
        {
            text.Append('\n');
        }
    }

    private static void Escape(string value, StringBuilder text)
    {
        foreach (var rune in value.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '&':
                    text.Append("&amp;");
                    break;
                case '<':
                    text.Append("&lt;");
                    break;
                case '>':
                    text.Append("&gt;");
                    break;
                case '"':
                    text.Append("&quot;");
                    break;
                case '\'':
                    text.Append("&#39;");
                    break;
                default:
                    text.Append(rune.ToString());
                    break;
            }
        }
    }
}

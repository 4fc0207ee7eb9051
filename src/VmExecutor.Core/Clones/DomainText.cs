using System.Xml.Linq;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>
/// Reads the definition of a domain. libvirt writes each with a name, a part <c>os</c> and devices; a file of the driver's that lacks one of them is damaged.
/// </summary>
public static class DomainText
{
    // A machine with 300 disks has 2,500. What goes through a definition goes through all of it more than once.
    private const int MostElements = 4_000;

    private static readonly string[] Parts = ["name", "os", "devices"];

    /// <exception cref="UnreadableXmlException">It is no XML, no definition of a domain, or one without end.</exception>
    public static XElement Parse(string text)
    {
        var root = XmlText.Parse(text);
        if (root.Descendants().Skip(MostElements).Any())
        {
            throw new UnreadableXmlException($"it has more than {MostElements} elements");
        }

        return root.Name != "domain" ? throw new UnreadableXmlException($"its root element is '{PlainText.OneLine(root.Name.ToString(), 60)}' and not 'domain'")
            : Array.Find(Parts, part => root.Element(part) is null) is { } missing ? throw new UnreadableXmlException($"it is no definition of a domain: it has no <{missing}>")
            : root;
    }
}

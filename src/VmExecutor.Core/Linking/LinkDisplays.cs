using System.Xml.Linq;

namespace VmExecutor.Core.Linking;

/// <summary>The displays that a clone offers on the network, and their passwords.</summary>
public static class LinkDisplays
{
    private const string Password = "passwd";

    /// <summary>
    /// Lets every display listen on the host's loopback only, where libvirt did not tell whether it has a password: the clone's has none.
    /// </summary>
    /// <param name="source">It is not changed.</param>
    public static XElement KeepLocal(XElement source)
    {
        var kept = new XElement(source);
        foreach (var display in OnNetwork(kept).ToList())
        {
            display.SetAttributeValue("listen", null);
            display.Attributes("passwdValidTo").Remove();
            display.Elements("listen").Where(listen => (string?)listen.Attribute("type") is not ("socket" or "none")).Remove();
            if (!display.Elements("listen").Any())
            {
                // Without an address it would be that of qemu.conf, which may be any.
                display.AddFirst(new XElement("listen", new XAttribute("type", "address"), new XAttribute("address", "127.0.0.1")));
            }
        }

        return kept;
    }

    /// <summary>
    /// A definition that may be printed. An empty password locks a display; without one, a domain that is defined from the printed text would open it to every user.
    /// </summary>
    /// <param name="domain">It is not changed.</param>
    public static XElement WithoutPasswords(XElement domain)
    {
        var printed = new XElement(domain);
        Passwords(printed).ToList().ForEach(password => password.Value = string.Empty);
        return printed;
    }

    /// <summary>True when a display has a password.</summary>
    public static bool HavePassword(XElement domain) => Passwords(domain).Any();

    /// <summary>True when a display can be reached over a network, and so may want a password.</summary>
    public static bool AreOnNetwork(XElement domain) => OnNetwork(domain).Any();

    private static IEnumerable<XAttribute> Passwords(XElement domain) => domain.Elements("devices").Elements("graphics").Attributes(Password);

    private static IEnumerable<XElement> OnNetwork(XElement domain) => domain.Elements("devices").Elements("graphics")
        .Where(display => (string?)display.Attribute("type") is "vnc" or "spice" or "rdp"
            && display.Attribute("socket") is null
            && (!display.Elements("listen").Any() || display.Elements("listen").Any(listen => (string?)listen.Attribute("type") is not ("socket" or "none"))));
}

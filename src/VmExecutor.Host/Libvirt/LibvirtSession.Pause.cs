using System.Xml.Linq;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt.Native;

namespace VmExecutor.Host.Libvirt;

internal sealed partial class LibvirtSession
{
    // The prefix of the namespace, for people who read the XML.
    private const string MetadataPrefix = "vmx";

    /// <exception cref="LibvirtException">There is no such running domain.</exception>
    public void Pause(string name)
    {
        using var domain = Get(name);
        Check(LibvirtLibrary.virDomainSuspend(domain), Of(name, nameof(LibvirtLibrary.virDomainSuspend)));
    }

    /// <exception cref="LibvirtException">There is no such running domain.</exception>
    public void Resume(string name)
    {
        // libvirt refuses to resume what runs.
        if (FindStatus(name) is { State: DomainState.Running })
        {
            return;
        }

        using var domain = Get(name);
        Check(LibvirtLibrary.virDomainResume(domain), Of(name, nameof(LibvirtLibrary.virDomainResume)));
    }

    /// <summary>libvirt declares the namespace itself, and refuses an element that does so already (virxml.c, virXMLInjectNamespace).</summary>
    /// <exception cref="LibvirtException">There is no such running domain.</exception>
    public void SetMetadata(string name, XElement element)
    {
        var bare = new XElement(element.Name.LocalName, element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration), element.Nodes());
        using var domain = Get(name);
        Check(LibvirtLibrary.virDomainSetMetadata(domain, MetadataElement, bare.ToString(), MetadataPrefix, element.Name.NamespaceName, AffectLive), Of(name, nameof(LibvirtLibrary.virDomainSetMetadata)));
    }
}

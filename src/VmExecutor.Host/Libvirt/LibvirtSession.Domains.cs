using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt.Native;

namespace VmExecutor.Host.Libvirt;

internal sealed partial class LibvirtSession
{
    // libvirt-domain.h: VIR_DOMAIN_START_PAUSED, VIR_DOMAIN_XML_SECURE, VIR_DOMAIN_XML_INACTIVE.
    private const uint StartPaused = 1 << 0;
    private const uint XmlSecure = 1 << 0;
    private const uint XmlInactive = 1 << 1;

    /// <summary>Null when there is none of that name.</summary>
    public DomainStatus? FindStatus(string name)
    {
        using var domain = Find(name);
        if (domain is null)
        {
            return null;
        }

        if (LibvirtLibrary.virDomainGetState(domain, out var state, out var reason, 0) < 0)
        {
            ThrowUnlessGone(Failure(Of(name, nameof(LibvirtLibrary.virDomainGetState))));
            return null;
        }

        return new DomainStatus((DomainState)state, reason);
    }

    /// <summary>Null when there is none of that name.</summary>
    public string? FindXml(string name, bool inactive) => FindXml(name, inactive ? XmlInactive : 0);

    /// <summary>Null when there is none of that name.</summary>
    public DomainDefinition? FindDefinition(string name)
    {
        try
        {
            return FindXml(name, XmlInactive | XmlSecure) is { } whole ? new DomainDefinition(whole, HasSecrets: true) : null;
        }
        catch (LibvirtException e) when (e.Error.Number is LibvirtErrorNumber.OperationDenied or LibvirtErrorNumber.AccessDenied
            or LibvirtErrorNumber.AuthenticationFailed or LibvirtErrorNumber.AuthenticationCancelled or LibvirtErrorNumber.AuthenticationUnavailable)
        {
            // A read-only connection, or libvirt's access rules (domain.read-secure).
            return FindXml(name, XmlInactive) is { } rest ? new DomainDefinition(rest, HasSecrets: false) : null;
        }
    }

    private unsafe string? FindXml(string name, uint flags)
    {
        using var domain = Find(name);
        if (domain is null)
        {
            return null;
        }

        var xml = LibvirtLibrary.virDomainGetXMLDesc(domain, flags);
        if (xml is null)
        {
            ThrowUnlessGone(Failure(Of(name, nameof(LibvirtLibrary.virDomainGetXMLDesc))));
            return null;
        }

        return NativeText.Take(xml);
    }

    /// <exception cref="LibvirtException">With <see cref="ErrorCodes.DomainStartFailed"/>.</exception>
    public void CreateTransient(string xml, bool paused)
    {
        // Not VIR_DOMAIN_START_VALIDATE: it adds 50 to 80 ms to a start of 350 (libvirt 9.0), and the XML is of libvirt's making or
        // of our own code's, whose tests can validate it.
        using var domain = LibvirtLibrary.virDomainCreateXML(connect, xml, paused ? StartPaused : 0);
        if (domain.IsInvalid)
        {
            throw Failure(nameof(LibvirtLibrary.virDomainCreateXML), ErrorCodes.DomainStartFailed, error => LibvirtHint.ForStart(uri, error, SessionDaemon.TooLong(uri)), NameIn(xml));
        }
    }

    private static string? NameIn(string xml)
    {
        try
        {
            return (string?)XmlText.Parse(xml).Element("name");
        }
        catch (UnreadableXmlException)
        {
            // libvirt's own words say so.
            return null;
        }
    }

    private static string Of(string name, string call) => $"{call} of '{name}'";

    private static void ThrowUnlessGone(LibvirtException failure)
    {
        if (failure.Error.Number is not LibvirtErrorNumber.NoDomain)
        {
            throw failure;
        }
    }

    private DomainHandle Get(string name)
    {
        var domain = LibvirtLibrary.virDomainLookupByName(connect, name);
        return domain.IsInvalid ? throw Failure(Of(name, nameof(LibvirtLibrary.virDomainLookupByName))) : domain;
    }

    /// <summary>Null when there is none of that name.</summary>
    private DomainHandle? Find(string name)
    {
        var domain = LibvirtLibrary.virDomainLookupByName(connect, name);
        if (!domain.IsInvalid)
        {
            return domain;
        }

        ThrowUnlessGone(Failure(Of(name, nameof(LibvirtLibrary.virDomainLookupByName))));
        return null;
    }
}

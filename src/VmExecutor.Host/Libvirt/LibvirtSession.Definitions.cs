using VmExecutor.Core.Failures;
using VmExecutor.Host.Libvirt.Native;

namespace VmExecutor.Host.Libvirt;

internal sealed partial class LibvirtSession
{
    // libvirt-domain.h: VIR_DOMAIN_UNDEFINE_KEEP_NVRAM. Without it libvirt refuses a domain that has one; the file is its maker's to remove.
    private const uint KeepNvram = 1 << 3;

    /// <summary>
    /// Not validated against the schema, as virsh does not: the clone has the source's parts, whatever a vendor wrote there.
    /// </summary>
    public void Define(string xml)
    {
        using var domain = LibvirtLibrary.virDomainDefineXMLFlags(connect, xml, 0);
        if (domain.IsInvalid)
        {
            throw Failure(nameof(LibvirtLibrary.virDomainDefineXMLFlags));
        }
    }

    /// <summary>False: there is no such domain.</summary>
    public bool Undefine(string name)
    {
        using var domain = Find(name);
        if (domain is null)
        {
            return false;
        }

        if (LibvirtLibrary.virDomainUndefineFlags(domain, KeepNvram) >= 0)
        {
            return true;
        }

        var failure = Failure(Of(name, nameof(LibvirtLibrary.virDomainUndefineFlags)));

        // Drivers without NVRAM do not know the flag.
        var isUnknownFlag = failure.Error.Number is LibvirtErrorNumber.InvalidArgument or LibvirtErrorNumber.ArgumentUnsupported;
        if (isUnknownFlag && LibvirtLibrary.virDomainUndefineFlags(domain, 0) >= 0)
        {
            return true;
        }

        ThrowUnlessGone(failure);
        return false;
    }

    /// <exception cref="LibvirtException">With <see cref="ErrorCodes.DomainStartFailed"/>; also: there is no such domain.</exception>
    public void Start(string name)
    {
        using var domain = Get(name);
        if (LibvirtLibrary.virDomainCreateWithFlags(domain, 0) < 0)
        {
            throw Failure(Of(name, nameof(LibvirtLibrary.virDomainCreateWithFlags)), ErrorCodes.DomainStartFailed, error => LibvirtHint.ForStart(uri, error, SessionDaemon.TooLong(uri)));
        }
    }

    /// <summary>True when its next start would resume a saved state; false also where there is no such domain.</summary>
    public bool HasSavedState(string name)
    {
        using var domain = Find(name);
        if (domain is null)
        {
            return false;
        }

        var answer = LibvirtLibrary.virDomainHasManagedSaveImage(domain, 0);
        if (answer >= 0)
        {
            return answer == 1;
        }

        var failure = Failure(Of(name, nameof(LibvirtLibrary.virDomainHasManagedSaveImage)));
        return failure.Error.Number is LibvirtErrorNumber.NoSupport or LibvirtErrorNumber.NoDomain ? false : throw failure;
    }
}

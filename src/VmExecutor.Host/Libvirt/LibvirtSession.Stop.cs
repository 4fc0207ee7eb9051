using VmExecutor.Core.Failures;
using VmExecutor.Host.Libvirt.Native;

namespace VmExecutor.Host.Libvirt;

internal sealed partial class LibvirtSession
{
    // libvirt-domain.h, VIR_DOMAIN_DESTROY_DEFAULT: SIGTERM, then SIGKILL.
    private const uint DestroyDefault = 0;

    // libvirt-domain.h, VIR_DOMAIN_SHUTDOWN_DEFAULT. With QEMU: the guest agent if the domain has its channel, and the ACPI button if
    // there is none or it does not answer (qemu_driver.c, qemuDomainShutdownFlags). Naming both flags comes to the same for QEMU,
    // but makes libvirt try an agent that is not there, and is refused by drivers that have other ways.
    private const uint ShutdownDefault = 0;

    /// <summary>False: no such running domain; a paused one does not run.</summary>
    public bool RequestShutdown(string name)
    {
        using var domain = Find(name);
        if (domain is null)
        {
            return false;
        }

        if (LibvirtLibrary.virDomainShutdownFlags(domain, ShutdownDefault) >= 0)
        {
            return true;
        }

        var failure = Failure(Of(name, nameof(LibvirtLibrary.virDomainShutdownFlags)));
        return failure.Error.Number is LibvirtErrorNumber.OperationInvalid || IsStopped(domain, failure) ? false : throw failure;
    }

    /// <summary>False: no such running domain.</summary>
    /// <exception cref="LibvirtException">With <see cref="ErrorCodes.DomainWouldNotStop"/>.</exception>
    public bool Destroy(string name)
    {
        using var domain = Find(name);
        if (domain is null)
        {
            return false;
        }

        if (LibvirtLibrary.virDomainDestroyFlags(domain, DestroyDefault) >= 0)
        {
            return true;
        }

        var failure = Failure(
            Of(name, nameof(LibvirtLibrary.virDomainDestroyFlags)), ErrorCodes.DomainWouldNotStop, _ => LibvirtHint.ForDestroy(uri, name));
        return IsStopped(domain, failure) ? false : throw failure;
    }

    /// <summary>Drivers have several numbers for "it does not run", and the usual one has other reasons too: so the domain is asked.</summary>
    private static bool IsStopped(DomainHandle domain, LibvirtException failure) =>
        failure.Error.Number is LibvirtErrorNumber.NoDomain || LibvirtLibrary.virDomainIsActive(domain) switch
        {
            0 => true,
            > 0 => false,
            < 0 => LibvirtError.OfLastCall().Number is LibvirtErrorNumber.NoDomain,
        };
}

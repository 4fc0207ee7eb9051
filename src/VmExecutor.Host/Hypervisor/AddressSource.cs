namespace VmExecutor.Host.Hypervisor;

/// <summary>The sources of a guest's address (libvirt-domain.h, virDomainInterfaceAddressesSource).</summary>
public enum AddressSource
{
    /// <summary>The DHCP leases of the libvirt network.</summary>
    Lease = 0,

    /// <summary>The QEMU guest agent.</summary>
    Agent = 1,

    /// <summary>The host's ARP table.</summary>
    Arp = 2,
}

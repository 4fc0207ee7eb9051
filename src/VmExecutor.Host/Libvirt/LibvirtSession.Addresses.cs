using System.Net;
using System.Runtime.InteropServices;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt.Native;

namespace VmExecutor.Host.Libvirt;

internal sealed partial class LibvirtSession
{
    // libvirt-network.h, VIR_IP_ADDR_TYPE_IPV4.
    private const int AddressTypeIpv4 = 0;

    /// <summary>IPv4 without loopback; empty where the source does not apply or knows nothing yet, or the domain is gone.</summary>
    public unsafe IReadOnlyList<CardAddress> GetAddresses(string name, AddressSource source)
    {
        using var domain = Find(name);
        if (domain is null)
        {
            return [];
        }

        var count = LibvirtLibrary.virDomainInterfaceAddresses(domain, out var interfaces, (uint)source, 0);
        if (count < 0)
        {
            var failure = Failure(Of(name, nameof(LibvirtLibrary.virDomainInterfaceAddresses)));
            return KnowsNothing(source, failure.Error.Number) ? [] : throw failure;
        }

        var addresses = new List<CardAddress>();
        for (var i = 0; i < count; i++)
        {
            addresses.AddRange(ReadAddresses(interfaces[i]));
            LibvirtLibrary.virDomainInterfaceFree(interfaces[i]);
        }

        NativeMemory.Free(interfaces);
        return addresses;
    }

    /// <summary>An agent that is not configured, not started yet or not answering; a domain that is not running; a driver without the source.</summary>
    private static bool KnowsNothing(AddressSource source, LibvirtErrorNumber number) => number switch
    {
        LibvirtErrorNumber.AgentUnresponsive or LibvirtErrorNumber.AgentUnsynced => true,
        LibvirtErrorNumber.NoSupport or LibvirtErrorNumber.OperationUnsupported or LibvirtErrorNumber.ArgumentUnsupported => true,
        LibvirtErrorNumber.OperationInvalid or LibvirtErrorNumber.NoDomain => true,

        // libvirt 9.0 cannot read the ARP table of a newer kernel ("wrong nlmsg len"; seen with Linux 6.18): virarptable.c, virArpTableGet
        // measures the end-of-table message before it looks whether it is one.
        LibvirtErrorNumber.InternalError => source is AddressSource.Arp,
        _ => false,
    };

    private static unsafe List<CardAddress> ReadAddresses(NativeInterface* @interface)
    {
        var mac = NativeText.Read(@interface->HardwareAddress);
        var addresses = new List<CardAddress>();
        for (var i = 0; i < @interface->AddressCount; i++)
        {
            var address = @interface->Addresses[i];
            if (address.Type == AddressTypeIpv4
                && IPAddress.TryParse(NativeText.Read(address.Address), out var parsed)
                && !IPAddress.IsLoopback(parsed))
            {
                addresses.Add(new CardAddress(mac, parsed.ToString()));
            }
        }

        return addresses;
    }
}

using System.Runtime.InteropServices;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt.Native;

namespace VmExecutor.Host.Libvirt;

internal sealed partial class LibvirtSession
{
    // libvirt-domain.h: VIR_DOMAIN_METADATA_ELEMENT, VIR_DOMAIN_AFFECT_CURRENT; virDomainMemoryStatTags: VIR_DOMAIN_MEMORY_STAT_RSS, _NR.
    private const int MetadataElement = 2;
    private const uint AffectCurrent = 0;
    private const int ResidentSetSize = 7;
    private const int MemoryStatistics = 14;

    public unsafe IReadOnlyList<DomainMetadata> ListMetadata(string @namespace)
    {
        var count = Check(LibvirtLibrary.virConnectListAllDomains(connect, out var domains, 0), nameof(LibvirtLibrary.virConnectListAllDomains));
        try
        {
            var found = new List<DomainMetadata>(count);
            for (var i = 0; i < count; i++)
            {
                var name = NativeText.Read(LibvirtLibrary.virDomainGetName(domains[i]));
                found.Add(new DomainMetadata(name, ReadMetadata(domains[i], name, @namespace)));
            }

            return found;
        }
        finally
        {
            for (var i = 0; i < count; i++)
            {
                _ = LibvirtLibrary.virDomainFree(domains[i]);
            }

            NativeMemory.Free(domains);
        }
    }

    /// <summary>Null when there is none of that name, or it does not run.</summary>
    public unsafe DomainUsage? FindUsage(string name)
    {
        using var domain = Find(name);
        if (domain is null || LibvirtLibrary.virDomainIsActive(domain) != 1)
        {
            return null;
        }

        if (LibvirtLibrary.virDomainGetInfo(domain, out var info) < 0)
        {
            ThrowUnlessGone(Failure(Of(name, nameof(LibvirtLibrary.virDomainGetInfo))));
            return null;
        }

        var statistics = stackalloc NativeMemoryStatistic[MemoryStatistics];
        var filled = LibvirtLibrary.virDomainMemoryStats(domain, statistics, MemoryStatistics, 0);
        long? resident = null;
        for (var i = 0; i < filled; i++)
        {
            resident = statistics[i].Tag == ResidentSetSize ? (long)statistics[i].Value * 1024 : resident;
        }

        return new DomainUsage(TimeSpan.FromTicks((long)(info.CpuTime / TimeSpan.NanosecondsPerTick)), resident);
    }

    /// <summary>A domain that went meanwhile has none either.</summary>
    private unsafe string? ReadMetadata(nint domain, string name, string @namespace)
    {
        var metadata = LibvirtLibrary.virDomainGetMetadata(domain, MetadataElement, @namespace, AffectCurrent);
        if (metadata is not null)
        {
            return NativeText.Take(metadata);
        }

        var failure = Failure(Of(name, nameof(LibvirtLibrary.virDomainGetMetadata)));
        return failure.Error.Number is LibvirtErrorNumber.NoDomainMetadata or LibvirtErrorNumber.NoDomain ? null : throw failure;
    }
}

namespace VmExecutor.Host.Hypervisor;

/// <summary>A domain and its metadata element of one namespace; null when it has none.</summary>
public sealed record DomainMetadata(string Domain, string? Metadata);

/// <summary>The resources that a running domain has used and uses; null where libvirt does not say.</summary>
/// <param name="CpuTime">Of the QEMU process since its start (libvirt-domain.h, virDomainInfo).</param>
/// <param name="MemoryBytes">QEMU's resident memory now (VIR_DOMAIN_MEMORY_STAT_RSS).</param>
public sealed record DomainUsage(TimeSpan CpuTime, long? MemoryBytes);

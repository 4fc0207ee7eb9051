namespace VmExecutor.Host.Hypervisor;

/// <summary>An IPv4 address of a guest's, and the network card (MAC address) or interface inside the guest that has it.</summary>
public sealed record CardAddress(string Mac, string Address);

namespace VmExecutor.Core.Health;

/// <summary>What a check is about; the order in which <c>doctor</c> reports.</summary>
public enum CheckTopic
{
    Host,
    Libvirt,
    Storage,
    Network,
    Ssh,
    Runner,
    Images,
    Leftovers,
}

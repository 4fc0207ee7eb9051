namespace VmExecutor.Host.Hypervisor;

/// <summary>The libvirt connections that jobs of a state directory are on: the configured one, and those of before it was changed.</summary>
/// <param name="configured">The URI in force.</param>
/// <param name="open">Makes a connection, which opens at first use.</param>
public sealed class Hypervisors(string configured, Func<string, IHypervisor> open) : IDisposable
{
    // VMs that start side by side ask at once.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, IHypervisor> _opened = new(StringComparer.Ordinal);

    public string Configured { get; } = configured;

    public IHypervisor At(string uri)
    {
        lock (_lock)
        {
            if (!_opened.TryGetValue(uri, out var hypervisor))
            {
                _opened[uri] = hypervisor = open(uri);
            }

            return hypervisor;
        }
    }

    public void Dispose()
    {
        List<IHypervisor> opened;
        lock (_lock)
        {
            opened = [.. _opened.Values];
        }

        opened.ForEach(hypervisor => hypervisor.Dispose());
    }
}

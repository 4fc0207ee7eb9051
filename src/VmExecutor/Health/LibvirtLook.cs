using VmExecutor.Core.Configuration;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;

namespace VmExecutor.Health;

/// <summary>What libvirt says of itself, asked once for all checks.</summary>
/// <param name="Version">Of libvirt and QEMU.</param>
/// <param name="Xml">Its capabilities.</param>
internal sealed record LibvirtAnswer(HypervisorVersion Version, string Xml)
{
    public HostCapabilities Capabilities { get; } = HostCapabilities.Parse(Xml);
}

/// <summary>The libvirt that jobs use. Who only needs it for something else asks <see cref="TryAskAsync"/>: one check says that it does not answer.</summary>
internal sealed class LibvirtLook(LibvirtHypervisor hypervisor)
{
    private readonly Lock _lock = new();
    private Task<LibvirtAnswer>? _asking;

    public LibvirtHypervisor Hypervisor => hypervisor;

    /// <summary>Whether it is another machine's, whose files cannot be looked at from here.</summary>
    public bool IsRemote => LibvirtUri.IsRemote(hypervisor.Uri);

    /// <exception cref="HypervisorException">It does not answer.</exception>
    public Task<LibvirtAnswer> AskAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // Not the token of whoever is first: the answer is for all. Each call has its own limit.
            _asking ??= AskOnceAsync();
            return _asking.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Null: it does not answer.</summary>
    public async Task<LibvirtAnswer?> TryAskAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(cancellationToken);
        }
        catch (HypervisorException)
        {
            return null;
        }
    }

    private async Task<LibvirtAnswer> AskOnceAsync() =>
        new(await hypervisor.GetVersionAsync(CancellationToken.None), await hypervisor.GetCapabilitiesAsync(CancellationToken.None));
}

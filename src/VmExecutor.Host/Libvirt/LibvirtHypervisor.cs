using System.Xml.Linq;
using Microsoft.Win32.SafeHandles;
using VmExecutor.Core.Configuration;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Libvirt;

/// <summary>
/// libvirt as the driver's hypervisor. Opens its connection at first use, and another when that one is lost, has not answered in
/// time, or was left by a cancelled call. Calls go one after the other.
/// </summary>
/// <param name="uri">See <see cref="LibvirtUri.Resolve"/>.</param>
/// <param name="callTimeout"><see cref="LibvirtSettings.CallTimeout"/>; for each libvirt call, opening included.</param>
/// <param name="time">The clock of that limit and of the waits between attempts.</param>
public sealed partial class LibvirtHypervisor(string uri, TimeSpan callTimeout, TimeProvider time) : IHypervisor
{
    /// <summary>
    /// The time in which a cancelled start may end. It goes on in the daemon for half a second, in the first part of which the domain
    /// cannot be found. An undoing at that time would find nothing, and the VM would come up afterwards.
    /// </summary>
    private static readonly TimeSpan CreateSettles = TimeSpan.FromMilliseconds(800);

    public string Uri => uri;

    public TimeSpan StartShowsWithin { get; } = TimeSpan.FromSeconds(1);

    public Task<HypervisorVersion> GetVersionAsync(CancellationToken cancellationToken) =>
        AskAsync("for its version", libvirt => libvirt.GetVersion(), cancellationToken);

    public Task<string> GetCapabilitiesAsync(CancellationToken cancellationToken) =>
        AskAsync("for its capabilities", libvirt => libvirt.GetCapabilities(), cancellationToken);

    public Task<IReadOnlyList<DomainMetadata>> ListMetadataAsync(string @namespace, CancellationToken cancellationToken) =>
        AskAsync("for its domains", libvirt => libvirt.ListMetadata(@namespace), cancellationToken);

    public Task<DomainUsage?> FindUsageAsync(string domain, CancellationToken cancellationToken) =>
        AskAsync($"what '{domain}' uses", libvirt => libvirt.FindUsage(domain), cancellationToken);

    public Task<DomainStatus?> FindStatusAsync(string domain, CancellationToken cancellationToken) =>
        AskAsync($"for the state of '{domain}'", libvirt => libvirt.FindStatus(domain), cancellationToken);

    public Task<string?> FindXmlAsync(string domain, bool inactive, CancellationToken cancellationToken) =>
        AskAsync($"for the XML of '{domain}'", libvirt => libvirt.FindXml(domain, inactive), cancellationToken);

    public Task<DomainDefinition?> FindDefinitionAsync(string domain, CancellationToken cancellationToken) =>
        AskAsync($"for the definition of '{domain}'", libvirt => libvirt.FindDefinition(domain), cancellationToken);

    /// <remarks>A domain the agent or the network knows nothing about (yet), one that does not run and one that is not there all give an empty list.</remarks>
    public Task<IReadOnlyList<CardAddress>> GetAddressesAsync(string domain, AddressSource source, CancellationToken cancellationToken) =>
        AskAsync($"for the addresses of '{domain}'", libvirt => libvirt.GetAddresses(domain, source), cancellationToken);

    /// <remarks>
    /// Not repeated when the connection is lost meanwhile. After that, a time-out or a cancellation the domain may still come into being,
    /// even later: who undoes this destroys it by name, also when this has failed.
    /// </remarks>
    /// <exception cref="LibvirtException">libvirt's whole reason, for instance with QEMU's last words.</exception>
    public Task CreateTransientAsync(string xml, bool paused, CancellationToken cancellationToken) =>
        TellAsync("to start a domain", libvirt => { libvirt.CreateTransient(xml, paused); return true; }, cancellationToken, CreateSettles);

    /// <remarks>Not repeated when the connection is lost meanwhile; as after a cancellation, the domain may then be there or not.</remarks>
    public Task DefineAsync(string xml, CancellationToken cancellationToken) =>
        TellAsync("to define a domain", libvirt => { libvirt.Define(xml); return true; }, cancellationToken, CreateSettles);

    /// <remarks>False also when the connection was lost meanwhile and it is gone at the next attempt.</remarks>
    public Task<bool> UndefineAsync(string domain, CancellationToken cancellationToken) =>
        AskAsync($"to undefine '{domain}'", libvirt => libvirt.Undefine(domain), cancellationToken);

    /// <remarks>Not repeated when the connection is lost meanwhile; as after a cancellation, the domain may then run or not.</remarks>
    public Task StartAsync(string domain, CancellationToken cancellationToken) =>
        TellAsync($"to start '{domain}'", libvirt => { libvirt.Start(domain); return true; }, cancellationToken, CreateSettles);

    public Task<bool> HasSavedStateAsync(string domain, CancellationToken cancellationToken) =>
        AskAsync($"for a saved state of '{domain}'", libvirt => libvirt.HasSavedState(domain), cancellationToken);

    /// <remarks>Not repeated when the connection is lost meanwhile.</remarks>
    public Task<bool> RequestShutdownAsync(string domain, CancellationToken cancellationToken) =>
        TellAsync($"to shut down '{domain}'", libvirt => libvirt.RequestShutdown(domain), cancellationToken);

    /// <remarks>A domain that is halted already stays so.</remarks>
    /// <exception cref="LibvirtException">There is no such running domain.</exception>
    public Task PauseAsync(string domain, CancellationToken cancellationToken) =>
        AskAsync($"to pause '{domain}'", libvirt => { libvirt.Pause(domain); return true; }, cancellationToken);

    /// <remarks>A domain that goes on already is left so.</remarks>
    /// <exception cref="LibvirtException">There is no such running domain.</exception>
    public Task ResumeAsync(string domain, CancellationToken cancellationToken) =>
        AskAsync($"to resume '{domain}'", libvirt => { libvirt.Resume(domain); return true; }, cancellationToken);

    /// <exception cref="LibvirtException">There is no such running domain.</exception>
    public Task SetMetadataAsync(string domain, XElement element, CancellationToken cancellationToken) =>
        AskAsync($"to change the metadata of '{domain}'", libvirt => { libvirt.SetMetadata(domain, element); return true; }, cancellationToken);

    /// <remarks>Not repeated when the connection is lost meanwhile. What the monitor says is not judged: its errors are part of the text.</remarks>
    /// <exception cref="LibvirtException">There is no such running domain, or its monitor does not work.</exception>
    public Task<string> SendMonitorCommandAsync(string domain, string command, CancellationToken cancellationToken) =>
        TellAsync($"to send '{command}' to the monitor of '{domain}'", libvirt => libvirt.SendMonitorCommand(domain, command), cancellationToken);

    /// <remarks>Not repeated when the connection is lost meanwhile. What the monitor says is not judged: its errors are part of the text.</remarks>
    /// <exception cref="LibvirtException">There is no such running domain, its monitor does not work, or files cannot be handed over.</exception>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public Task<string> SendMachineCommandAsync(string domain, string command, SafeFileHandle? file, CancellationToken cancellationToken)
    {
        var what = $"to send '{command}' to the monitor of '{domain}'";
        return file is null
            ? TellAsync(what, libvirt => libvirt.SendMachineCommand(domain, command), cancellationToken)
            : TellAsync(what, libvirt => libvirt.SendMachineCommand(domain, command, file), file, cancellationToken);
    }

    /// <remarks>Not repeated when the connection is lost meanwhile.</remarks>
    public Task AttachDeviceAsync(string domain, string xml, CancellationToken cancellationToken) =>
        TellAsync($"to plug a device into '{domain}'", libvirt => { libvirt.AttachDevice(domain, xml); return true; }, cancellationToken);

    /// <remarks>Not repeated when the connection is lost meanwhile.</remarks>
    public Task DetachDeviceAsync(string domain, string xml, CancellationToken cancellationToken) =>
        TellAsync($"to unplug a device of '{domain}'", libvirt => { libvirt.DetachDevice(domain, xml); return true; }, cancellationToken);

    /// <remarks>
    /// False also when the connection was lost while the domain was being destroyed and it is gone at the next attempt.
    /// Tried again (<see cref="Destroying"/>) while its QEMU cannot be ended.
    /// </remarks>
    public Task<bool> DestroyAsync(string domain, CancellationToken cancellationToken) =>
        Destroying.RunAsync(
            token => AskAsync($"to destroy '{domain}'", libvirt => libvirt.Destroy(domain), token), cancellationToken);
}

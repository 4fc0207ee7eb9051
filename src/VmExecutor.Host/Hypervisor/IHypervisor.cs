using System.Xml.Linq;
using Microsoft.Win32.SafeHandles;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// The questions and commands of the driver for libvirt. It is the seam at which a test stands in for libvirt. Domains go by name, since
/// the driver gives them names that are unique per connection. Each call is bounded in time and fails with a
/// <see cref="HypervisorException"/>.
/// </summary>
public interface IHypervisor : IDisposable
{
    /// <summary>The connection's URI as the driver asked for it.</summary>
    string Uri { get; }

    /// <summary>
    /// The longest time for which a domain is not found although its start is in flight: libvirt shows it only once it has read
    /// and checked the definition.
    /// </summary>
    TimeSpan StartShowsWithin { get; }

    /// <summary>Versions of the libvirt daemon and of its QEMU.</summary>
    Task<HypervisorVersion> GetVersionAsync(CancellationToken cancellationToken);

    /// <summary>Capabilities XML of the host (formatcaps).</summary>
    Task<string> GetCapabilitiesAsync(CancellationToken cancellationToken);

    /// <summary>All domains, running or not, each with its metadata element of a namespace.</summary>
    Task<IReadOnlyList<DomainMetadata>> ListMetadataAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>The resources that a running domain uses; null: there is none of that name, or it does not run.</summary>
    Task<DomainUsage?> FindUsageAsync(string domain, CancellationToken cancellationToken);

    /// <summary>State of a domain; null when there is none of that name.</summary>
    Task<DomainStatus?> FindStatusAsync(string domain, CancellationToken cancellationToken);

    /// <summary>Domain XML (what would be started next if <paramref name="inactive"/>); null when there is none of that name.</summary>
    Task<string?> FindXmlAsync(string domain, bool inactive, CancellationToken cancellationToken);

    /// <summary>
    /// The definition that would be started next, with the parts that libvirt hides otherwise (the passwords of displays), where the
    /// connection may see them; null: there is none of that name.
    /// </summary>
    Task<DomainDefinition?> FindDefinitionAsync(string domain, CancellationToken cancellationToken);

    /// <summary>A virtual network; null: there is none of that name.</summary>
    Task<NetworkState?> FindNetworkAsync(string name, CancellationToken cancellationToken);

    /// <summary>A volume of a storage pool, as far as it is there.</summary>
    Task<StorageVolume> FindVolumeAsync(VolumeName volume, CancellationToken cancellationToken);

    /// <summary>The directory of a storage pool; null: there is no such pool, it is not active, or it is none of files.</summary>
    Task<AbsolutePath?> FindPoolDirectoryAsync(string pool, CancellationToken cancellationToken);

    /// <summary>Creates and starts a transient domain; <paramref name="paused"/>: with its processors halted.</summary>
    Task CreateTransientAsync(string xml, bool paused, CancellationToken cancellationToken);

    /// <summary>Makes a persistent domain, which is off; a name that another domain has is refused.</summary>
    Task DefineAsync(string xml, CancellationToken cancellationToken);

    /// <summary>Forgets a persistent domain; its files stay. False: there is none of that name.</summary>
    Task<bool> UndefineAsync(string domain, CancellationToken cancellationToken);

    /// <summary>Starts a persistent domain.</summary>
    Task StartAsync(string domain, CancellationToken cancellationToken);

    /// <summary>
    /// True when its memory was saved to be resumed at its next start (managed save). False also when there is none of that name.
    /// </summary>
    Task<bool> HasSavedStateAsync(string domain, CancellationToken cancellationToken);

    /// <summary>Asks the guest to shut down (ACPI button or agent); says nothing about when it will. False: no such running domain.</summary>
    Task<bool> RequestShutdownAsync(string domain, CancellationToken cancellationToken);

    /// <summary>Ends the domain at once. False: there was no such running domain.</summary>
    Task<bool> DestroyAsync(string domain, CancellationToken cancellationToken);

    /// <summary>Halts the processors of a running domain; its memory and devices stay.</summary>
    Task PauseAsync(string domain, CancellationToken cancellationToken);

    /// <summary>Lets a halted domain go on.</summary>
    Task ResumeAsync(string domain, CancellationToken cancellationToken);

    /// <summary>Replaces the running domain's metadata element of a namespace.</summary>
    /// <param name="domain">A running one.</param>
    /// <param name="element">With the namespace declared on it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task SetMetadataAsync(string domain, XElement element, CancellationToken cancellationToken);

    /// <summary>Sends a human monitor command (HMP) to the domain's QEMU and returns what it printed.</summary>
    Task<string> SendMonitorCommandAsync(string domain, string command, CancellationToken cancellationToken);

    /// <summary>Sends a machine monitor command (QMP, one JSON object) to the domain's QEMU and returns its whole answer.</summary>
    /// <param name="domain">A running one.</param>
    /// <param name="command">With <c>execute</c>.</param>
    /// <param name="file">Handed over to QEMU with it (for <c>getfd</c>); null: none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<string> SendMachineCommandAsync(string domain, string command, SafeFileHandle? file, CancellationToken cancellationToken);

    /// <summary>Plugs a device (an element of a domain's devices) into the running domain.</summary>
    Task AttachDeviceAsync(string domain, string xml, CancellationToken cancellationToken);

    /// <summary>Asks the running domain's guest to give a device up; it is gone when the domain's XML no longer has it.</summary>
    Task DetachDeviceAsync(string domain, string xml, CancellationToken cancellationToken);

    /// <summary>IPv4 addresses of the domain's interfaces as this source knows them; empty when it knows none (yet).</summary>
    Task<IReadOnlyList<CardAddress>> GetAddressesAsync(string domain, AddressSource source, CancellationToken cancellationToken);
}

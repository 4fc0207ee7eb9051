using System.Text.Json;
using System.Xml.Linq;
using Microsoft.Win32.SafeHandles;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Tests.Fakes;

/// <summary>Stands in for libvirt: remembers domains and what was asked of it.</summary>
internal sealed class FakeHypervisor : IHypervisor
{
    private readonly Lock _lock = new();

    /// <summary>Domain XML by name.</summary>
    public Dictionary<string, string> Domains { get; } = [];

    /// <summary>States that differ from "running".</summary>
    public Dictionary<string, DomainStatus> States { get; } = [];

    /// <summary>The addresses that a source knows, for any domain.</summary>
    public Dictionary<AddressSource, CardAddress> Addresses { get; } = [];

    /// <summary>Domains whose memory was saved.</summary>
    public HashSet<string> Saved { get; } = [];

    /// <summary>Volumes of storage pools; others are in no pool.</summary>
    public Dictionary<VolumeName, StorageVolume> Volumes { get; } = [];

    /// <summary>Every call in order, such as <c>destroy vmx-1</c>.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>Looked at before each call: throws, or changes the world.</summary>
    public Action<string>? Before { get; set; }

    /// <summary>Passed before a call takes effect and after it; what never ends holds the caller there for ever, as SIGKILL would.</summary>
    public Func<string, bool, CancellationToken, Task>? Gate { get; set; }

    /// <summary>QEMU forwards a port to the guest.</summary>
    public bool Forwarded { get; set; }

    /// <summary>No call is answered before it is cancelled.</summary>
    public bool Hangs { get; set; }

    /// <summary>The number of shutdown requests that a guest ignores; null: it never obeys.</summary>
    public int? IgnoredShutdowns { get; set; } = 0;

    public string Uri { get; set; } = "fake:///";

    /// <summary>QEMU's answer to <c>info network</c>.</summary>
    public string Networks { get; set; } = "";

    public TimeSpan StartShowsWithin { get; init; } = TimeSpan.FromSeconds(1);

    public Task<HypervisorVersion> GetVersionAsync(CancellationToken cancellationToken) =>
        Call("version", () => new HypervisorVersion("9.0.0", "7.2.22"), cancellationToken);

    public Task<string> GetCapabilitiesAsync(CancellationToken cancellationToken) =>
        Call("capabilities", () => "<capabilities><host/></capabilities>", cancellationToken);

    public Task<IReadOnlyList<DomainMetadata>> ListMetadataAsync(string @namespace, CancellationToken cancellationToken) =>
        Call<IReadOnlyList<DomainMetadata>>(
            "list", () => [.. Domains.Select(domain => new DomainMetadata(domain.Key, Metadata(domain.Value, @namespace)))], cancellationToken);

    public Task<DomainUsage?> FindUsageAsync(string domain, CancellationToken cancellationToken) =>
        Call($"usage {domain}", () => Domains.ContainsKey(domain) ? new DomainUsage(TimeSpan.FromSeconds(1.5), 1 << 20) : null, cancellationToken);

    public Task<DomainStatus?> FindStatusAsync(string domain, CancellationToken cancellationToken) =>
        Call($"status {domain}", () => Status(domain), cancellationToken);

    public Task<string?> FindXmlAsync(string domain, bool inactive, CancellationToken cancellationToken) =>
        Call($"xml {domain}", () => Domains.GetValueOrDefault(domain), cancellationToken);

    /// <summary>True: the connection may not see the passwords of displays.</summary>
    public bool HidesSecrets { get; set; }

    public Task<DomainDefinition?> FindDefinitionAsync(string domain, CancellationToken cancellationToken) =>
        Call($"definition {domain}", () => Domains.GetValueOrDefault(domain) is not { } xml ? null : new DomainDefinition(HidesSecrets ? WithoutSecrets(xml) : xml, !HidesSecrets), cancellationToken);

    private static string WithoutSecrets(string xml)
    {
        var domain = XElement.Parse(xml);
        domain.Descendants("graphics").Attributes("passwd").Remove();
        return domain.ToString();
    }

    /// <summary>The directory of the storage pool 'default'.</summary>
    public AbsolutePath? DefaultPool { get; set; }

    public Task<AbsolutePath?> FindPoolDirectoryAsync(string pool, CancellationToken cancellationToken) =>
        Call($"pool {pool}", () => pool == "default" ? DefaultPool : null, cancellationToken);

    public Task<NetworkState?> FindNetworkAsync(string name, CancellationToken cancellationToken) => Call($"network {name}", () => (NetworkState?)null, cancellationToken);

    public Task<StorageVolume> FindVolumeAsync(VolumeName volume, CancellationToken cancellationToken) =>
        Call($"volume {volume.Pool}/{volume.Volume}", () => Volumes.GetValueOrDefault(volume, new StorageVolume(null, false, null, null)), cancellationToken);

    public Task CreateTransientAsync(string xml, bool paused, CancellationToken cancellationToken)
    {
        var name = XElement.Parse(xml).Element("name")!.Value;
        return Call($"create {name}", () => Domains[name] = xml, cancellationToken);
    }

    public Task DefineAsync(string xml, CancellationToken cancellationToken)
    {
        var name = XElement.Parse(xml).Element("name")!.Value;
        return Call($"define {name}", () => Definition(name, xml), cancellationToken);
    }

    public Task<bool> UndefineAsync(string domain, CancellationToken cancellationToken) =>
        Call($"undefine {domain}", () => Domains.Remove(domain), cancellationToken);

    public Task StartAsync(string domain, CancellationToken cancellationToken) =>
        Call($"start {domain}", () => States.Remove(domain), cancellationToken);

    public Task<bool> HasSavedStateAsync(string domain, CancellationToken cancellationToken) =>
        Call($"saved {domain}", () => Saved.Contains(domain), cancellationToken);

    public Task<bool> RequestShutdownAsync(string domain, CancellationToken cancellationToken) =>
        Call($"shutdown {domain}", () =>
        {
            if (IgnoredShutdowns is 0)
            {
                Stop(domain);
            }

            IgnoredShutdowns--;
            return true;
        }, cancellationToken);

    public Task<bool> DestroyAsync(string domain, CancellationToken cancellationToken) =>
        Call($"destroy {domain}", () =>
        {
            var running = Status(domain) is { State: not DomainState.ShutOff };
            Stop(domain);
            return running;
        }, cancellationToken);

    public Task PauseAsync(string domain, CancellationToken cancellationToken) =>
        Call($"pause {domain}", () => States[domain] = new DomainStatus(DomainState.Paused, 1), cancellationToken);

    public Task ResumeAsync(string domain, CancellationToken cancellationToken) => Call($"resume {domain}", () => States.Remove(domain), cancellationToken);

    public Task SetMetadataAsync(string domain, XElement element, CancellationToken cancellationToken) => Call($"metadata {domain}", () =>
    {
        var xml = XElement.Parse(Domains[domain]);
        var metadata = xml.Element("metadata") ?? new XElement("metadata");
        metadata.Elements().Where(one => one.Name.Namespace == element.Name.Namespace).Remove();
        metadata.Add(element);
        xml.Elements("metadata").Remove();
        xml.Add(metadata);
        return Domains[domain] = xml.ToString();
    }, cancellationToken);

    public Task<string> SendMonitorCommandAsync(string domain, string command, CancellationToken cancellationToken) =>
        Call($"monitor {domain} {command}", () => command == "info network" ? Networks
            : command == "info usernet"
            ? !Forwarded ? "" : "  TCP[HOST_FORWARD]  18       127.0.0.1 40643       10.0.2.15    22     0     0\r\n"
            : Forward(), cancellationToken);

    public Task<string> SendMachineCommandAsync(string domain, string command, SafeFileHandle? file, CancellationToken cancellationToken) =>
        Call($"machine {domain} {Execute(command)}{(file is null ? "" : " with a file")}{Argument(command, "uri")}{Argument(command, "fdset-id")}", () => Domains.ContainsKey(domain) ? Answers(Execute(command)) : throw Refusal(ErrorCodes.HypervisorCallFailed), cancellationToken);

    /// <summary>QEMU's answers to machine commands.</summary>
    public Func<string, string> Answers { get; set; } = command => command switch
    {
        "query-status" => """{"return":{"status":"running"}}""",
        "query-migrate" => """{"return":{"status":"completed"}}""",
        _ => """{"return":{}}""",
    };

    public Task AttachDeviceAsync(string domain, string xml, CancellationToken cancellationToken) =>
        Call($"attach {domain}", () => Change(domain, devices => devices.Add(XElement.Parse(xml))), cancellationToken);

    public Task DetachDeviceAsync(string domain, string xml, CancellationToken cancellationToken) =>
        Call($"detach {domain}", () => Change(domain, devices => devices.Elements(XElement.Parse(xml).Name).Remove()), cancellationToken);

    public Task<IReadOnlyList<CardAddress>> GetAddressesAsync(string domain, AddressSource source, CancellationToken cancellationToken) =>
        Call<IReadOnlyList<CardAddress>>(
            $"addresses {domain} {source}", () => Addresses.TryGetValue(source, out var known) ? [known] : [], cancellationToken);

    public void Dispose()
    {
    }

    /// <summary>A refusal as libvirt would give it.</summary>
    public static HypervisorException Refusal(ErrorCode code, string says = "libvirt says no") => new(code, says, "ask it nicely");

    /// <summary>As libvirt gives it: without the namespace.</summary>
    private static string? Metadata(string xml, string @namespace)
    {
        var element = XElement.Parse(xml).Element("metadata")?.Elements().FirstOrDefault(element => element.Name.NamespaceName == @namespace);
        return element is null
            ? null
            : new XElement(element.Name.LocalName, element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration), element.Nodes()).ToString();
    }

    /// <summary>The daemon was restarted while it was asked.</summary>
    public static HypervisorException Loss() =>
        new(ErrorCodes.HypervisorCallFailed, "connection lost", "look") { ConnectionLost = true };

    private DomainStatus? Status(string domain) =>
        Domains.ContainsKey(domain) ? States.GetValueOrDefault(domain, new DomainStatus(DomainState.Running, 1)) : null;

    private string Definition(string name, string xml)
    {
        States[name] = new DomainStatus(DomainState.ShutOff, 1);
        return Domains[name] = xml;
    }

    private void Stop(string domain)
    {
        // A persistent domain is still there when it is off, a transient one is not.
        if (Domains.TryGetValue(domain, out var xml) && xml.Contains("persistent", StringComparison.Ordinal))
        {
            States[domain] = new DomainStatus(DomainState.ShutOff, 1);
        }
        else
        {
            Domains.Remove(domain);
        }
    }

    private static string Execute(string command) => JsonDocument.Parse(command).RootElement.GetProperty("execute").GetString()!;

    private static string Argument(string command, string name) =>
        JsonDocument.Parse(command).RootElement.TryGetProperty("arguments", out var arguments) && arguments.TryGetProperty(name, out var value) ? $" {value}" : "";

    private bool Change(string domain, Action<XElement> change)
    {
        var xml = XElement.Parse(Domains[domain]);
        change(xml.Element("devices")!);
        Domains[domain] = xml.ToString();
        return true;
    }

    private string Forward()
    {
        Forwarded = true;
        return string.Empty;
    }

    private async Task<T> Call<T>(string call, Func<T> answer, CancellationToken cancellationToken)
    {
        await PassAsync(call, false, cancellationToken);
        T result;
        lock (_lock)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Calls.Add(call);
            Before?.Invoke(call);
            result = answer();
        }

        await PassAsync(call, true, cancellationToken);
        return result;
    }

    private Task PassAsync(string call, bool after, CancellationToken cancellationToken) =>
        Hangs && after ? Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken) : Gate?.Invoke(call, after, cancellationToken) ?? Task.CompletedTask;
}

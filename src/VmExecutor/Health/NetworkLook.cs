using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Firewall;
using VmExecutor.Core.Health;
using VmExecutor.Host.Egress;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Users;

namespace VmExecutor.Health;

/// <summary>Looks at what can be seen of the guests' networks without starting one.</summary>
internal sealed class NetworkLook(ConfigLook config, LibvirtLook libvirt, IToolRunner tools)
{
    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.Network, NetworksAsync),
        new(Checks.Loopback, LoopbackAsync),
        new(Checks.Egress, EgressAsync),
    ];

    private IReadOnlyList<ImageDefinition> UserMode => [.. config.Images.Where(image => image.Network.Mode == NetworkMode.User)];

    /// <summary>The rules that keep guests off the host's loopback; null: there can be none.</summary>
    public async Task<GuestFirewall?> FirewallAsync(CancellationToken cancellationToken) => GuestFirewall.CanHelpAt(libvirt.Hypervisor.Uri)
        ? await LookAsync(cancellationToken)
        : null;

    private async Task<GuestFirewall> LookAsync(CancellationToken cancellationToken)
    {
        var isInstalled = IsThere(GuestFirewall.RulesFile) && GuestFirewall.UnitFiles.Any(IsThere);
        var isOn = await IsFirewallOnAsync(cancellationToken);

        // The unit's rules are about libvirt's one QEMU user.
        isOn = isOn == true && config.Settings is { } settings && VmUsers.At(libvirt.Hypervisor.Uri, settings.Libvirt, TimeProvider.System).Pool is not null ? false : isOn;
        return isOn == false && await IsPutUpByDriverAsync(cancellationToken)
            ? new GuestFirewall(isInstalled, IsOn: true) { IsPutUpByDriver = true }
            : new GuestFirewall(isInstalled, isOn);
    }

    /// <summary>The driver keeps guests off the whole loopback, but for single services.</summary>
    private async Task<bool> IsPutUpByDriverAsync(CancellationToken cancellationToken)
    {
        if (config.Settings is not { Firewall: { Mode: not FirewallMode.Off } firewall } || WallRules.OpenLoopback(firewall.Allow))
        {
            return false;
        }

        try
        {
            return (await tools.RunAsync(new ToolCall("nft", ["list", "tables"]) { Timeout = HealthCheck.ToolLimit }, cancellationToken)).ExitCode == 0;
        }
        catch (ToolMissingException)
        {
            return false;
        }
    }

    private async Task<IReadOnlyList<Finding>> NetworksAsync(CancellationToken cancellationToken)
    {
        if (config.Images.Count == 0)
        {
            return [config.HasImages ? Checks.Network.Skipped("there are no images") : Checks.Network.WithoutImages()];
        }

        if (await libvirt.TryAskAsync(cancellationToken) is not { } answer)
        {
            return [Checks.Network.WithoutLibvirt()];
        }

        var findings = new List<Finding>();
        foreach (var network in config.Images.Where(image => image.Network.Mode == NetworkMode.Libvirt).GroupBy(image => image.Network.Name, image => image.Name.Value))
        {
            var state = await libvirt.Hypervisor.FindNetworkAsync(network.Key, cancellationToken);
            findings.Add(NetworkRules.DecideNetwork(network.Key, state, libvirt.Hypervisor.Uri, [.. network]));
            if (NetworkRules.DecideLeases(network.Key, state, libvirt.Hypervisor.Uri, [.. network]) is { } leases)
            {
                findings.Add(leases);
            }
        }

        if (UserMode.Count > 0)
        {
            findings.Add(await UserModeAsync(answer.Capabilities.Emulator, cancellationToken));
        }

        return findings;
    }

    private async Task<Finding> UserModeAsync(string? emulator, CancellationToken cancellationToken)
    {
        if (libvirt.IsRemote || emulator is null || !IsThere(emulator))
        {
            return Checks.Network.Skipped(libvirt.IsRemote ? "QEMU is another machine's: run doctor there" : "there is no QEMU to ask for user-mode networking: see 'qemu'");
        }

        var result = await tools.RunAsync(new ToolCall(emulator, ["-netdev", "help"]) { Timeout = HealthCheck.ToolLimit }, cancellationToken);
        return NetworkRules.DecideUserMode(emulator, result.EnsureSuccess().StandardOutput);
    }

    private async Task<IReadOnlyList<Finding>> LoopbackAsync(CancellationToken cancellationToken) =>
    [
        !config.HasImages ? Checks.Loopback.WithoutImages()
        : UserMode.Count == 0 ? NetworkRules.DecideLoopback([], [], firewall: null)
        : NetworkRules.DecideLoopback(
            [.. UserMode.Select(image => image.Name.Value)], LoopbackServices.List(config.Settings!.StateDir), await FirewallAsync(cancellationToken)),
    ];

    private async Task<IReadOnlyList<Finding>> EgressAsync(CancellationToken cancellationToken)
    {
        var images = config.Images.Where(image => image.Egress.HasPolicies()).Select(image => image.Name.Value).ToList();
        if (images.Count == 0 || config.Settings is not { } settings)
        {
            return [config.HasImages ? NetworkRules.DecideEgress([], whyNever: null, dnsmasq: null) : Checks.Egress.WithoutImages()];
        }

        var uri = libvirt.Hypervisor.Uri;
        if (EgressNeeds.IsByProxy(uri))
        {
            return [NetworkRules.DecideEgressByProxy([.. config.Images.Where(image => image.Egress.HasPolicies())])];
        }

        string? version = null;
        try
        {
            version = (await tools.RunAsync(new ToolCall("dnsmasq", ["--version"]) { Timeout = HealthCheck.ToolLimit }, cancellationToken)).StandardOutput;
        }
        catch (ToolMissingException)
        {
            // That is the finding.
        }

        var whyNever = new EgressWall(uri, VmUsers.At(uri, settings.Libvirt, TimeProvider.System), tools, TimeProvider.System).WhyNever();
        if (whyNever is null && await libvirt.TryAskAsync(cancellationToken) is not null)
        {
            whyNever = await EgressNetworks.WhyNotAsync(config.Images, libvirt.Hypervisor, cancellationToken);
        }

        return [NetworkRules.DecideEgress(images, whyNever, version)];
    }

    private static bool IsThere(string file) => HostFile.Look(file) == Presence.There;

    /// <summary>Null: only root can see.</summary>
    private async Task<bool?> IsFirewallOnAsync(CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        try
        {
            var result = await tools.RunAsync(new ToolCall("nft", GuestFirewall.Arguments) { Timeout = HealthCheck.ToolLimit }, cancellationToken);
            return result.ExitCode == 0 && GuestFirewall.GuardsLoopback(result.StandardOutput);
        }
        catch (ToolMissingException)
        {
            return false;
        }
    }
}

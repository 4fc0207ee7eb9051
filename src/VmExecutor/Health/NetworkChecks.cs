using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Processes;

namespace VmExecutor.Health;

/// <summary>What can be said of the guests' networks without starting one.</summary>
internal sealed class NetworkChecks(SettingsLook settings, LibvirtLook libvirt, FirewallLook firewall, IToolRunner tools)
{
    private static readonly TimeSpan ToolLimit = TimeSpan.FromSeconds(10);

    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.Network, NetworksAsync),
        new(Checks.Loopback, LoopbackAsync),
    ];

    private IReadOnlyList<ImageDefinition> UserMode => [.. settings.Images.Where(image => image.Network.Mode == NetworkMode.User)];

    private async Task<IReadOnlyList<Finding>> NetworksAsync(CancellationToken cancellationToken)
    {
        if (settings.Images.Count == 0)
        {
            return [Checks.Network.Skipped(settings.HasImages ? "there are no images" : "the images are not known: see 'config'")];
        }

        if (await libvirt.TryAskAsync(cancellationToken) is not { } answer)
        {
            return [Checks.Network.Skipped("libvirt cannot be asked: see 'libvirt'")];
        }

        var findings = new List<Finding>();
        foreach (var network in settings.Images.Where(image => image.Network.Mode == NetworkMode.Libvirt).GroupBy(image => image.Network.Name, image => image.Name.Value))
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
        if (libvirt.IsRemote || emulator is null || HostFile.Look(emulator) != Presence.There)
        {
            return Checks.Network.Skipped(libvirt.IsRemote ? "QEMU is another machine's: run doctor there" : "there is no QEMU to ask for user-mode networking: see 'qemu'");
        }

        var result = await tools.RunAsync(new ToolCall(emulator, ["-netdev", "help"]) { Timeout = ToolLimit }, cancellationToken);
        return NetworkRules.DecideUserMode(emulator, result.EnsureSuccess().StandardOutput);
    }

    private async Task<IReadOnlyList<Finding>> LoopbackAsync(CancellationToken cancellationToken) =>
    [
        !settings.HasImages ? Checks.Loopback.Skipped("the images are not known: see 'config'")
        : UserMode.Count == 0 ? NetworkRules.DecideLoopback([], [], firewall: null)
        : NetworkRules.DecideLoopback(
            [.. UserMode.Select(image => image.Name.Value)], LoopbackServices.List(settings.Settings!.StateDir), await firewall.TakeAsync(cancellationToken)),
    ];
}

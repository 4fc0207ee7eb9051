using VmExecutor.Core.Health;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Health;

/// <summary>Whether the kernel has the rules that keep guests off the host's loopback.</summary>
internal sealed class FirewallLook(LibvirtLook libvirt, IToolRunner tools)
{
    private static readonly TimeSpan ToolLimit = TimeSpan.FromSeconds(10);

    /// <summary>Null: there can be none.</summary>
    public async Task<GuestFirewall?> TakeAsync(CancellationToken cancellationToken) => GuestFirewall.CanHelpAt(libvirt.Hypervisor.Uri)
        ? new GuestFirewall(IsThere(GuestFirewall.RulesFile) && GuestFirewall.UnitFiles.Any(IsThere), await IsOnAsync(cancellationToken))
        : null;

    private static bool IsThere(string file) => HostFile.Look(file) == Presence.There;

    private async Task<bool?> IsOnAsync(CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        try
        {
            var result = await tools.RunAsync(new ToolCall("nft", GuestFirewall.Arguments) { Timeout = ToolLimit }, cancellationToken);
            return result.ExitCode == 0 && GuestFirewall.GuardsLoopback(result.StandardOutput);
        }
        catch (ToolMissingException)
        {
            return false;
        }
    }
}

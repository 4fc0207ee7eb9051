using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Firewall;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Host.Egress;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Users;

namespace VmExecutor.Host.Firewall;

/// <summary>
/// Puts up the rules that keep guests off this host's own services, before a VM starts. Whether they are there is asked each time, which takes nft some
/// milliseconds: a host's firewall that is loaded anew (<c>flush ruleset</c>) takes them away. What single VMs may use is in a file for each user, so that rules
/// which are put up anew have it, too.
/// </summary>
public sealed class GuestWall(FirewallSettings settings, IHypervisor hypervisor, VmUsers users, IToolRunner tools, TimeProvider time)
{
    private static readonly AbsolutePath OfHost = new("/run/vm-executor/firewall");
    private static readonly TimeSpan LoadingTakes = TimeSpan.FromSeconds(10);

    /// <summary>All rules in one file, as they were put up last: the unit that puts them back reads it.</summary>
    public const string RulesName = "rules.nft";

    private const string LoadedName = "loaded.nft";

    /// <summary>The directory of the rules of egress policies, which that unit puts back, too.</summary>
    public AbsolutePath Policies { get; init; } = EgressWall.OfHost;

    /// <summary>The directory of the rules; gone after a restart of the host, as they are themselves.</summary>
    public AbsolutePath Directory { get; init; } = OfHost;

    /// <param name="user">The user that the VM runs as; null: libvirt's one QEMU user.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The reason why guests are not kept off, in a sentence; null: they are, or the administrator wants no rules.</returns>
    /// <exception cref="SystemFailureException">They must be, and are not.</exception>
    public async Task<string?> PutUpAsync(VmUser? user, CancellationToken cancellationToken)
    {
        if (settings.Mode == FirewallMode.Off)
        {
            return null;
        }

        var why = await WhyNotAsync(user, cancellationToken).ConfigureAwait(false);
        return why is not null && settings.Mode == FirewallMode.Required
            ? throw new SystemFailureException(
                ErrorCodes.GuestWallMissing,
                $"no VM was started: 'firewall: mode' is required, and its guest would reach this host's own services: {why}",
                "Install nftables and run the driver as root with qemu:///system. Or write 'mode: auto'; docs/networks-and-isolation.md says what guests reach then.")
            : why;
    }

    /// <summary>True when the rules are there now; null: only root can see.</summary>
    public async Task<bool?> IsUpAsync(CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        try
        {
            return (await ListAsync(own: "", cancellationToken).ConfigureAwait(false)) is not null;
        }
        catch (SystemFailureException)
        {
            return false;
        }
    }

    private async Task<string?> WhyNotAsync(VmUser? user, CancellationToken cancellationToken)
    {
        if (hypervisor.Uri != LibvirtUri.System)
        {
            return $"QEMU runs as the runner's own user at {hypervisor.Uri}, so that no rule can tell guests from it";
        }

        if (!Environment.IsPrivilegedProcess)
        {
            return "only root can make rules of nftables";
        }

        var qemu = user is null ? QemuUser.Of(await hypervisor.GetCapabilitiesAsync(cancellationToken).ConfigureAwait(false))?.User : null;
        if (user is null && qemu is null or 0)
        {
            return "libvirt runs QEMU as root, so that no rule can tell guests from the host";
        }

        try
        {
            var own = user?.Id ?? qemu!.Value;
            var all = users.Pool?.Users.Select(one => one.Id).ToList() ?? [own];
            await EnsureAsync(WallRules.Script(all, HostFile.TryReadAllText("/etc/resolv.conf") ?? ""), own, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (SystemFailureException e)
        {
            return $"{e.Message}. {e.Hint}";
        }
    }

    private async Task EnsureAsync(string script, uint user, CancellationToken cancellationToken)
    {
        StateDirectories.Make(Directory, StateDirectories.Private);
        using var held = await KernelLock.TakeAsync(Directory.Child("lock"), LoadingTakes, time, cancellationToken).ConfigureAwait(false)
            ?? throw new HostFileException($"the rules in {Directory} cannot be put up", new TimeoutException("another process does it for too long"));
        var file = Directory.Child(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{user}.nft-part"));
        var ownRules = WallRules.Own(user, settings.Allow, settings.Forbid);
        var isSame = (HostFile.TryReadAllText(file.Value) ?? "") == ownRules;
        if (isSame && await ListAsync(ownRules, cancellationToken).ConfigureAwait(false) is { } listing && WallRules.AreIn(listing, script))
        {
            return;
        }

        if (ownRules.Length > 0)
        {
            AtomicFile.Write(file, ownRules, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        else
        {
            HostFile.TryDelete(file.Value);
        }

        // One transaction: guests are never without the rules, and never without what they may use.
        var rules = script + string.Concat(HostDirectory.Files(Directory).Where(one => one.Name.EndsWith(".nft-part", StringComparison.Ordinal)).Select(one => HostFile.TryReadAllText(one.Value)));
        var loaded = Directory.Child(LoadedName);
        AtomicFile.Write(loaded, rules, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await Nft.RunAsync(tools, ["-f", loaded.Value], cancellationToken).ConfigureAwait(false)).EnsureSuccess();

        // A policy's file may go at any moment, which must not keep these rules from being put up here.
        AtomicFile.Write(Directory.Child(RulesName), $"{rules}include \"{Policies}/*{EgressWall.RulesEnding}\"\n", UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Null: there are no rules, or not all of these elements.</summary>
    private async Task<string?> ListAsync(string own, CancellationToken cancellationToken)
    {
        var result = await Nft.RunAsync(tools, WallRules.ListArguments(own), cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 ? result.StandardOutput : null;
    }
}

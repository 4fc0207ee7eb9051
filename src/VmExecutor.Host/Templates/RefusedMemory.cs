using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Templates;

/// <summary>Finds out why QEMU may not open a template's memory: owner and mode first, then AppArmor and SELinux.</summary>
/// <param name="hypervisor">Tells as whom QEMU runs.</param>
/// <param name="active">Which security driver is active; asked only when it matters.</param>
public sealed class RefusedMemory(IHypervisor hypervisor, Func<SecurityDriver> active)
{
    private const UnixFileMode ForOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ForGroup = UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
    private const UnixFileMode ForOthers = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    public RefusedMemory(IHypervisor hypervisor)
        : this(hypervisor, SecurityDrivers.Active)
    {
    }

    /// <summary>With <see cref="ErrorCodes.TemplateRefused"/> and what to do; null: the failure is about something else.</summary>
    /// <param name="failure">Of the domain's start.</param>
    /// <param name="ram">The memory that it was to open.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<SystemFailureException?> ExplainAsync(SystemFailureException failure, AbsolutePath ram, CancellationToken cancellationToken)
    {
        if (!TemplateRefusal.Explains(failure.Message))
        {
            return null;
        }

        // Null: it runs as we do.
        var user = QemuUser.Of(await hypervisor.GetCapabilitiesAsync(cancellationToken).ConfigureAwait(false));
        return TemplateRefusal.Of(failure.Message, ram, active(), user is null ? null : Obstacle(ram, user));
    }

    private static (string What, string Command)? Obstacle(AbsolutePath ram, QemuUser user)
    {
        if (ReadAccess.Obstacle(ram.Parent(), user.User, user.Group) is { } above)
        {
            return above;
        }

        if (FileStat.TryRead(ram) is not { } stat || user.User == 0)
        {
            return null;
        }

        var needed = stat.Owner == user.User ? ForOwner : stat.Group == user.Group ? ForGroup : ForOthers;

        // Nobody else is to read what a guest has in its memory, so its owner is set right and not its mode.
        return stat.Mode.HasFlag(needed)
            ? null
            : (
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the user QEMU runs as ({user.User}) may not read and write it (owner {stat.Owner}, mode {Convert.ToString((int)stat.Mode, 8)})"),
                string.Create(CultureInfo.InvariantCulture, $"chown {user.User} {ram} && chmod 0600 {ram}"));
    }
}

using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Templates;

namespace VmExecutor.Health;

/// <summary>libvirt and QEMU, and who may use them.</summary>
internal sealed class LibvirtChecks(SettingsLook settings, LibvirtLook libvirt, RunnerLook runner)
{
    private static readonly AbsolutePath Additions = new("/etc/apparmor.d/local/abstractions/libvirt-qemu");

    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.Libvirt, async token => ToolVersions.DecideLibvirt(libvirt.Hypervisor.Uri, (await libvirt.AskAsync(token)).Version.Libvirt)),
        new(Checks.Socket, async token =>
        {
            var (looking, running) = await runner.UsersAsync(token);
            return AccountRules.DecideSocket(libvirt.Hypervisor.Uri, looking, running, await libvirt.TryAskAsync(token) is not null);
        }),
        new(Checks.Qemu, async token => await libvirt.TryAskAsync(token) is { } answer
            ? DecideQemu(answer)
            : Checks.Qemu.Skipped("libvirt cannot be asked: see 'libvirt'")),
        new(Checks.Security, async token => Security((await libvirt.TryAskAsync(token))?.Capabilities)),
    ];

    private Finding DecideQemu(LibvirtAnswer answer)
    {
        var emulator = answer.Capabilities.Emulator;
        return libvirt.Hypervisor.Uri.StartsWith("test:", StringComparison.Ordinal)
            ? Checks.Qemu.Problem($"{libvirt.Hypervisor.Uri} is libvirt's test driver, which runs no VMs", $"libvirt: {{uri: '{LibvirtUri.System}'}}   # in {settings.File}")
            : ToolVersions.DecideQemu(answer.Version.Qemu, emulator, libvirt.IsRemote || (emulator is not null && HostFile.Look(emulator) != Presence.Missing), HostArchitecture.Name);
    }

    private Finding Security(HostCapabilities? capabilities)
    {
        if (settings.Settings is not { StateDir: var stateDir } || !settings.HasImages)
        {
            return Checks.Security.Skipped("the images are not known: see 'config'");
        }

        var driver = SecurityDrivers.Active();
        return SecurityRules.Decide(
            driver,
            isUsed: capabilities is null || capabilities.Confinement == driver,
            stateDir,
            [.. settings.Images.Where(image => image.Warm.Enabled).Select(image => image.Name.Value)],
            TryRead(Additions),
            FileLabel.Read(ImagePaths.All(stateDir)));
    }

    private static string? TryRead(AbsolutePath file)
    {
        try
        {
            return HostFile.ReadAllText(file.Value);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }
}

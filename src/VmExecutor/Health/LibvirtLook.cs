using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Images;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Templates;
using VmExecutor.Host.Users;

namespace VmExecutor.Health;

/// <summary>libvirt's facts about itself, asked for once for all checks.</summary>
/// <param name="Version">Of libvirt and QEMU.</param>
/// <param name="Xml">Its capabilities.</param>
internal sealed record LibvirtAnswer(HypervisorVersion Version, string Xml)
{
    public HostCapabilities Capabilities { get; } = HostCapabilities.Parse(Xml);
}

/// <summary>
/// Looks at the libvirt that jobs use, and its QEMU. A topic that only needs libvirt for something else asks <see cref="TryAskAsync"/>: one check says
/// that it does not answer.
/// </summary>
internal sealed class LibvirtLook(ConfigLook config, LibvirtHypervisor hypervisor)
{
    private readonly Lock _lock = new();
    private Task<LibvirtAnswer>? _asking;

    public LibvirtHypervisor Hypervisor => hypervisor;

    /// <summary>True when it is another machine's, whose files cannot be looked at from here.</summary>
    public bool IsRemote => LibvirtUri.IsRemote(hypervisor.Uri);

    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.Libvirt, async token => Libvirt((await AskAsync(token)).Version.Libvirt)),
        new(Checks.Qemu, async token => await TryAskAsync(token) is { } answer ? Qemu(answer) : Checks.Qemu.WithoutLibvirt()),
        new(Checks.VmUsers, _ => Task.FromResult(Users())),
        new(Checks.Security, async token => Security((await TryAskAsync(token))?.Capabilities)),
    ];

    /// <exception cref="HypervisorException">It does not answer.</exception>
    public Task<LibvirtAnswer> AskAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // Not the token of the first caller: the answer is for all. Each call has its own limit.
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

    private Finding Libvirt(string version) =>
        LibvirtRules.DecideLibvirt(hypervisor.Uri, version, HypervisorFeatures.Of(HypervisorComponent.Libvirt, version));

    private Finding Qemu(LibvirtAnswer answer)
    {
        var emulator = answer.Capabilities.Emulator;
        return hypervisor.Uri.StartsWith("test:", StringComparison.Ordinal)
            ? LibvirtRules.DecideTestDriver(hypervisor.Uri, config.File)
            : LibvirtRules.DecideQemu(
                answer.Version.Qemu,
                HypervisorFeatures.Of(HypervisorComponent.Qemu, answer.Version.Qemu),
                emulator,
                IsRemote || (emulator is not null && HostFile.Look(emulator) != Presence.Missing),
                HostArchitecture.Name,
                HostDaemon.Find());
    }

    private Finding Users() => config.Settings is { } settings
        ? LibvirtRules.DecideVmUsers(settings.Libvirt.UserPerVm, VmUsers.At(hypervisor.Uri, settings.Libvirt, TimeProvider.System).Choice)
        : Checks.VmUsers.WithoutStateDir();

    private Finding Security(HostCapabilities? capabilities)
    {
        if (config.Settings is not { StateDir: var stateDir } || !config.HasImages)
        {
            return Checks.Security.WithoutImages();
        }

        var driver = SecurityDrivers.Active();
        return LibvirtRules.DecideSecurity(
            driver,
            isUsed: capabilities is null || capabilities.Confinement == driver,
            stateDir,
            [.. config.Images.Where(image => image.Warm.Enabled).Select(image => image.Name.Value)],
            HostFile.TryReadAllText(LibvirtRules.AppArmorAdditions),
            FileLabel.Read(ImagePaths.All(stateDir)));
    }
}

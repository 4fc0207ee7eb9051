using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>Decides whether libvirt and QEMU are there, new enough, and confined in a way that warm clones can live with.</summary>
public static class LibvirtRules
{
    private const string UsersFix = "executor/users/install   # a package: /usr/lib/vm-executor/users/install";

    public const string AppArmorAdditions = "/etc/apparmor.d/local/abstractions/libvirt-qemu";

    public static Finding DecideLibvirt(string uri, string version, KnownVersions known) => ToolVersions.Decide(Checks.Libvirt, $"libvirt {version} answers at {uri}", version, known);

    /// <summary>libvirt's test driver, which answers like libvirt and has no QEMU.</summary>
    public static Finding DecideTestDriver(string uri, AbsolutePath settingsFile) =>
        Checks.Qemu.Problem($"{uri} is libvirt's test driver, which runs no VMs", $"libvirt: {{uri: '{LibvirtUri.System}'}}   # in {settingsFile}");

    /// <param name="version">As libvirt tells it.</param>
    /// <param name="known">The driver's knowledge of its versions.</param>
    /// <param name="emulator">The program; null: libvirt names none for this host's processor.</param>
    /// <param name="isThere">Whether that program is there.</param>
    /// <param name="architecture">QEMU's name of the host's processor.</param>
    /// <param name="daemon">Which learns of an installed QEMU when it starts.</param>
    public static Finding DecideQemu(string version, KnownVersions known, string? emulator, bool isThere, string architecture, LibvirtDaemon daemon) => emulator switch
    {
        _ when !GuestArchitecture.IsKnown(architecture) => Checks.Qemu.Problem(
            $"this host's architecture is {architecture}, which vm-executor does not support", "Use a host with x86_64 or aarch64 (arm64)."),
        null => Checks.Qemu.Problem($"libvirt knows no QEMU for {architecture}", $"{Install(architecture)} && {daemon.Restart}"),
        _ when !isThere => Checks.Qemu.Problem($"{emulator}, which libvirt would start, does not exist", $"{Install(architecture)} && {daemon.Restart}"),
        _ => ToolVersions.Decide(Checks.Qemu, $"QEMU {version} ({emulator})", version, known),
    };

    /// <summary>Judges whether each VM runs as a user of its own.</summary>
    /// <param name="setting">What the administrator wants.</param>
    /// <param name="choice">What the driver does on this host.</param>
    public static Finding DecideVmUsers(UserPerVm setting, VmUserChoice choice) => choice switch
    {
        { Pool: { } pool } => Checks.VmUsers.Ok($"each VM runs as a user of its own; this host has {pool.Users.Count} of them, so as many VMs at a time"),
        _ when setting == UserPerVm.Required => Checks.VmUsers.Problem(
            $"no VM starts: 'libvirt: user_per_vm' is required, and VMs cannot have users of their own because {choice.WhyNot}", UsersFix),
        _ when setting == UserPerVm.Off || !choice.IsOnlyWithoutUsers => Checks.VmUsers.Skipped($"all VMs run as one user of this host because {choice.WhyNot}"),
        _ => Checks.VmUsers.Warning($"all VMs run as one user of this host, whose processes reach each other's files and memory, because {choice.WhyNot}", UsersFix),
    };

    /// <summary>Decides whether AppArmor or SELinux keeps warm clones from their templates' memory.</summary>
    /// <param name="driver">The active module.</param>
    /// <param name="isUsed">Whether libvirt confines QEMU with it, as its capabilities tell.</param>
    /// <param name="stateDir">Where templates are.</param>
    /// <param name="warm">Images that have <c>warm: {enabled: true}</c>.</param>
    /// <param name="additions">What the administrator has added to libvirt's AppArmor profiles; null: there is no such file.</param>
    /// <param name="label">SELinux's of the templates' directory; null: it is not there.</param>
    public static Finding DecideSecurity(SecurityDriver driver, bool isUsed, AbsolutePath stateDir, IReadOnlyList<string> warm, string? additions, string? label)
    {
        if (driver == SecurityDriver.None || !isUsed)
        {
            return Checks.Security.Ok(driver == SecurityDriver.None ? "neither AppArmor nor SELinux is active" : $"libvirt does not confine QEMU with {driver}");
        }

        if (warm.Count == 0)
        {
            return Checks.Security.Ok($"{driver} is active; only warm clones need a rule of it, and no image is warm");
        }

        var images = ImagePaths.All(stateDir);
        if (driver == SecurityDriver.AppArmor)
        {
            var rule = TemplateRefusal.AppArmorRule(images.Child("NAME").Child("1").Child(ImagePaths.TemplatesName).Child("x").Child(Template.RamName));
            return additions?.Split('\n').Any(line => line.Trim() == rule) == true
                ? Checks.Security.Ok($"AppArmor is active, and {AppArmorAdditions} lets QEMU open the memory of templates")
                : Checks.Security.Problem(
                    $"AppArmor is active and does not let QEMU open the memory of templates: {Quantity.Named("image", warm)} start{(warm.Count == 1 ? "s" : "")} cold (VMX1309)",
                    $"mkdir -p {AppArmorAdditions[..AppArmorAdditions.LastIndexOf('/')]} && echo {ShellText.Quote(rule)} >> {AppArmorAdditions}   # or, for /var/lib/vm-executor: executor/apparmor/install");
        }

        return label is null || label.Contains("svirt_image_t", StringComparison.Ordinal)
            ? Checks.Security.Ok(label is null ? $"SELinux is active; {images} is not there yet" : $"SELinux is active, and {images} has the label of QEMU's files")
            : Checks.Security.Problem(
                $"SELinux is active, and {images} ({label}) has not the label of QEMU's files: {Quantity.Named("image", warm)} start{(warm.Count == 1 ? "s" : "")} cold (VMX1309)",
                TemplateRefusal.SELinuxCommand(images));
    }

    private static string Install(string architecture) => architecture == "aarch64" ? "apt-get install qemu-system-arm" : "apt-get install qemu-system-x86";
}

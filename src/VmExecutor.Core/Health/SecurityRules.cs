using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>Whether AppArmor or SELinux keeps warm clones from their templates' memory.</summary>
public static class SecurityRules
{
    private const string Local = "/etc/apparmor.d/local/abstractions/libvirt-qemu";

    /// <param name="driver">What is active.</param>
    /// <param name="isUsed">Whether libvirt confines QEMU with it, as its capabilities tell.</param>
    /// <param name="stateDir">Where templates are.</param>
    /// <param name="warm">Images that have <c>warm: {enabled: true}</c>.</param>
    /// <param name="additions">What the administrator has added to libvirt's AppArmor profiles; null: there is no such file.</param>
    /// <param name="label">SELinux's of the templates' directory; null: it is not there.</param>
    public static Finding Decide(SecurityDriver driver, bool isUsed, AbsolutePath stateDir, IReadOnlyList<string> warm, string? additions, string? label)
    {
        if (driver == SecurityDriver.None || !isUsed)
        {
            return Checks.Security.Ok(driver == SecurityDriver.None ? "neither AppArmor nor SELinux is active" : $"libvirt does not confine QEMU with {driver}");
        }

        if (warm.Count == 0)
        {
            return Checks.Security.Ok($"{driver} is active, which only warm clones would have to be allowed by; no image is warm");
        }

        var images = ImagePaths.All(stateDir);
        if (driver == SecurityDriver.AppArmor)
        {
            var rule = TemplateRefusal.AppArmorRule(images.Child("NAME").Child("1").Child(ImagePaths.TemplatesName).Child("x").Child(Template.RamName));
            return additions?.Split('\n').Any(line => line.Trim() == rule) == true
                ? Checks.Security.Ok($"AppArmor is active, and {Local} lets QEMU open the memory of templates")
                : Checks.Security.Problem(
                    $"AppArmor is active and does not let QEMU open the memory of templates: {Names(warm)} start{(warm.Count == 1 ? "s" : "")} cold (VMX1309)",
                    $"mkdir -p {Local[..Local.LastIndexOf('/')]} && echo {ShellText.Quote(rule)} >> {Local}   # or, for /var/lib/vm-executor: executor/apparmor/install");
        }

        return label is null || label.Contains("svirt_image_t", StringComparison.Ordinal)
            ? Checks.Security.Ok(label is null ? $"SELinux is active; {images} is not there yet" : $"SELinux is active, and {images} has the label of QEMU's files")
            : Checks.Security.Problem(
                $"SELinux is active, and {images} ({label}) has not the label of QEMU's files: {Names(warm)} start{(warm.Count == 1 ? "s" : "")} cold (VMX1309)",
                TemplateRefusal.SELinuxCommand(images));
    }

    private static string Names(IReadOnlyList<string> warm) => $"image{(warm.Count == 1 ? "" : "s")} {string.Join(", ", warm)}";
}

using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Templates;

/// <summary>
/// Explains why QEMU may not open a template's memory. The file is named in QEMU's command line only, so libvirt gives no rights to it.
/// </summary>
public static class TemplateRefusal
{
    private const string Rule = "executor/apparmor/install";
    private const string Local = "/etc/apparmor.d/local/abstractions/libvirt-qemu";

    // Characters that AppArmor takes for a pattern or for the end of a quoted path.
    private const string Special = "\\\"*?[]{}^@#";

    private static readonly AbsolutePath DefaultStateDir = new("/var/lib/vm-executor");

    /// <summary>True when QEMU's words are about a file for memory that it may not open.</summary>
    public static bool Explains(string words) =>
        words.Contains("can't open backing store", StringComparison.Ordinal)
        && (words.Contains("Permission denied", StringComparison.Ordinal) || words.Contains("Operation not permitted", StringComparison.Ordinal));

    /// <param name="words">QEMU's own, as libvirt passed them on.</param>
    /// <param name="ram">The file: <c>state_dir/images/NAME/NUMBER/warm/FINGERPRINT/ram.img</c>.</param>
    /// <param name="driver">The module that is active on this host.</param>
    /// <param name="obstacle">What of owners and modes stands in the way, and the command that helps; null: nothing does.</param>
    public static SystemFailureException Of(string words, AbsolutePath ram, SecurityDriver driver, (string What, string Command)? obstacle)
    {
        var (who, hint) = (obstacle, driver) switch
        {
            ({ } found, _) => (found.What, $"As root: {found.Command}."),
            (_, SecurityDriver.AppArmor) => ("AppArmor has no rule for this file", AppArmorHint(ram)),
            (_, SecurityDriver.SELinux) => ("this file has no SELinux label for QEMU", SELinuxHint(ram)),
            _ => (
                "neither AppArmor nor SELinux is active, and owner and mode allow it",
                $"Look at access lists and at where the file lies: getfacl {ram}, namei -l {ram}, findmnt -T {ram}. The template can be made anew: vm-executor image warm {Image(ram)}."),
        };
        return new SystemFailureException(
            ErrorCodes.TemplateRefused, $"QEMU may not open the template's memory {ram}: {who} (QEMU said: {PlainText.OneLine(words.Trim(), 300)})", hint);
    }

    /// <summary>The line that lets QEMU open the memory of all templates in this one's <c>state_dir</c>.</summary>
    public static string AppArmorRule(AbsolutePath ram)
    {
        var stateDir = StateDirOf(ram);
        var escaped = string.Concat((stateDir ?? ram).Value.Select(c => Special.Contains(c, StringComparison.Ordinal) ? $"\\{c}" : c.ToString()));
        var path = stateDir is null ? escaped : $"{escaped.TrimEnd('/')}/images/*/*/warm/*/{Template.RamName}";
        return path.Any(c => char.IsWhiteSpace(c) || c is ',' or '\\') ? $"\"{path}\" rw," : $"{path} rw,";
    }

    private static string AppArmorHint(AbsolutePath ram)
    {
        var then = "VMs started after that have it; nothing needs a restart. What AppArmor refuses is in the kernel's log: journalctl -k -g apparmor=.DENIED";
        return StateDirOf(ram) == DefaultStateDir
            ? $"As root: {Rule}, which adds this line to {Local}: {AppArmorRule(ram)} {then}"
            : $"As root, add this line to {Local}: {AppArmorRule(ram)} {then}";
    }

    /// <summary>Gives a directory of images, and what is made there later, the label of files that QEMU may open.</summary>
    public static string SELinuxCommand(AbsolutePath images)
    {
        var pattern = string.Concat(images.Value.Select(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' ? c.ToString() : $"\\{c}"));
        return $"semanage fcontext -a -t svirt_image_t {Quoted(pattern + "(/.*)?")} && restorecon -R {Quoted(images.Value)}";
    }

    private static string SELinuxHint(AbsolutePath ram) =>
        $"As root: {SELinuxCommand(StateDirOf(ram)?.Child("images") ?? ram.Parent())}. "
        + "What is made there later inherits the label. What SELinux refuses: ausearch -m avc -ts recent";

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Null: it does not lie where templates do.</summary>
    private static AbsolutePath? StateDirOf(AbsolutePath ram)
    {
        var warm = ram.Parent().Parent();
        var images = warm.Parent().Parent().Parent();
        return ram.Name == Template.RamName && warm.Name == "warm" && images.Name == "images" ? images.Parent() : null;
    }

    private static string Image(AbsolutePath ram) => StateDirOf(ram) is null ? "NAME" : ram.Parent().Parent().Parent().Parent().Name;
}

using System.Text.RegularExpressions;

namespace VmExecutor.Core.Health;

/// <summary>Recognizes the messages of libvirt and QEMU when a domain does not start with KVM.</summary>
public static partial class KvmRefusal
{
    /// <summary>
    /// The time for which a refusal is remembered. An administrator who loads a module or corrects a mode must not have to restart the
    /// host.
    /// </summary>
    public static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(10);

    /// <summary>
    /// True when it was KVM that refused. A start can fail for reasons that have nothing to do with it (no memory, a full disk, a policy of
    /// AppArmor), and then nothing is known of KVM. QEMU is called <c>kvm</c> and <c>qemu-kvm</c> by some distributions: its own name does not count.
    /// A refusal for want of memory or because of a signal is over in a moment.
    /// </summary>
    public static bool IsIn(string message)
    {
        var said = ProgramName().Replace(message, " ");
        return Kvm().IsMatch(said) && !Passing().IsMatch(said);
    }

    /// <summary>QEMU's own sentence, without libvirt's and the assertion that follows: <c>failed to set MSR 0x10a to 0x69</c>.</summary>
    public static string Reason(string message)
    {
        const string Mark = "error: ";
        var line = message.Split('\n')[0].Trim();
        var last = line.LastIndexOf(Mark, StringComparison.Ordinal);
        return last < 0 ? line : line[(last + Mark.Length)..];
    }

    // "kvm:" at the start of QEMU's line, "qemu-kvm", "/usr/bin/kvm", but neither "/dev/kvm" nor "-accel kvm:".
    [GeneratedRegex(@"qemu-kvm|qemu-system-\w+|(?<!/dev)/kvm\b|(?<=^|Z )kvm(?=:)", RegexOptions.Multiline | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ProgramName();

    [GeneratedRegex(@"(?<![a-z])kvm|failed to set MSR", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Kvm();

    [GeneratedRegex("Cannot allocate memory|Interrupted system call|Resource temporarily unavailable|Too many open files", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Passing();
}

using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Health;

/// <summary>The facts that are known of hardware virtualisation on a host.</summary>
public sealed record KvmState
{
    /// <summary>True when a domain with a processor was started with KVM; null: libvirt could not be asked.</summary>
    public required bool? Works { get; init; }

    /// <summary>QEMU's words when it was not.</summary>
    public string? WhyNot { get; init; }

    /// <summary>True when libvirt's capabilities have the domain type kvm; null: libvirt could not be asked.</summary>
    public required bool? IsOffered { get; init; }

    /// <summary>True when the processor says that it can (vmx, svm), and where processors do not say it so.</summary>
    public required bool HasFlag { get; init; }

    /// <summary>True when this host is a virtual machine itself.</summary>
    public required bool IsGuest { get; init; }

    /// <summary>The kernel's module for this processor: <c>kvm_intel</c>, <c>kvm_amd</c> or <c>kvm</c>.</summary>
    public required string Module { get; init; }

    /// <summary>True when there is /dev/kvm.</summary>
    public required bool HasNode { get; init; }

    /// <summary>True when owner and mode of /dev/kvm let QEMU's user open it.</summary>
    public bool IsNodeOpen { get; init; } = true;

    /// <summary>The daemon that serves the images' VMs.</summary>
    public required LibvirtDaemon Daemon { get; init; }

    /// <summary>The settings of the images; empty: not known, or there are none.</summary>
    public required IReadOnlyList<Accelerator> Wanted { get; init; }
}

/// <summary>Decides whether guests run with KVM, and names the first thing that keeps them from it.</summary>
public static class KvmRules
{
    private const string Emulated = "guests are emulated, ten to thirty times slower";

    /// <summary>For a job log: the reason, and how to end it, are doctor's to tell.</summary>
    public const string Warning = $"KVM does not work; {Emulated} (see 'vm-executor doctor')";

    public static Finding Decide(KvmState look)
    {
        if (look.Works == true)
        {
            return Checks.Kvm.Ok("a guest's processor starts with KVM");
        }

        if (Obstacle(look) is not var (what, fix))
        {
            return Checks.Kvm.Skipped("no obstacle to KVM was found, but libvirt could not be asked to try it: see 'libvirt'");
        }

        return Severity(look) switch
        {
            CheckStatus.Ok => Checks.Kvm.Ok($"KVM does not work ({what}), and no image wants it"),
            CheckStatus.Problem => Checks.Kvm.Problem($"KVM does not work: {what}; images with 'accelerator: kvm' do not start", fix),
            var status => Checks.Kvm.Of(status, $"KVM does not work: {what}; {Emulated}", fix),
        };
    }

    /// <param name="kvmWorks">Null: not known.</param>
    /// <param name="module">Of the kernel.</param>
    /// <param name="parameter">Its parameter <c>nested</c>: 1 or Y; null: there is none.</param>
    public static Finding DecideNested(bool? kvmWorks, string module, string? parameter) => (kvmWorks, parameter?.Trim()) switch
    {
        (not true, _) => Checks.Nested.Skipped("it is asked only where KVM works: see 'kvm'"),
        (_, null) => Checks.Nested.Ok($"the module {module} does not say whether guests may use KVM themselves"),
        (_, "1" or "Y" or "y") => Checks.Nested.Ok("on: jobs may run virtual machines with KVM inside their own"),
        _ => new Finding(
            Checks.Nested, CheckStatus.Ok, "off: jobs cannot run virtual machines with KVM inside their own",
            $"echo 'options {module} nested=1' > /etc/modprobe.d/vm-executor-nested.conf   # only if jobs need it; then restart the host"),
    };

    /// <summary>The first obstacle, in the order in which the kernel's and libvirt's parts need each other.</summary>
    private static (string What, string Fix)? Obstacle(KvmState look) => look switch
    {
        // First, since it costs more than emulation does: libvirt takes what it knows of QEMU for outdated at each step, and asks QEMU some twenty times
        // for each start. The node may be there where the processor offers nothing.
        { HasNode: true, IsNodeOpen: false } => (
            "the user QEMU runs as may not open /dev/kvm, and each start takes a minute for that reason", "chgrp kvm /dev/kvm && chmod 0660 /dev/kvm"),
        { HasFlag: false, IsGuest: true } => (
            "this host is a virtual machine whose processor offers no virtualisation (no vmx or svm in /proc/cpuinfo)", Outside(look.Module)),
        { HasFlag: false } => (
            "the processor offers no virtualisation (no vmx or svm in /proc/cpuinfo)",
            "systemctl reboot --firmware-setup   # and switch on VT-x (Intel) or SVM (AMD) there"),
        { HasNode: false } => ("there is no /dev/kvm", $"modprobe {look.Module}"),

        { IsOffered: false } => ("libvirt does not offer it", $"{look.Daemon.Restart}   # it remembers what QEMU could do when it was started"),
        { Works: false, IsGuest: true } => (
            $"/dev/kvm is there, but no processor starts ({look.WhyNot}); this host is a virtual machine itself", Outside(look.Module)),
        { Works: false } => ($"/dev/kvm is there, but no processor starts ({look.WhyNot})", "journalctl -k -g kvm"),
        _ => null,
    };

    private static string Outside(string module) =>
        $"echo 'options {module} nested=1' > /etc/modprobe.d/nested.conf   # on the machine that this one runs on; then give this one <cpu mode='host-passthrough'/> and restart both";

    private static CheckStatus Severity(KvmState look) =>
        look.Wanted.Contains(Accelerator.Kvm) ? CheckStatus.Problem
        : look is { HasNode: true, IsNodeOpen: false } ? CheckStatus.Problem
        : look.Wanted.Count > 0 && look.Wanted.All(wanted => wanted == Accelerator.Tcg) ? CheckStatus.Ok
        : CheckStatus.Warning;
}

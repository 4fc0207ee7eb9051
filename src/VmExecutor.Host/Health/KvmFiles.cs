using System.Runtime.InteropServices;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Health;

/// <summary>The facts that the kernel tells of hardware virtualisation, without trying it.</summary>
/// <param name="HasFlag">The processor offers it; true where processors do not say it in /proc/cpuinfo (not x86).</param>
/// <param name="IsGuest">This host is a virtual machine itself.</param>
/// <param name="Module">The kernel's module for this processor.</param>
/// <param name="HasNode">There is /dev/kvm.</param>
/// <param name="Nested">The module's parameter; null: it is not loaded, or has none.</param>
public sealed record KvmFiles(bool HasFlag, bool IsGuest, string Module, bool HasNode, string? Nested)
{
    private const string CpuInfo = "/proc/cpuinfo";

    public static readonly AbsolutePath Node = new("/dev/kvm");

    public static KvmFiles Read()
    {
        var text = HostFile.TryReadAllText(CpuInfo) ?? "";
        var (hasFlag, isGuest, module) = Parse(text, RuntimeInformation.OSArchitecture == Architecture.X64);
        return new KvmFiles(hasFlag, isGuest, module, HostFile.Look(Node.Value) == Presence.There, HostFile.TryReadAllText($"/sys/module/{module}/parameters/nested"));
    }

    /// <summary>True when owner and mode let QEMU's user open /dev/kvm: udev makes it root:kvm 0660 or open to all.</summary>
    /// <param name="capabilities">libvirt's, which name that user.</param>
    public static bool IsOpenTo(string capabilities) =>
        QemuUser.Of(capabilities) is not { User: > 0 and var user }
        || FileStat.TryRead(Node) is not { } stat
        || stat.Owner == user
        || (stat.Mode & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0;

    /// <summary>The first processor's flags: those of others are the same.</summary>
    internal static (bool HasFlag, bool IsGuest, string Module) Parse(string cpuInfo, bool isX86)
    {
        if (!isX86)
        {
            return (true, false, "kvm");
        }

        var flags = cpuInfo.Split('\n').FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ').ToHashSet(StringComparer.Ordinal) ?? [];
        var isAmd = flags.Contains("svm") || cpuInfo.Contains("AuthenticAMD", StringComparison.Ordinal) || cpuInfo.Contains("HygonGenuine", StringComparison.Ordinal);
        return (flags.Contains("vmx") || flags.Contains("svm"), flags.Contains("hypervisor"), isAmd ? "kvm_amd" : "kvm_intel");
    }
}

using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Health;

/// <summary>What is known of hardware virtualisation on a host.</summary>
public sealed record KvmLook
{
    /// <summary>Whether a domain with a processor was started with KVM; null: libvirt could not be asked.</summary>
    public required bool? Works { get; init; }

    /// <summary>QEMU's words when it was not.</summary>
    public string? WhyNot { get; init; }

    /// <summary>Whether libvirt's capabilities have the domain type kvm; null: libvirt could not be asked.</summary>
    public required bool? IsOffered { get; init; }

    /// <summary>Whether the processor says that it can (vmx, svm); true where processors do not say it so.</summary>
    public required bool HasFlag { get; init; }

    /// <summary>Whether this host is a virtual machine itself.</summary>
    public required bool IsGuest { get; init; }

    /// <summary>The kernel's module for this processor: <c>kvm_intel</c>, <c>kvm_amd</c> or <c>kvm</c>.</summary>
    public required string Module { get; init; }

    /// <summary>Whether there is /dev/kvm.</summary>
    public required bool HasNode { get; init; }

    /// <summary>Whether owner and mode of /dev/kvm let QEMU's user open it.</summary>
    public bool IsNodeOpen { get; init; } = true;

    /// <summary>What the images say; empty: not known, or there are none.</summary>
    public required IReadOnlyList<Accelerator> Wanted { get; init; }
}

using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Options;

namespace VmExecutor.Core.Configuration;

/// <summary>The connection to libvirt.</summary>
public sealed partial record LibvirtSettings
{
    /// <summary>
    /// Connection URI; null: <c>VIRSH_DEFAULT_CONNECT_URI</c>, else <c>LIBVIRT_DEFAULT_URI</c>,
    /// else <c>qemu:///system</c> for root and <c>qemu:///session</c> for others.
    /// </summary>
    public string? Uri { get; init; }

    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public UserPerVm UserPerVm { get; init; } = UserPerVm.Auto;

    internal static readonly Section<LibvirtSettings> Keys = new Section<LibvirtSettings>(new())
        .Key("uri", Kinds.Text("connection URI", "for example qemu:///system", AnyUri()),
            "The libvirt to work with.",
            "qemu:///system", it => it.Uri, (it, value) => it with { Uri = value },
            otherwise: "`VIRSH_DEFAULT_CONNECT_URI`, else `LIBVIRT_DEFAULT_URI`, else `qemu:///system` for root and `qemu:///session` for others")
        .Key("call_timeout", Kinds.Duration(),
            "How long a single call may take before libvirt counts as not answering.",
            "30s", it => it.CallTimeout, (it, value) => it with { CallTimeout = value })
        .Key("user_per_vm", Kinds.Choice<UserPerVm>(),
            "Whether each VM runs as a user of its own of this host, so that no VM's QEMU reaches another's files, memory or process. auto: where qemu:///system is used as root and the users are there; required: no VM starts otherwise.",
            "required", it => it.UserPerVm, (it, value) => it with { UserPerVm = value });

    [GeneratedRegex(@"^[a-z][a-z0-9+.-]*:[^\s\u0000-\u001f\u007f-\u009f]+$")]
    private static partial Regex AnyUri();
}

/// <summary>The choice between a user of its own for each VM and libvirt's one QEMU user for all.</summary>
public enum UserPerVm
{
    /// <summary>Each VM has a user of its own on a host where that can be.</summary>
    Auto,

    /// <summary>All VMs run as libvirt's one QEMU user.</summary>
    Off,

    /// <summary>No VM is started where that cannot be.</summary>
    Required,
}

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

    internal static readonly Section<LibvirtSettings> Keys = new Section<LibvirtSettings>(new())
        .Key("uri", Kinds.Text("connection URI", "for example qemu:///system", AnyUri()),
            "The libvirt to work with.",
            "qemu:///system", it => it.Uri, (it, value) => it with { Uri = value },
            otherwise: "`VIRSH_DEFAULT_CONNECT_URI`, else `LIBVIRT_DEFAULT_URI`, else `qemu:///system` for root and `qemu:///session` for others")
        .Key("call_timeout", Kinds.Duration(),
            "How long a single call may take before libvirt counts as not answering.",
            "30s", it => it.CallTimeout, (it, value) => it with { CallTimeout = value });

    [GeneratedRegex(@"^[a-z][a-z0-9+.-]*:[^\s\u0000-\u001f\u007f-\u009f]+$")]
    private static partial Regex AnyUri();
}

using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Guests;

/// <summary>The proxy of a script: a socket in the job's directory, to which the kept connection leads a port of the guest's loopback.</summary>
/// <param name="Socket">Its name there.</param>
/// <param name="Direct">Names that are reached without it, such as those of the job's services; what is no name is left out.</param>
public sealed partial record ScriptProxy(string Socket, IReadOnlyList<string> Direct)
{
    /// <summary>The address in the guest at which its port listens. A name could lead to two addresses.</summary>
    public const string Listen = "127.0.0.1";

    /// <summary>The environment of the script, as words of a shell. curl knows http_proxy in small letters alone, other programs only the large ones.</summary>
    /// <param name="port">The port of the guest's loopback.</param>
    public string Environment(int port)
    {
        var proxy = string.Create(CultureInfo.InvariantCulture, $"http://{Listen}:{port}");
        var direct = string.Join(',', Direct.Where(name => Name().IsMatch(name)).Prepend("localhost,127.0.0.1,::1"));
        return $"http_proxy={proxy} https_proxy={proxy} HTTP_PROXY={proxy} HTTPS_PROXY={proxy} no_proxy={direct} NO_PROXY={direct}";
    }

    /// <summary>The failure of a guest whose ssh server does not listen for it.</summary>
    /// <param name="access">The guest.</param>
    /// <param name="why">What ssh says.</param>
    public static SystemFailureException Refused(GuestAccess access, string why) => new(
        ErrorCodes.EgressForwardRefused,
        $"the ssh server of the guest {access} does not let the driver listen on the guest's loopback, so the job's egress policy would leave it no way out: {why}",
        "Set 'AllowTcpForwarding yes' (or 'remote') in sshd_config of the image, without DisableForwarding and PermitListen; or use qemu:///system, where policies need no proxy: docs/egress.md.");

    [GeneratedRegex(@"\A[A-Za-z0-9._/-]{1,253}\z")]
    private static partial Regex Name();
}

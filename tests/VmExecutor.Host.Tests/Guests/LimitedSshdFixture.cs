using System.Globalization;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>An sshd with a port for each kind of settings by which administrators restrict it.</summary>
public sealed class LimitedSshdFixture : SshdFixture
{
    private readonly Dictionary<string, int> _ports = [];

    /// <summary>A job in a guest whose ssh server has these lines in its configuration.</summary>
    public GuestAccess NewJobWith(string settings) => NewJob() with { Address = new GuestAddress("127.0.0.1", _ports[settings]) };

    /// <summary>The settings; <c>@name</c> stands for a file of the fixture's.</summary>
    public static IReadOnlyList<string> Settings { get; } =
    [
        "MaxSessions 1",
        "MaxSessions 0",
        "ForceCommand /bin/bash",
        "ForceCommand /bin/sh",
        "ForceCommand /bin/cat",
        "ForceCommand internal-sftp",
        "ForceCommand echo 'WARNING: Your password has expired.'; echo 'Password change required but no TTY available.'; exit 1",
        "ForceCommand echo This account is currently not available.; exit 1",
        "ForceCommand sh -c \"$SSH_ORIGINAL_COMMAND\"",
        "AllowTcpForwarding no",
        "AllowTcpForwarding local",
        "DisableForwarding yes",
        "PermitListen none",
        "PermitTTY no",
        "Banner @banner",
    ];

    protected override string MoreConfiguration()
    {
        File.WriteAllText(In("banner"), "Permission denied (publickey).\nAuthorised use only\n@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@\n");
        var lines = new List<string>();
        foreach (var settings in Settings)
        {
            _ports[settings] = FreePort();
            lines.Add(string.Create(
                CultureInfo.InvariantCulture, $"Match LocalPort {_ports[settings]}\n    {settings.Replace("@banner", In("banner"), StringComparison.Ordinal)}\n    SetEnv {Variables}"));
        }

        return string.Concat(_ports.Values.Select(port => string.Create(CultureInfo.InvariantCulture, $"ListenAddress 127.0.0.1:{port}\n"))) + string.Join('\n', lines) + "\n";
    }
}

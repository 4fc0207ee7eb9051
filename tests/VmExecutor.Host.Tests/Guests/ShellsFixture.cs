using System.Globalization;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>An sshd with a port for each shell that a guest's <c>sh</c> can be.</summary>
public sealed class ShellsFixture : SshdFixture
{
    private static readonly string[] Shells = ["bash", "dash", "busybox", "mksh", "ksh93", "zsh"];
    private readonly Dictionary<string, int> _ports = [];

    /// <summary>A job in a guest whose <c>sh</c> is this shell.</summary>
    public GuestAccess NewJob(string shell) => NewJob() with { Address = new GuestAddress("127.0.0.1", _ports[shell]) };

    protected override string MoreConfiguration()
    {
        var lines = new List<string>();
        foreach (var shell in Shells)
        {
            var directory = Directory.CreateDirectory(In($"bin-{shell}")).FullName;
            File.CreateSymbolicLink(Path.Combine(directory, "sh"), $"/usr/bin/{shell}");
            _ports[shell] = FreePort();
            lines.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"""
                Match LocalPort {_ports[shell]}
                    SetEnv {Variables.Replace("PATH=", $"PATH={directory}:", StringComparison.Ordinal)}
                """));
        }

        return string.Concat(_ports.Values.Select(port => string.Create(CultureInfo.InvariantCulture, $"ListenAddress 127.0.0.1:{port}\n"))) + string.Join('\n', lines) + "\n";
    }
}

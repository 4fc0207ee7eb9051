using System.Globalization;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>
/// An sshd with a port for each login shell. The shell that the account has is exchanged for it by ForceCommand, with the line that sshd would
/// have given to it. Its start-up files print on both streams, the last line without an end.
/// </summary>
public sealed class LoginShellFixture : SshdFixture
{
    private readonly Dictionary<string, int> _ports = [];

    /// <summary>Command and start-up file of each; a shell without one reads none when it is given a command.</summary>
    private static readonly (string Shell, string? StartUpFile)[] Shells =
    [
        ("bash", ".bashrc"), ("dash", null), ("zsh", ".zshenv"), ("mksh", null), ("tcsh", ".tcshrc"), ("fish", ".config/fish/config.fish"), ("busybox sh", null),
    ];

    /// <summary>True when its program is installed.</summary>
    public static bool IsHere(string shell) => Environment.Variables["PATH"].Split(':').Any(directory => File.Exists(Path.Combine(directory, shell.Split(' ')[0])));

    /// <summary>A job in a guest whose account has this login shell.</summary>
    public GuestAccess NewJob(string loginShell) => NewJob() with { Address = new GuestAddress("127.0.0.1", _ports[loginShell]) };

    /// <summary>The directory of its start-up files.</summary>
    public string HomeOf(string loginShell) => In(loginShell.Replace(' ', '-'));

    protected override string MoreConfiguration()
    {
        var lines = new List<string>();
        foreach (var (shell, startUpFile) in Shells)
        {
            _ports[shell] = FreePort();
            var home = HomeOf(shell);
            if (startUpFile is not null)
            {
                var file = Path.Combine(home, startUpFile);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllText(file, "echo Welcome\nsh -c 'echo a start-up file complains >&2'\nprintf 'no line end'\n");
            }

            lines.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"""
                Match LocalPort {_ports[shell]}
                    SetEnv HOME={home} {Variables}
                    ForceCommand exec env SHLVL=0 SHELL=/bin/{shell.Split(' ')[0]} {shell} -c "$SSH_ORIGINAL_COMMAND"
                """));
        }

        return string.Concat(_ports.Values.Select(port => string.Create(CultureInfo.InvariantCulture, $"ListenAddress 127.0.0.1:{port}\n"))) + string.Join('\n', lines) + "\n";
    }
}

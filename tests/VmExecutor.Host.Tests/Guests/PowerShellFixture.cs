using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.RunnerSimulator.Drivers;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>An sshd whose guest has a real PowerShell, and a port for each environment that an account can have.</summary>
public sealed class PowerShellFixture : SshdFixture
{
    /// <summary>The name of an environment, and what it adds to the usual one.</summary>
    private static readonly Dictionary<string, string> Surroundings = new()
    {
        ["usual"] = "",
        ["latin1"] = "LC_ALL=de_DE.ISO-8859-1",
        ["ascii"] = "LANG=en_US.US-ASCII",
        ["posix"] = "LC_ALL=POSIX",
        ["homeless"] = "",
    };

    private readonly Dictionary<string, int> _ports = [];
    private string? _program;

    public static IEnumerable<string> Places => Surroundings.Keys;

    public override async ValueTask InitializeAsync()
    {
        _program = await BuiltPowerShell.FindAsync();
        await base.InitializeAsync();
        if (_program is not null)
        {
            File.Delete(In("bin/pwsh"));
            File.CreateSymbolicLink(In("bin/pwsh"), _program);
        }
    }

    /// <summary>A job in a guest with this environment.</summary>
    public GuestAccess NewJob(string place)
    {
        Prerequisite.Require(_program is not null, BuiltPowerShell.Missing);
        return NewJob(GuestShell.Pwsh) with { Address = new GuestAddress("127.0.0.1", _ports[place]) };
    }

    protected override string MoreConfiguration()
    {
        var lines = new List<string>();
        foreach (var (place, more) in Surroundings)
        {
            _ports[place] = FreePort();

            // PowerShell writes into its home, and makes one that it misses.
            var home = In(place == "homeless" ? "missing/home" : "home");
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"Match LocalPort {_ports[place]}\n    SetEnv HOME={home} {more} {Variables}"));
        }

        return string.Concat(_ports.Values.Select(port => string.Create(CultureInfo.InvariantCulture, $"ListenAddress 127.0.0.1:{port}\n"))) + string.Join('\n', lines) + "\n";
    }
}

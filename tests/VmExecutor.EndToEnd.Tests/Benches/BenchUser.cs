using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>An ordinary user made for a test, with a home, a key and a session libvirt of its own; gone afterwards.</summary>
internal sealed class BenchUser : IAsyncDisposable
{
    private readonly uint _userId;
    private readonly uint _groupId;

    private BenchUser(string name, string home, uint userId, uint groupId)
    {
        (Name, Home, _userId, _groupId) = (name, home, userId, groupId);
    }

    public string Name { get; }

    public string Home { get; }

    /// <summary>The variables that move this user's directories (XDG Base Directory Specification).</summary>
    public IReadOnlyDictionary<string, string> Environment { get; private init; } = new Dictionary<string, string>();

    /// <summary>The guest's key as this user's own file, as ssh demands.</summary>
    public string KeyFile => Path.Combine(Home, "id_ed25519");

    /// <summary>The directories in which the session daemon keeps files by a domain's name.</summary>
    public IReadOnlyList<string> LibvirtDirectories =>
    [
        Path.Combine(In("XDG_CACHE_HOME", ".cache"), "libvirt/qemu/log"),
        Path.Combine(Environment.GetValueOrDefault("XDG_RUNTIME_DIR") ?? In("XDG_CACHE_HOME", ".cache"), "libvirt/qemu/run"),
        Path.Combine(In("XDG_CONFIG_HOME", ".config"), "libvirt/qemu"), Path.Combine(In("XDG_CONFIG_HOME", ".config"), "libvirt/qemu/lib"),
    ];

    public IReadOnlyList<string> Virsh => [.. Become, "virsh", "-c", "qemu:///session"];

    /// <summary>The words that are put before a command of this user's.</summary>
    public IReadOnlyList<string> Become =>
        ["setpriv", $"--reuid={_userId}", $"--regid={_groupId}", "--init-groups", "--", "env", $"HOME={Home}", $"USER={Name}", .. Environment.Select(variable => $"{variable.Key}={variable.Value}")];

    /// <param name="guest">Whose key the user gets.</param>
    /// <param name="suffix">The end of the home's name.</param>
    /// <param name="xdg">Directories of the user by the XDG variable that moves them there, relative to the home; they are made.</param>
    public static async Task<BenchUser> CreateAsync(TestGuest guest, string suffix = "", IReadOnlyDictionary<string, string>? xdg = null)
    {
        var name = $"vmxe2e{Random.Shared.Next(0x10000):x4}";
        var home = $"/var/tmp/{name}{suffix}";
        await HostCommand.OutputAsync("useradd", "--create-home", "--home-dir", home, "--shell", "/bin/bash", name);
        var user = new BenchUser(name, home, await NumberAsync("-u", name), await NumberAsync("-g", name))
        {
            Environment = (xdg ?? new Dictionary<string, string>()).ToDictionary(one => one.Key, one => Path.Combine(home, one.Value)),
        };
        foreach (var directory in user.Environment.Values)
        {
            await HostCommand.OutputAsync("install", "-d", "-m", "0700", "-o", name, directory);
        }

        user.Own(home);
        await HostCommand.OutputAsync("install", "-m", "0600", "-o", name, guest.Key, user.KeyFile);
        return user;
    }

    /// <summary>The same runner, started by this user.</summary>
    public RunnerOptions RunAs(RunnerOptions options) => options with
    {
        ConfigExec = "/usr/bin/setpriv",
        ConfigArguments = [.. Drop, options.ConfigExec],
        PrepareExec = "/usr/bin/setpriv",
        PrepareArguments = [.. Drop, options.PrepareExec],
        RunExec = "/usr/bin/setpriv",
        RunArguments = [.. Drop, options.RunExec],
        CleanupExec = "/usr/bin/setpriv",
        CleanupArguments = [.. Drop, options.CleanupExec],
        Owner = new FileOwner(_userId, _groupId),
    };

    public void Own(string directory) =>
        HostCommand.OutputAsync("chown", "-R", $"{Name}:", directory).GetAwaiter().GetResult();

    /// <summary>Ends the session daemon that libvirt keeps for the user for two more minutes, then removes the user.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in await ProcessesAsync())
        {
            await HostCommand.TryAsync("kill", "-TERM", process);
        }

        await Eventually.AskAsync(ProcessesAsync, left => left.Count == 0, TimeSpan.FromSeconds(20));
        await HostCommand.OutputAsync("userdel", "--remove", Name);
    }

    private string In(string variable, string standard) => Environment.GetValueOrDefault(variable) ?? Path.Combine(Home, standard);

    private string[] Drop => [$"--reuid={_userId}", $"--regid={_groupId}", "--init-groups", "--"];

    private async Task<IReadOnlyList<string>> ProcessesAsync()
    {
        var (_, output, _) = await HostCommand.TryAsync("ps", "-U", Name, "-o", "stat=,pid=");
        return
        [
            .. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => line[0] != 'Z')
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]),
        ];
    }

    private static async Task<uint> NumberAsync(string option, string name) =>
        uint.Parse((await HostCommand.OutputAsync("id", option, name)).Trim(), System.Globalization.CultureInfo.InvariantCulture);
}

using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>An ordinary user made for a test, with a home, a key and a session libvirt of its own; gone afterwards.</summary>
internal sealed class BenchUser : IAsyncDisposable
{
    private readonly uint _userId;
    private readonly uint _groupId;

    private BenchUser(string name, uint userId, uint groupId)
    {
        (Name, _userId, _groupId) = (name, userId, groupId);
    }

    public string Name { get; }

    public string Home => $"/var/tmp/{Name}";

    /// <summary>The guest's key as this user's own file, as ssh demands.</summary>
    public string KeyFile => Path.Combine(Home, "id_ed25519");

    /// <summary>The directories in which the session daemon keeps files by a domain's name.</summary>
    public IReadOnlyList<string> LibvirtDirectories =>
    [
        Path.Combine(Home, ".cache/libvirt/qemu/log"), Path.Combine(Home, ".cache/libvirt/qemu/run"),
        Path.Combine(Home, ".config/libvirt/qemu"), Path.Combine(Home, ".config/libvirt/qemu/lib"),
    ];

    public IReadOnlyList<string> Virsh => [.. Become, "virsh", "-c", "qemu:///session"];

    /// <summary>The words that are put before a command of this user's.</summary>
    public IReadOnlyList<string> Become =>
        ["setpriv", $"--reuid={_userId}", $"--regid={_groupId}", "--init-groups", "--", "env", $"HOME={Home}", $"USER={Name}"];

    public static async Task<BenchUser> CreateAsync(TestGuest guest)
    {
        var name = $"vmxe2e{Random.Shared.Next(0x10000):x4}";
        await HostCommand.OutputAsync("useradd", "--create-home", "--home-dir", $"/var/tmp/{name}", "--shell", "/bin/bash", name);
        var user = new BenchUser(
            name, await NumberAsync("-u", name), await NumberAsync("-g", name));
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

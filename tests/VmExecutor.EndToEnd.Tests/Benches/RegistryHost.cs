using System.Diagnostics;
using System.Globalization;
using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>
/// A host that is a registry alone: Debian's docker-registry in a network namespace of its own, with a bridge to which other hosts' namespaces
/// are connected. The namespace, its bridge and its cables end with the registry.
/// </summary>
internal sealed class RegistryHost : IAsyncDisposable
{
    /// <summary>The registry as images name it.</summary>
    public const string Address = "10.77.0.1:5000";

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);

    private readonly Process _registry;
    private readonly string _home;
    private int _hosts;

    private RegistryHost(Process registry, string home) => (_registry, _home) = (registry, home);

    /// <summary>The environment in which skopeo uses the registry without TLS.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string> { ["HOME"] = _home };

    /// <param name="directory">For its store and its configuration.</param>
    public static async Task<RegistryHost> StartAsync(string directory)
    {
        var configuration = Path.Combine(directory, "registry.yml");
        await File.WriteAllTextAsync(configuration, $"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {directory}/store}}}}\nhttp: {{addr: '{Address}', secret: x}}\nlog: {{level: warn}}\n");
        Directory.CreateDirectory($"{directory}/.config/containers");
        await File.WriteAllTextAsync($"{directory}/.config/containers/registries.conf", $"[[registry]]\nlocation = \"{Address}\"\ninsecure = true\n");
        await File.WriteAllTextAsync($"{directory}/.config/containers/policy.json", """{"default":[{"type":"insecureAcceptAnything"}]}""");
        const string setup = """
            ip link set lo up && ip link add vmx-switch type bridge && ip address add 10.77.0.1/24 dev vmx-switch && ip link set vmx-switch up &&
            exec docker-registry serve "$1" > "$2" 2>&1
            """;
        var process = Process.Start(new ProcessStartInfo("unshare", ["--net", "sh", "-c", setup, "sh", configuration, Path.Combine(directory, "log")]))!;
        var registry = new RegistryHost(process, directory);
        var answer = await Eventually.AskAsync(
            () => HostCommand.TryAsync("nsenter", [.. registry.Inside, "bash", "-c", $"exec 3<>/dev/tcp/{Address.Replace(':', '/')}"]),
            connected => connected.ExitCode == 0 || process.HasExited,
            StartLimit);
        if (answer.ExitCode != 0)
        {
            await registry.DisposeAsync();
            throw new InvalidOperationException($"the registry does not answer: {answer.Error}\n{await File.ReadAllTextAsync(Path.Combine(directory, "log"))}");
        }

        return registry;
    }

    /// <summary>Puts a cable between the registry's switch and a host.</summary>
    /// <returns>The number of the cable, for <see cref="SentAsync"/>.</returns>
    public async Task<int> ConnectAsync(IsolatedLibvirt host)
    {
        var number = ++_hosts;
        var (here, there) = (Text(_registry.Id), Text(host.Pid));
        await HostCommand.OutputAsync("ip", "link", "add", $"vmx-port{number}", "netns", here, "type", "veth", "peer", "name", "vmx-registry", "netns", there);
        await HostCommand.OutputAsync("nsenter", [.. Inside, "ip", "link", "set", $"vmx-port{number}", "master", "vmx-switch", "up"]);
        await host.OutputAsync("ip", "address", "add", $"10.77.0.{number + 1}/24", "dev", "vmx-registry");
        await host.OutputAsync("ip", "link", "set", "vmx-registry", "up");
        return number;
    }

    /// <summary>The bytes that have gone over a cable from the registry to its host, by the kernel's own counter.</summary>
    public async Task<long> SentAsync(int cable)
    {
        var line = (await HostCommand.LinesAsync("nsenter", [.. Inside, "cat", "/proc/thread-self/net/dev"])).Single(line => line.StartsWith($"vmx-port{cable}:", StringComparison.Ordinal));

        // Eight numbers of what came in, then those of what went out (proc_net(5)).
        return long.Parse(line.Split(':')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[8], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _registry.Kill();
        await _registry.WaitForExitAsync();
        _registry.Dispose();
    }

    private IReadOnlyList<string> Inside => [$"--target={_registry.Id}", "--net", "--"];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

using VmExecutor.Host.Tests.Images.Registries;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>A registry on loopback, and the environment in which skopeo uses it without TLS.</summary>
internal sealed class LoopbackRegistry(RegistryServer server, string home) : IDisposable
{
    /// <summary>The password of the user <c>ci</c>, where it wants a login.</summary>
    public const string Password = "private-pw";

    private const string Accounts = "ci:$2y$05$abcdefghijklmnopqrstuu8eCxUpnqrHjKj74mrICBQZgTPH.MTXy\n";

    public string Host => server.Host;

    public IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string> { ["HOME"] = home };

    public static async Task<LoopbackRegistry> StartAsync(string directory, bool withLogin = false)
    {
        var server = await RegistryServer.StartAsync(directory, $"{directory}/store", accounts: withLogin ? Accounts : null);
        Directory.CreateDirectory($"{directory}/.config/containers");
        await File.WriteAllTextAsync($"{directory}/.config/containers/registries.conf", $"[[registry]]\nlocation = \"{server.Host}\"\ninsecure = true\n");
        await File.WriteAllTextAsync($"{directory}/.config/containers/policy.json", """{"default":[{"type":"insecureAcceptAnything"}]}""");
        return new LoopbackRegistry(server, directory);
    }

    public void Dispose() => server.Dispose();
}

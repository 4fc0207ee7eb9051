using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.Host.Tests.Images.Registries;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>A registry on loopback, and the environment in which skopeo uses it without TLS.</summary>
internal sealed class LoopbackRegistry(RegistryServer server, string home) : IDisposable
{
    /// <summary>The password of the user <c>ci</c>, where it wants a login.</summary>
    public const string Password = "private-pw";

    private const string Accounts = "ci:$2y$05$abcdefghijklmnopqrstuu8eCxUpnqrHjKj74mrICBQZgTPH.MTXy\n";

    public string Host => server.Host;

    /// <summary>The directory with its content.</summary>
    public string Store => $"{home}/store";

    public IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string> { ["HOME"] = home };

    public static async Task<LoopbackRegistry> StartAsync(string directory, bool withLogin = false)
    {
        var server = await RegistryServer.StartAsync(directory, $"{directory}/store", accounts: withLogin ? Accounts : null);
        Directory.CreateDirectory($"{directory}/.config/containers");
        await File.WriteAllTextAsync($"{directory}/.config/containers/policy.json", """{"default":[{"type":"insecureAcceptAnything"}]}""");
        var registry = new LoopbackRegistry(server, directory);
        await registry.TrustAsync(server.Host);
        return registry;
    }

    /// <summary>From now on skopeo uses this address of it without TLS, too.</summary>
    public Task TrustAsync(string host) => File.AppendAllTextAsync($"{home}/.config/containers/registries.conf", $"[[registry]]\nlocation = \"{host}\"\ninsecure = true\n");

    /// <summary>Puts a disk into it as KubeVirt's containerDisk has it: a container image of one layer.</summary>
    /// <param name="place">Repository and tag.</param>
    /// <param name="disk">A qcow2 file.</param>
    public async Task PutDiskAsync(string place, string disk)
    {
        const string script = """
            set -euo pipefail
            layout=$1/layout
            mkdir -p "$layout/blobs/sha256"
            tar -C "$(dirname "$2")" --transform 's,^,disk/,' --use-compress-program 'gzip -1' -cf "$layout/layer" "$(basename "$2")"
            put() {
                sum=$(sha256sum "$1" | cut -d ' ' -f 1)
                mv "$1" "$layout/blobs/sha256/$sum"
                printf '{"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%s}' "$2" "$sum" "$(stat -c %s "$layout/blobs/sha256/$sum")"
            }
            architecture=$(case $(uname -m) in x86_64) echo amd64 ;; aarch64) echo arm64 ;; *) uname -m ;; esac)
            echo "{\"architecture\":\"$architecture\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}" > "$layout/config"
            config=$(put "$layout/config" config.v1+json) layer=$(put "$layout/layer" layer.v1.tar+gzip)
            echo "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":$config,\"layers\":[$layer]}" > "$layout/manifest"
            echo "{\"schemaVersion\":2,\"manifests\":[$(put "$layout/manifest" manifest.v1+json)]}" > "$layout/index.json"
            echo '{"imageLayoutVersion":"1.0.0"}' > "$layout/oci-layout"
            HOME=$1 skopeo copy -q --preserve-digests "oci:$layout" "docker://$3"
            rm -r "$layout"
            """;
        await HostCommand.OutputAsync("bash", "-c", script, "bash", Variables["HOME"], disk, $"{Host}/{place}");
    }

    public void Dispose() => server.Dispose();
}

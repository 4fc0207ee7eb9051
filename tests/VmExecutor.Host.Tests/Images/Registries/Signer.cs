using System.Diagnostics;
using FluentAssertions;

namespace VmExecutor.Host.Tests.Images.Registries;

/// <summary>Two keys of gpg, and a directory for the signatures of a registry's images (containers-registries.d(5)).</summary>
internal sealed class Signer : IDisposable
{
    private readonly string _home;

    public Signer(TestRegistry registry)
    {
        // gpg's agent has a socket there, and a socket's path is short.
        _home = Directory.CreateTempSubdirectory("vmx-gpg").FullName;
        registry.Keys = _home;
        foreach (var name in new[] { "ours@example.test", "theirs@example.test" })
        {
            Run("gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never");
            Run("gpg", "--batch", "--quiet", "--output", PublicKey(name), "--export", name);
        }

        var places = Directory.CreateDirectory($"{registry.Variables["HOME"]}/.config/containers/registries.d").FullName;
        File.WriteAllText($"{places}/tests.yaml", $"docker:\n  {registry.Host}:\n    sigstore: file://{_home}/signatures\n    sigstore-staging: file://{_home}/signatures\n");
    }

    public string PublicKey(string name) => $"{_home}/{name}.gpg";

    public void Dispose()
    {
        Run("gpgconf", "--kill", "all");
        Directory.Delete(_home, recursive: true);
    }

    private void Run(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardError = true };
        start.Environment["GNUPGHOME"] = _home;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.Should().Be(0, error);
    }
}

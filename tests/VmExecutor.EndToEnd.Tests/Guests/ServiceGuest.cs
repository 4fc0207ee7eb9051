using System.Diagnostics;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>
/// A published Debian with an engine for containers, and a template of it that has the images of postgres, redis and web. Each test's bench stands on it with an image's file of its own.
/// </summary>
/// <param name="machine">The shared parts.</param>
/// <param name="variant">One of tests/guests.</param>
/// <param name="engine">Its engine.</param>
public abstract class ServiceGuest(TestMachine machine, string variant, string engine) : IAsyncDisposable
{
    private static readonly TimeSpan CommandLimit = TimeSpan.FromMinutes(20);

    private Bench? _bench;
    private Task? _making;
    private string _yaml = "";

    public ContainerRegistry Registry { get; } = new();

    private async Task MakeAsync()
    {
        await Registry.StartAsync();
        var guest = await BuiltGuest.BuildAsync(variant);

        // Services start side by side.
        _yaml = guest.ImageYaml(variant).Replace("cpus: 1", "cpus: 2", StringComparison.Ordinal);
        _bench = new Bench(machine);
        _bench.With().WriteImage(variant, Yaml("preload: ['postgres:15', 'redis:7', 'web:1']"));
        foreach (var command in new[] { "publish", "warm" })
        {
            var began = Stopwatch.GetTimestamp();
            var (exitCode, output, error) = await _bench.CommandAsync(["image", command, variant], CommandLimit);
            exitCode.Should().Be(0, output + error);
            TestContext.Current.SendDiagnosticMessage($"image {command} {variant}: {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
        }
    }

    /// <summary>The bench's jobs are of this guest, which is made for the first test that wants it.</summary>
    /// <param name="bench">The test's.</param>
    /// <param name="warm">False: its jobs boot, and fetch what they need.</param>
    /// <param name="services">Further keys of <c>services:</c>.</param>
    internal async Task GiveToAsync(Bench bench, bool warm = true, params IReadOnlyList<string> services)
    {
        await (_making ??= MakeAsync());
        bench.With();
        var images = Path.Combine(bench.StateDirectory, "images");
        if (!Directory.Exists(images))
        {
            Directory.CreateSymbolicLink(images, Path.Combine(_bench!.StateDirectory, "images"));
        }

        bench.WriteImage(variant, Yaml(["preload: ['postgres:15', 'redis:7', 'web:1']", .. services], warm ? "" : "warm:\n  enabled: false\n"));
    }

    public async ValueTask DisposeAsync()
    {
        if (_bench is not null)
        {
            await _bench.DisposeAsync();
        }

        await Registry.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private string Yaml(string services) => Yaml([services], "");

    private string Yaml(IReadOnlyList<string> services, string further)
    {
        var yaml = new YamlSections(_yaml);
        yaml.Add($"services:\n  engine: {engine}\n  wait: 120s\n");
        yaml.Add($"services:\n{string.Concat(services.Select(line => $"  {line}\n"))}{further}");
        return yaml.ToString();
    }
}

public sealed class PodmanGuest(TestMachine machine) : ServiceGuest(machine, "debian-podman", "podman");

public sealed class DockerGuest(TestMachine machine) : ServiceGuest(machine, "debian-docker", "docker");

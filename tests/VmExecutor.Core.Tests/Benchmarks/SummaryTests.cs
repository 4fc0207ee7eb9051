using FluentAssertions;
using VmExecutor.Core.Benchmarks;
using Xunit;

namespace VmExecutor.Core.Tests.Benchmarks;

public sealed class SummaryTests
{
    [Fact]
    public void Phases_keep_their_order_also_when_only_some_starts_have_one()
    {
        var summary = Summary.Of("cold", [Start(5, ("source", 1), ("start", 3)), Start(9, ("source", 1), ("capacity", 4), ("start", 3), ("ssh", 1))]);

        summary.Phases.Select(phase => phase.Name).Should().Equal("source", "capacity", "start", "ssh");
        summary.Phases[1].Seconds.Should().Be(new Spread(4, 4, 4, 1));
        summary.PrepareSeconds.Should().Be(new Spread(7, 5, 9, 2));
    }

    [Fact]
    public void Starts_with_other_phases_share_one_order() =>
        Summary.Order([["source", "disks", "start", "boot", "ssh"], ["source", "disks", "start", "load", "address", "ssh", "identity"], ["disks", "ssh"]])
            .Should().Equal("source", "disks", "start", "load", "address", "boot", "ssh", "identity");

    [Fact]
    public void Memory_that_could_not_be_seen_each_time_is_not_told()
    {
        var summary = Summary.Of("warm", [Start(1) with { PssBytes = 100, DiskBytes = 10 }, Start(1) with { DiskBytes = 20 }]);

        summary.PssBytes.Should().BeNull();
        summary.DiskBytes.Should().Be(new Spread(15, 10, 20, 2));
    }

    private static Measurement Start(double prepare, params (string Name, double Seconds)[] phases) => new()
    {
        PrepareSeconds = prepare,
        Phases = [.. phases.Select(phase => KeyValuePair.Create(phase.Name, phase.Seconds))],
    };
}

using FluentAssertions;
using VmExecutor.Core.Services;
using Xunit;

namespace VmExecutor.Core.Tests.Services;

public sealed class ServiceFactsTests
{
    [Fact]
    public void The_last_that_a_guest_tells_of_a_service_counts()
    {
        var facts = new ServiceFacts(2);

        Take(facts, "engine podman", "0 started 10.89.0.2", "1 started 10.89.0.3", "0 up 5432", "1 down none of its ports was open", "1 log first line", "1 log ", "done")
            .Should().Equal(0, 1, 0, 1);

        facts.Engine.Should().Be("podman");
        (facts.IsDone, facts.HasNoEngine, facts.EngineFailure).Should().Be((true, false, null));
        facts.States.Should().BeEquivalentTo(
            [new ServiceState(ServiceEvent.Up, "5432", []), new ServiceState(ServiceEvent.Down, "none of its ports was open", ["first line", ""])], options => options.WithStrictOrdering());
    }

    [Theory]
    [InlineData("engine none", true, null)]
    [InlineData("engine $(id)", true, null)]
    [InlineData("engine-fails Cannot connect to the Docker daemon", false, "Cannot connect to the Docker daemon")]
    public void A_guest_without_a_working_engine_says_so(string line, bool hasNone, string? failure)
    {
        var facts = new ServiceFacts(1);

        Take(facts, line).Should().BeEmpty();

        (facts.HasNoEngine, facts.EngineFailure, facts.Engine).Should().Be((hasNone, failure, null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("vmx-service:")]
    [InlineData("vmx-service:2 up 1")]
    [InlineData("vmx-service:-1 up 1")]
    [InlineData("vmx-service:99999999999 up 1")]
    [InlineData("vmx-service:0")]
    [InlineData("vmx-service:0 sideways 1")]
    [InlineData("vmx-service:done now")]
    [InlineData(" vmx-service:done")]
    [InlineData("vmx-service:7 log x")]
    public void Any_other_line_tells_nothing(string line)
    {
        var facts = new ServiceFacts(2);

        facts.Take(line).Should().BeNull();

        facts.IsDone.Should().BeFalse();
        facts.States.Should().OnlyContain(state => state.Event == ServiceEvent.None);
    }

    [Fact]
    public void A_guest_does_not_fill_the_log()
    {
        var facts = new ServiceFacts(1);

        Take(facts, ["0 down it ended", .. Enumerable.Range(0, 1000).Select(i => $"0 log {i}")]);

        facts.States[0].Lines.Should().HaveCount(20);
    }

    private static List<int> Take(ServiceFacts facts, params string[] lines) => [.. lines.Select(line => facts.Take($"vmx-service:{line}")).OfType<int>()];
}

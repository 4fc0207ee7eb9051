using FluentAssertions;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class ClonePlanCardTests
{
    [Fact]
    public void Each_card_of_each_clone_has_an_address_of_its_own()
    {
        var plan = TestPlan.For(TestPlan.Image());

        plan.Mac(0).Value.Should().MatchRegex(@"\A52:54:00(:[0-9a-f]{2}){3}\z");
        plan.Mac(0).Should().Be(plan.Mac(0)).And.NotBe(plan.Mac(1));
        (plan with { CardSeed = "other" }).Mac(0).Should().NotBe(plan.Mac(0), "the job alone does not tell the address");
    }
}

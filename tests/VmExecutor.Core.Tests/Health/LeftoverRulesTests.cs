using FluentAssertions;
using VmExecutor.Core.Health;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class LeftoverRulesTests
{
    [Theory]
    [InlineData(0, "nothing is left of jobs that are over")]
    [InlineData(1, "1 leftover of jobs that are over: vmx-1")]
    [InlineData(3, "3 leftovers of jobs that are over: vmx-1, vmx-2, vmx-3")]
    [InlineData(4, "4 leftovers of jobs that are over: vmx-1, vmx-2, vmx-3, …")]
    public void Leftovers_are_counted_and_the_first_are_named(int count, string found) =>
        LeftoverRules.Decide([.. Enumerable.Range(1, count).Select(number => $"vmx-{number}")], []).Should().ContainSingle()
            .Which.Should().Be(count == 0 ? Checks.Leftovers.Ok(found) : Checks.Leftovers.Warning(found, "vm-executor gc"));

    [Fact]
    public void Doubts_of_gc_are_warned_of_alone() =>
        LeftoverRules.Decide([], ["'odd' may be a job's"]).Should().Equal(Checks.Leftovers.Warning("'odd' may be a job's", "vm-executor list --leaks"));
}

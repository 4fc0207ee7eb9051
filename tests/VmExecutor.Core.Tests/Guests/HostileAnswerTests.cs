using System.Globalization;
using FluentAssertions;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

/// <summary>Answers that only a guest gives whose root wants to harm the host: numbers beyond any, texts that no file has, lines without end.</summary>
public sealed class HostileAnswerTests
{
    private const int MostBytes = 1 << 20;

    [Theory]
    [InlineData("99999999999999999999")]
    [InlineData("922337203686")]
    [InlineData("1.7")]
    public void An_uptime_beyond_any_is_not_told(string uptime)
    {
        RunInquiry.Parse($"vmx-status:7 {uptime}. there. 1.00\n")!.Status.Should().Be(7);
        RunInquiry.Parse($"vmx-status:7 1.00. there. {uptime}\n")!.HadSession.Should().BeTrue();
    }

    [Fact]
    public void Half_a_surrogate_pair_among_the_errors_of_cloud_init_is_no_bug() =>
        CloudInit.ParseErrors("{\n \"v1\": {\n  \"errors\": [\"\\ud800\"]\n }\n}\n").Should().BeEmpty();

    [Theory(Timeout = 60_000)]
    [InlineData("{\n")]
    [InlineData("{\nx\n")]
    [InlineData("{ \n")]
    public async Task Beginnings_of_a_result_without_an_end_are_looked_at_once(string line)
    {
        await Task.CompletedTask;

        CloudInit.ParseErrors(Many(line)).Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_fault_that_is_told_again_and_again_is_one()
    {
        await Task.CompletedTask;

        PlaceCheck.Parse(Many("vmx-place:1:make:x\n")).Should().ContainSingle();
        PlaceCheck.Parse(string.Concat(Enumerable.Range(0, 40_000).Select(number => string.Create(CultureInfo.InvariantCulture, $"vmx-place:{number}:make:x\n"))))
            .Should().HaveCountLessThanOrEqualTo(1000);
    }

    private static string Many(string line) => string.Concat(Enumerable.Repeat(line, MostBytes / line.Length));
}

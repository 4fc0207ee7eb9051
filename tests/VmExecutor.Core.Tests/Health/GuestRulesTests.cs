using FluentAssertions;
using VmExecutor.Core.Health;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class GuestRulesTests
{
    [Theory]
    [InlineData("gitlab.example.com:443", "gitlab.example.com:443")]
    [InlineData("[fd00::1]:22", "[fd00::1]:22")]
    [InlineData("10.0.2.2:8080", "10.0.2.2:8080")]
    [InlineData("gitlab.example.com", null)]
    [InlineData("gitlab.example.com:0", null)]
    [InlineData("gitlab.example.com:99999", null)]
    [InlineData(":443", null)]
    [InlineData("a b; rm -rf /:443", null)]
    public void A_place_to_reach_is_a_host_and_a_port(string text, string? expected) => ReachTarget.TryParse(text)?.ToString().Should().Be(expected);

    [Theory]
    [InlineData("https://gitlab.example.com", "gitlab.example.com:443")]
    [InlineData("http://gitlab.example.com:8080/sub", "gitlab.example.com:8080")]
    [InlineData("gitlab.example.com", null)]
    [InlineData(null, null)]
    public void A_runners_url_names_its_server(string? url, string? expected) => ReachTarget.OfUrl(url)?.ToString().Should().Be(expected);

    [Theory]
    [InlineData("vmx-reach:yes\n", CheckStatus.Ok, "reaches gitlab:443")]
    [InlineData("vmx-reach:no bash: line 1: /dev/tcp/gitlab/443: Connection refused\n", CheckStatus.Problem, "does not reach gitlab:443: Connection refused")]
    [InlineData("vmx-reach:no \n", CheckStatus.Problem, "no answer within 10 s")]
    [InlineData("vmx-reach:no-name\n", CheckStatus.Problem, "cannot be resolved")]
    [InlineData("vmx-reach:no-tool\n", CheckStatus.Skipped, "neither bash nor nc")]
    [InlineData("", CheckStatus.Skipped, "neither bash nor nc")]
    public void A_guests_answer_is_understood(string answer, CheckStatus status, string found)
    {
        var finding = GuestRules.DecideOut("small", new ReachTarget("gitlab", 443), GuestRules.Parse(answer));

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }

    [Theory]
    [InlineData(true, true, true, CheckStatus.Warning)]
    [InlineData(false, true, true, CheckStatus.Problem)]
    [InlineData(true, false, true, CheckStatus.Ok)]
    [InlineData(true, false, false, CheckStatus.Skipped)]
    public void The_listener_judges_whether_the_loopback_was_reached(bool userMode, bool reached, bool tried, CheckStatus status) =>
        GuestRules.DecideLoopback("small", userMode, reached, tried, null).Status.Should().Be(status);

    [Fact]
    public void A_guest_that_gets_past_the_firewall_is_a_problem()
    {
        var finding = GuestRules.DecideLoopback("small", isUserMode: true, wasReached: true, hasTried: true, new GuestFirewall(IsInstalled: true, IsOn: true));

        finding.Status.Should().Be(CheckStatus.Problem);
        finding.Found.Should().EndWith("although nftables table 'inet vm_executor' is there");
    }
}

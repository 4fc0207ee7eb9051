using FluentAssertions;
using VmExecutor.Core.Health;
using VmExecutor.Core.Tests.Conventions;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class ChecksTests
{
    [Fact]
    public void Every_check_is_listed_once_under_a_word_of_its_own()
    {
        var fields = typeof(Checks).GetFields().Select(field => (Check)field.GetValue(null)!).ToList();

        Checks.All.Should().BeEquivalentTo(fields).And.OnlyHaveUniqueItems(check => check.Id);
        Checks.All.Should().OnlyContain(check => check.Id.All(c => char.IsAsciiLetterLower(c) || c == '-'));
        Checks.All.Select(check => check.Topic).Should().BeInAscendingOrder("the report groups them by topic");
    }

    [Fact]
    public void Every_check_has_a_section_where_its_link_points_to()
    {
        var headings = File.ReadLines(Path.Combine(Repository.Root, "docs/doctor.md"))
            .Where(line => line.StartsWith("### ", StringComparison.Ordinal)).Select(line => line["### ".Length..].Trim());

        headings.Should().BeEquivalentTo(Checks.All.Select(check => check.Id));
        Checks.Kvm.Link.Should().Be("docs/doctor.md#kvm");
    }

    [Fact]
    public void The_worst_finding_is_the_diagnosis()
    {
        new HealthFindings([]).Worst.Should().Be(CheckStatus.Ok);
        new HealthFindings([Checks.Ssh.Ok("x"), Checks.Kvm.Skipped("y")]).Worst.Should().Be(CheckStatus.Skipped);
        new HealthFindings([Checks.Ssh.Warning("x", "f"), Checks.Kvm.Ok("y")]).Worst.Should().Be(CheckStatus.Warning);
        new HealthFindings([Checks.Ssh.Problem("x", "f"), Checks.Kvm.Warning("y", "f")]).Worst.Should().Be(CheckStatus.Problem);
    }

    [Fact]
    public void Findings_come_in_the_order_of_the_checks_whichever_was_ready_first() =>
        new HealthFindings([Checks.Leftovers.Ok("l"), Checks.Images.Ok("1"), Checks.Config.Ok("c"), Checks.Images.Ok("2")]).Findings.Select(finding => finding.Found)
            .Should().Equal("c", "1", "2", "l");
}

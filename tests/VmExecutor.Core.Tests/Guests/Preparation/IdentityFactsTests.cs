using FluentAssertions;
using VmExecutor.Core.Guests.Preparation;
using Xunit;

namespace VmExecutor.Core.Tests.Guests.Preparation;

/// <summary>The facts in a guest's answer.</summary>
public sealed class IdentityFactsTests
{
    private const string Answer =
        """
        Welcome!
        vmx-identity:hostname vmx-1-2-0
        vmx-identity:machine-id 0123456789abcdef0123456789abcdef
        vmx-identity:own-key /root/.ssh/authorized_keys
        vmx-identity:template-key /home/ci/.ssh/authorized_keys
        vmx-identity:template-key /home/ci/.ssh/authorized_keys
        vmx-identity:reseeded perl
        vmx-identity:clock 1795561200.123456789
        vmx-identity:done

        """;

    [Fact]
    public void All_of_an_answer_is_read() =>
        IdentityFacts.Parse(Answer).Should().BeEquivalentTo(new IdentityFacts
        {
            Clock = DateTimeOffset.FromUnixTimeSeconds(1795561200).AddTicks(1_234_567),
            ReseededBy = "perl",
            Hostname = "vmx-1-2-0",
            MachineId = "0123456789abcdef0123456789abcdef",
            TemplateKeyIn = ["/home/ci/.ssh/authorized_keys"],
            OwnKeyIn = ["/root/.ssh/authorized_keys"],
        });

    [Fact]
    public void A_text_that_was_not_run_to_its_end_has_no_facts() =>
        IdentityFacts.Parse(Answer.Replace("vmx-identity:done\n", "", StringComparison.Ordinal)).Should().BeNull();

    [Fact]
    public void Absent_facts_are_unknown() => IdentityFacts.Parse("vmx-identity:done\n").Should().BeEquivalentTo(new IdentityFacts());

    [Theory]
    [InlineData("")]
    [InlineData("1795561200")]
    [InlineData("1795561200.5")]
    [InlineData("-1.000000000")]
    [InlineData("1795561200.12345678x")]
    [InlineData("99999999999999.000000000")]
    [InlineData("99999999999999999999.000000000")]
    public void A_clock_that_cannot_be_read_was_not_set(string clock) =>
        IdentityFacts.Parse($"vmx-identity:clock {clock}\nvmx-identity:done\n")!.Clock.Should().BeNull();
}

using FluentAssertions;
using VmExecutor.Core.Guests.Preparation;
using Xunit;

namespace VmExecutor.Core.Tests.Guests.Preparation;

/// <summary>The things that keep a clone from having an identity of its own.</summary>
public sealed class IdentityCheckTests
{
    [Fact]
    public void A_guest_that_has_all_it_was_given_has_no_problems() => Problems(Given.Facts).Should().BeEmpty();

    [Fact]
    public void A_guest_without_a_machine_id_needs_none() => Problems(Given.Facts with { MachineId = null }).Should().BeEmpty();

    [Fact]
    public void A_clock_that_was_not_set_is_a_problem() => Problems(Given.Facts with { Clock = null }).Should().Equal("its clock was not set");

    [Fact]
    public void A_clock_that_is_not_proven_right_is_a_problem() =>
        IdentityCheck.Problems(Given.Identity, Given.Facts, Given.Step with { ReceivedAt = Given.Now + TimeSpan.FromSeconds(0.501) })
            .Should().ContainSingle().Which.Should().StartWith("its clock is off by up to 0.50 s");

    [Fact]
    public void A_clock_that_is_half_a_second_off_will_do() =>
        IdentityCheck.Problems(Given.Identity, Given.Facts, Given.Step with { ReceivedAt = Given.Now + TimeSpan.FromSeconds(0.5) }).Should().BeEmpty();

    [Fact]
    public void A_generator_that_was_not_reseeded_is_a_problem() =>
        Problems(Given.Facts with { ReseededBy = null }).Should().Equal("its random generator was not reseeded");

    [Fact]
    public void The_templates_name_is_a_problem() =>
        Problems(Given.Facts with { Hostname = "vmx-template" }).Should().Equal("its host name is 'vmx-template', not 'vmx-1-2-0'");

    [Theory]
    [InlineData("")]
    [InlineData("ffffffffffffffffffffffffffffffff")]
    public void Another_machine_id_is_a_problem(string id) =>
        Problems(Given.Facts with { MachineId = id }).Should().Equal($"its machine-id is '{id}', not '0123456789abcdef0123456789abcdef'");

    [Fact]
    public void The_templates_key_is_a_problem_wherever_it_is() =>
        Problems(Given.Facts with { TemplateKeyIn = ["/root/.ssh/authorized_keys", "/home/ci/.ssh/authorized_keys"] })
            .Should().Equal("the template's login key is still in /root/.ssh/authorized_keys and /home/ci/.ssh/authorized_keys");

    [Fact]
    public void A_key_that_opens_no_login_is_a_problem() =>
        Problems(Given.Facts with { OwnKeyIn = [] }).Should().Equal("its own login key is in no authorized_keys");

    [Fact]
    public void No_key_is_missed_where_the_image_has_its_own() =>
        IdentityCheck.Problems(Given.Identity with { LoginKey = null }, Given.Facts with { OwnKeyIn = [] }, Given.Step).Should().BeEmpty();

    [Fact]
    public void All_problems_are_told_at_once() => Problems(new IdentityFacts { MachineId = "" }).Should().HaveCount(5);

    private static IReadOnlyList<string> Problems(IdentityFacts facts) => IdentityCheck.Problems(Given.Identity, facts, Given.Step);
}

using FluentAssertions;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Core.Tests.Jobs;

public sealed class JobKeyTests
{
    [Fact]
    public void A_key_names_runner_and_job_and_is_the_same_in_every_stage()
    {
        var key = new JobKey("https://gitlab.example.com", "Ab3xY_9z", 4711);

        key.Value.Should().MatchRegex("^ab3xy9z-4711-[0-9a-f]{6}$");
        key.Should().Be(new JobKey("https://gitlab.example.com", "Ab3xY_9z", 4711));
        key.Domain.Value.Should().Be($"vmx-{key}");
    }

    [Theory]
    [InlineData("https://other.example.com", "abc", 1)]
    [InlineData("https://gitlab.example.com", "abd", 1)]
    [InlineData("https://gitlab.example.com", "ABC", 1)]
    [InlineData("https://gitlab.example.com", "a-bc", 1)]
    [InlineData("https://gitlab.example.com", "abc", 11)]
    public void Equal_job_ids_of_other_servers_or_runners_never_meet(string server, string runner, long id)
    {
        var key = new JobKey("https://gitlab.example.com", "abc", 1);
        var other = new JobKey(server, runner, id);

        other.Value.Should().NotBe(key.Value);
        other.Uuid.Should().NotBe(key.Uuid);
    }

    [Theory]
    [InlineData("../../etc")]
    [InlineData("x' onload='")]
    [InlineData("")]
    [InlineData("\u0000\n<a/>")]
    [InlineData("ünïcode-token-that-is-far-too-long-for-a-name")]
    public void A_hostile_runner_token_never_leaves_the_alphabet_of_host_names(string token)
    {
        var key = new JobKey("https://gitlab.example.com", token, long.MaxValue);

        key.Domain.Value.Should().MatchRegex("^vmx-[a-z0-9]{1,12}-[0-9]+-[0-9a-f]{6}$");
        key.Domain.Value.Length.Should().BeLessThanOrEqualTo(63);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-5)]
    public void A_negative_job_id_is_refused(long id)
    {
        var make = () => new JobKey("server", "runner", id);

        make.Should().Throw<ArgumentOutOfRangeException>().WithMessage($"*not negative*{id}*");
    }

    [Fact]
    public void A_uuid_is_well_formed()
    {
        var key = new JobKey("s", "r", 1);

        key.Uuid.ToString("D").Should().MatchRegex("^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$");
    }
}

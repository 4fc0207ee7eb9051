using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Images;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Images;

public sealed class ProbeChecksTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    private static readonly ByteSize Enough = ByteSize.FromMebibytes(64);

    [Theory]
    [InlineData("vmx-clock:1800000000\nvmx-git:git version 2.39.5\nvmx-free:65536\n")]
    [InlineData("vmx-clock:1800000030\r\nvmx-git:git version 2.39.5\r\nvmx-free:9223372036854775807\r\n")]
    [InlineData("Welcome!\n vmx-clock:1\nvmx-clock:1799999970\nvmx-clock:1\nvmx-git:git version 2.39.5\nvmx-free:65536")]
    public void A_good_guest_has_no_problems(string output) => ProbeChecks.Problems(output, Now, Enough).Should().BeEmpty();

    [Theory]
    [InlineData("vmx-clock:1800000031", "the guest's clock is 31 s ahead (it says 2027-01-15 08:00:31Z), and it could not be set. See what sets the guest's clock")]
    [InlineData("vmx-clock:1799999969", "the guest's clock is 31 s behind (it says 2027-01-15 07:59:29Z), and it could not be set. See what sets the guest's clock")]
    [InlineData("vmx-clock:1799996400", "the guest's clock is 3600 s behind (it says 2027-01-15 07:00:00Z), and it could not be set. So much is a time zone")]
    [InlineData("vmx-clock:0", "the guest's clock is 1800000000 s behind (it says 1970-01-01 00:00:00Z)")]
    [InlineData("vmx-clock:", "the guest does not tell the time (date +%s)")]
    [InlineData("vmx-clock:%s", "the guest does not tell the time (date +%s)")]
    [InlineData("vmx-clock:-1", "the guest does not tell the time (date +%s)")]
    [InlineData("vmx-clock:1e9", "the guest does not tell the time (date +%s)")]
    [InlineData("vmx-clock:9223372036854775807", "the guest does not tell the time (date +%s)")]
    [InlineData("vmx-clock:99999999999999999999", "the guest does not tell the time (date +%s)")]
    [InlineData("date: not found", "the guest does not tell the time (date +%s)")]
    public void A_clock_that_is_off_or_missing_is_a_problem(string clock, string problem) =>
        ProbeChecks.Problems($"{clock}\nvmx-git:git version 2.39.5\nvmx-free:65536\n", Now, Enough).Should().ContainSingle().Which.Should().StartWith(problem);

    [Theory]
    [InlineData("vmx-git:")]
    [InlineData("vmx-git: \r")]
    [InlineData("")]
    public void A_guest_without_git_is_a_problem(string git) =>
        ProbeChecks.Problems($"vmx-clock:1800000000\n{git}\nvmx-free:65536\n", Now, Enough).Should().ContainSingle().Which.Should().Contain("no git");

    [Theory]
    [InlineData("vmx-free:65535", "only 63 MiB are free on the guest's root file system, and publish.min_free_disk is 64MiB")]
    [InlineData("vmx-free:0", "only 0 MiB are free on the guest's root file system, and publish.min_free_disk is 64MiB")]
    [InlineData("vmx-free:", "the guest does not tell how much disk is free (df -Pk /)")]
    [InlineData("vmx-free:-1", "the guest does not tell how much disk is free (df -Pk /)")]
    [InlineData("vmx-free:1.5", "the guest does not tell how much disk is free (df -Pk /)")]
    [InlineData("sh: df: not found", "the guest does not tell how much disk is free (df -Pk /)")]
    public void Too_little_disk_or_none_told_is_a_problem(string free, string problem) =>
        ProbeChecks.Problems($"vmx-clock:1800000000\nvmx-git:git version 2.39.5\n{free}\n", Now, Enough).Should().Equal(problem);

    [Theory]
    [InlineData("vmx-clock:1\nvmx-runner:yes\r\n", true)]
    [InlineData("vmx-runner:no", false)]
    [InlineData("vmx-runner:", null)]
    [InlineData("", null)]
    public void The_answer_about_step_runner_is_yes_no_or_unknown(string output, bool? has) =>
        ProbeChecks.HasStepRunner(output.Replace("vmx-runner", "vmx-steps", StringComparison.Ordinal)).Should().Be(has);

    [Theory]
    [InlineData("vmx-clock:1\nvmx-runner:yes\r\n", true)]
    [InlineData("vmx-runner:no", false)]
    [InlineData("vmx-runner:", null)]
    public void The_answer_about_gitlab_runner_is_yes_no_or_unknown(string output, bool? has) => ProbeChecks.HasRunner(output).Should().Be(has);

    [Fact]
    public void All_problems_are_told_at_once() => ProbeChecks.Problems("", Now, Enough).Should().HaveCount(3);

    [Fact]
    public void Whatever_a_guest_prints_there_is_an_answer_of_plain_lines() =>
        ForAny.Value(
            from clock in HostileText.Any
            from git in HostileText.Any
            from free in HostileText.Any
            select $"{clock}\nvmx-clock:{clock}\nvmx-git:{git}\nvmx-free:{free}\n{git}",
            output => ProbeChecks.Problems(output, Now, Enough).Should().OnlyContain(problem => !problem.Any(char.IsControl)));

    [Theory]
    [InlineData("vmx-old-key:ssh-ed25519 AAAA\nvmx-old-key:ssh-rsa BBBB\n", true)]
    [InlineData("vmx-old-key:ssh-rsa BBBB\n", false)]
    [InlineData("ssh-ed25519 AAAA\n", false)]
    [InlineData("", false)]
    public void A_key_is_known_to_be_old_only_by_its_file(string output, bool isOld) => ProbeChecks.AreOlderThanTheBoot(output, ["ssh-ed25519 AAAA"]).Should().Be(isOld);
}

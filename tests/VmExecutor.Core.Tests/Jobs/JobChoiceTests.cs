using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Core.Tests.Jobs;

public sealed class JobChoiceTests
{
    private static readonly JobKey First = new("https://gitlab.example.com", "abc", 4711);
    private static readonly JobKey Twin = new("https://other.example.com", "abc", 4711);
    private static readonly JobKey Other = new("https://gitlab.example.com", "abc", 12);

    [Fact]
    public void A_job_is_meant_by_its_key_its_domain_or_its_number()
    {
        foreach (var text in new[] { Other.Value, Other.Domain.Value, "12" })
        {
            JobChoice.Decide(text, [First, Twin, Other]).Should().Be(Other);
        }
    }

    [Fact]
    public void A_number_that_two_jobs_have_means_neither()
    {
        var decide = () => JobChoice.Decide("4711", [First, Twin, Other]);

        var failure = decide.Should().Throw<SystemFailureException>().Which;
        failure.Code.Should().Be(ErrorCodes.JobAmbiguous);
        failure.Message.Should().ContainAll(First.Value, Twin.Value).And.NotContain(Other.Value);
        JobChoice.Decide(Twin.Value, [First, Twin, Other]).Should().Be(Twin);
    }

    [Theory]
    [InlineData("471")]
    [InlineData("abc")]
    [InlineData("")]
    [InlineData("../x")]
    public void An_unknown_job_is_told_with_those_there_are(string text)
    {
        var decide = () => JobChoice.Decide(text, [First]);

        var failure = decide.Should().Throw<SystemFailureException>().Which;
        failure.Code.Should().Be(ErrorCodes.JobUnknown);
        failure.Message.Should().Contain($"'{text}'").And.Contain(First.Value);
    }

    [Fact]
    public void Where_there_is_no_job_that_is_said()
    {
        var decide = () => JobChoice.Decide("1", []);
        decide.Should().Throw<SystemFailureException>().WithMessage("*there is none at all");
    }

    [Fact]
    public void A_job_that_was_stopped_by_hand_says_who_did_it_and_is_no_build_failure()
    {
        var stopped = StopRecord.ByHand("alice\u001b[1m", new DateTimeOffset(2026, 11, 22, 20, 0, 0, TimeSpan.Zero), 5);
        var record = JobRecord.TryParse((Record() with { Stopped = stopped }).ToJson())!;

        var failure = record.Stopped!.ToFailure();

        failure.Should().BeOfType<SystemFailureException>();
        failure.Code.Should().Be(ErrorCodes.JobStoppedByHand);
        failure.Message.Should().Be(@"this job's VM was stopped by alice\u001b[1m with 'vm-executor stop' (2026-11-22 20:00 UTC)");
        record.Stopped.Result.Should().Be("stopped");
        new StopRecord(1015, true, "x", "y", 1).Result.Should().BeNull();
    }

    private static JobRecord Record() => new()
    {
        Stamp = new OwnershipStamp
        {
            Key = First.Value,
            Project = null,
            TemporaryDirectory = null,
            Image = "base",
            Runner = new RunnerProcess(1, 1),
            StateDir = "/state",
            Made = new HostMoment("host", "boot", "pid", TimeSpan.Zero),
            Created = default,
            Expires = default,
        },
        Domain = First.Domain.Value,
        LibvirtUri = "test:///default",
        Shell = "bash",
    };
}

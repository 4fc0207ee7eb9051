using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Leftovers;

/// <summary>The facts of the machine that a judgement needs, from real processes and directories.</summary>
public sealed class LeftoverJudgeTests : IDisposable
{
    private static readonly JobKey Job = new("https://gitlab.example.com", "abc", 1);
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-judge-").FullName);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_state.Value, recursive: true);

    [Fact]
    public void A_living_runner_with_its_directory_has_its_jobs_in_use()
    {
        Judge(Stamp()).Should().BeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_runner_is_gone_when_it_has_ended_reaped_or_not()
    {
        using var runner = Process.Start("sleep", "100");
        var stamp = Stamp() with { Runner = ProcessTable.Describe(runner.Id) };
        Judge(stamp).Should().BeNull();

        runner.Kill();
        await runner.WaitForExitAsync(Token);

        Judge(stamp).Should().Be(LeftoverReason.RunnerGone);
    }

    [Fact]
    public void A_process_with_the_runners_number_that_started_later_is_another_one()
    {
        Judge(Stamp() with { Runner = TestRecord.Gone }).Should().Be(LeftoverReason.RunnerGone);
    }

    [Fact]
    public void A_directory_of_the_attempt_that_is_gone_is_seen()
    {
        Judge(Stamp() with { TemporaryDirectory = _state.Child("gone").Value }).Should().Be(LeftoverReason.TemporaryDirectoryGone);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_directory_that_only_the_runner_can_see_is_there()
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "root, to give a process a /tmp of its own");
        const string Private = "mount -t tmpfs none /tmp && mkdir /tmp/custom-executor-vmx-test && echo ready && exec sleep 100";
        using var runner = Process.Start(new ProcessStartInfo("unshare", ["--mount", "--propagation", "private", "sh", "-c", Private]) { RedirectStandardOutput = true })!;
        (await runner.StandardOutput.ReadLineAsync(Token)).Should().Be("ready");

        var stamp = Stamp() with { Runner = ProcessTable.Describe(runner.Id), TemporaryDirectory = "/tmp/custom-executor-vmx-test" };
        var judgement = Judge(stamp);
        var other = Judge(stamp with { TemporaryDirectory = "/tmp/custom-executor-vmx-none" });
        runner.Kill();

        Directory.Exists("/tmp/custom-executor-vmx-test").Should().BeFalse("else this shows nothing");
        judgement.Should().BeNull();
        other.Should().Be(LeftoverReason.TemporaryDirectoryGone);
    }

    [Fact]
    public void A_service_is_in_use_for_as_long_as_its_job_is_and_not_longer()
    {
        var job = JobDirectory.Of(_state, Job);
        var key = Job.OfService(0);
        var service = TestRecord.Stamp(key, _state) with { Job = Job.Value, Runner = ProcessTable.Self() };
        job.Create(TestRecord.Of(Job, _state) with { Stamp = Stamp() with { Runner = ProcessTable.Self(), TemporaryDirectory = null } });
        var inUse = Judge(service with { TemporaryDirectory = "/tmp/custom-executor-vmx-none" });
        job.Remove();
        var alone = Judge(service);

        inUse.Should().BeNull("its job's stamp decides");
        alone.Should().Be(LeftoverReason.JobGone);
    }

    private LeftoverReason? Judge(OwnershipStamp stamp) => new LeftoverJudge(_state, TimeProvider.System, HostClock.Now).Of(stamp, record: null);

    private OwnershipStamp Stamp() => TestRecord.Stamp(Job, _state);
}

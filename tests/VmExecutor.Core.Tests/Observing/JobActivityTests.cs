using FluentAssertions;
using VmExecutor.Core.Observing;
using Xunit;

namespace VmExecutor.Core.Tests.Observing;

public sealed class JobActivityTests
{
    private static readonly JobSigns Ready = new() { IsAdmitted = true, HasVm = true, IsReady = true };

    public static TheoryData<JobSigns, string, string> Moments => new()
    {
        { new JobSigns(), "waiting", "waits for room" },
        { new JobSigns { IsWorkedOn = true }, "waiting", "waits for room" },
        { new JobSigns { IsAdmitted = true, IsWorkedOn = true }, "starting", "is made" },
        { new JobSigns { IsAdmitted = true, HasVm = true, IsWorkedOn = true }, "starting", "starts" },
        { Ready with { RunsScript = true, SubStage = "build_script" }, "running", "build_script" },
        { Ready with { RunsScript = true }, "running", "a script" },
        { Ready, "idle", "between scripts" },
        { Ready with { IsWorkedOn = true }, "removing", "is removed" },
        { Ready with { IsKept = true, RunsScript = true }, "kept", "kept for people" },
        { Ready with { IsStandby = true }, "standby", "waits for a job" },
        { Ready with { Leftover = "the runner is gone", IsKept = true }, "leftover", "LEFT: the runner is gone" },
        { new JobSigns { Doubt = "no record" }, "unclear", "UNCLEAR: no record" },
    };

    [Theory]
    [MemberData(nameof(Moments))]
    public void The_present_work_is_told_by_its_signs(JobSigns signs, string state, string words) => JobActivity.Of(signs).Should().Be(new JobActivity(state, words));
}

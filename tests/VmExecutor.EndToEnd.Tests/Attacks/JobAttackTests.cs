using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>A job that claims by its variables to be another one. No VM is needed: it is refused before there is one.</summary>
[AlwaysCold("no VM is started")]
public sealed class JobAttackTests(TestMachine machine) : BenchTest(machine)
{
    private const string Allowed = "trusted/project";

    [Fact(Timeout = HangLimit)]
    public async Task A_job_gets_no_image_of_another_project_by_claiming_to_be_of_that_project()
    {
        Bench.With(new ImageYaml { Further = ["allow:", $"  projects: [{Allowed}]"] });
        var job = new SimulatedJob
        {
            Id = 1651,
            ProjectPath = "hostile/project",
            Variables = [new("CI_PROJECT_PATH", Allowed), new("CI_PROJECT_NAMESPACE", "trusted"), new("CI_PROJECT_NAME", "project"), new("CI_COMMIT_REF_PROTECTED", "true"), new("CI_JOB_IMAGE", "small")],
        };

        var refused = await ConfigAsync(job);
        var taken = await ConfigAsync(job with { Id = 1652, ProjectPath = Allowed });

        var scorecard = new Scorecard();
        scorecard.Note("image-forbidden", held: refused.Reading.Verdict == Verdict.BuildFailure, control: taken.Reading.Verdict == Verdict.Success, $"{refused}\n{taken}");
        scorecard.ShouldBeGreen();
    }

    private async Task<StageRecord> ConfigAsync(SimulatedJob job)
    {
        var session = Bench.Open(job);
        var config = await session.ConfigAsync();
        await session.CleanupAsync();
        return config;
    }
}

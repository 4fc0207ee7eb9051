using System.Globalization;
using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;

namespace VmExecutor.Trials;

/// <summary>A job of a <c>.gitlab-ci.yml</c>, with the sub-stages that the runner would run for it.</summary>
internal sealed class GitlabCiTrial(TrialFrame frame, TrialBundle bundle, ArtifactCollector artifacts, TimeProvider time)
{
    /// <summary>The runner's RUNNER_AFTER_SCRIPT_TIMEOUT.</summary>
    private static readonly TimeSpan AfterScriptLimit = TimeSpan.FromMinutes(5);

    /// <param name="job">The job to run.</param>
    /// <param name="keep">Leave the VM as it is at the end.</param>
    /// <param name="artifactsDirectory">Where artifacts go.</param>
    /// <returns>The script's exit code; where the driver failed, its stage's.</returns>
    public async Task<int> RunAsync(GitlabCiJob job, bool keep, AbsolutePath artifactsDirectory)
    {
        var trial = job.Trial;
        using var stages = new TrialStages(frame.Settings, trial);
        using var over = new CancellationTokenSource(trial.Timeout, time);
        var exitCode = await frame.RunAsync(stages, keep, [], async guest =>
        {
            var project = job.ProjectDirectory(guest);
            stages.SetProjectDirectory(project);
            return await RunScriptsAsync(stages, guest, job.Scripts(guest, project), job.Sources, artifactsDirectory, over.Token);
        });
        Summarize(job.Job, exitCode, over.IsCancellationRequested, trial.Timeout);
        return exitCode;
    }

    private async Task<int> RunScriptsAsync(
        TrialStages stages, TrialGuest guest, GitlabCiScripts scripts, TrialSources? sources, AbsolutePath target, CancellationToken over)
    {
        Task<(int ExitCode, string Answer)> Run(string name, string body, CancellationToken limit) =>
            stages.RunScriptAsync(guest.Shell, name, body, StageOutput.Passed, limit);

        var exitCode = sources is null
            ? 0
            : await frame.MeasureAsync("(send repository)", () => bundle.SendAsync(sources, stages.Job, stages.Paths, frame.Cancelled));
        foreach (var (name, body) in scripts.Before(sources is not null).TakeWhile(_ => exitCode == 0 && !frame.Cancelled.IsCancellationRequested))
        {
            exitCode = await frame.SubStageAsync(name, () => Run(name, body, over));
        }

        if (exitCode != 0 || frame.Cancelled.IsCancellationRequested)
        {
            return TrialFrame.Result(stages, exitCode);
        }

        exitCode = await frame.SubStageAsync("build_script", () => Run("build_script", scripts.Build, over));
        var status = exitCode == 0 ? "success" : "failed";
        stages.SetStatus(status);
        if (!TrialFrame.IsScripts(exitCode) || frame.Cancelled.IsCancellationRequested)
        {
            return over.IsCancellationRequested ? ExitCodes.Problem : exitCode;
        }

        if (scripts.After(status) is { } after)
        {
            await AfterScriptAsync(stages, limit => Run("after_script", after, limit), over);
        }

        if (scripts.Job.Artifacts is { } wanted && wanted.AreFor(exitCode == 0) && !frame.Cancelled.IsCancellationRequested)
        {
            frame.Say("--- artifacts");
            await frame.MeasureAsync("(artifacts)", () => artifacts.CollectAsync(
                wanted, scripts.Values, scripts.Project, target, stages.Job, stages.Paths, frame.Cancelled));
        }

        await frame.AsideAsync(stages, TrialScript.LastSubStage, () => Run(TrialScript.LastSubStage, TrialScript.LastScript, CancellationToken.None));
        return TrialFrame.Result(stages, exitCode);
    }

    /// <summary>Its failure is not the job's, and its time is its own.</summary>
    private async Task AfterScriptAsync(TrialStages stages, Func<CancellationToken, Task<(int ExitCode, string Answer)>> run, CancellationToken over)
    {
        using var limit = new CancellationTokenSource(AfterScriptLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, over);
        if (await frame.AsideAsync(stages, "after_script", () => run(either.Token)) != 0)
        {
            frame.Say(limit.IsCancellationRequested
                ? $"WARNING: after_script took longer than {DurationText.Format(AfterScriptLimit)} and was ended; the job's result stays"
                : "WARNING: after_script failed; the job's result stays");
        }
    }

    private void Summarize(CiJob job, int exitCode, bool timedOut, TimeSpan timeout)
    {
        var name = PlainText.OneLine(job.Name, 80);
        frame.Say(exitCode == 0 ? $"Job '{name}' succeeded"
            : timedOut ? $"Job '{name}' failed: its timeout of {DurationText.Format(timeout)} was over"
            : string.Create(CultureInfo.InvariantCulture, $"Job '{name}' failed: exit code {exitCode}"));
        if (exitCode != 0 && job.AllowFailure.Allows(exitCode))
        {
            frame.Say("It may fail with this exit code (allow_failure): GitLab would go on with the pipeline.");
        }
    }
}

using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health.Runner;

namespace VmExecutor.Core.Clones;

/// <summary>Warnings about things that the runner's scripts of this job need and that the image or config.toml does not have.</summary>
public static class RunnerNeeds
{
    /// <summary>The program that runs the steps of <c>run:</c>.</summary>
    private const string StepRunner = "step-runner";

    private const string Shared = "no Type in [runners.cache] of config.toml";

    /// <param name="plan">The job, with its image and generation.</param>
    /// <param name="flag">What a variable of the job says of <see cref="RunnerQuoting.PosixFlag"/>.</param>
    /// <param name="findRunner">Reads the runner's part of config.toml, where it is wanted; null: it is not known.</param>
    /// <returns>One short line each.</returns>
    public static IReadOnlyList<string> Warnings(ClonePlan plan, string? flag, Func<RunnerEntry?> findRunner)
    {
        var runner = new Lazy<RunnerEntry?>(findRunner);
        var probe = plan.Generation?.Record.Probe;
        var warnings = new List<string>();
        if (probe?.NeedsPosixQuoting == true && !IsPosix(runner.Value, flag))
        {
            warnings.Add($"the sh of image '{plan.Image.Name}' cannot read the runner's scripts (exit code 127): set {RunnerQuoting.PosixFlag} = true in [runners.feature_flags] of config.toml");
        }

        else if (probe?.NeedsPosixQuoting is null && plan.Image.Shell == GuestShell.Sh && !IsPosix(runner.Value, flag))
        {
            warnings.Add($"'shell: sh' of image '{plan.Image.Name}': a dash cannot read the runner's scripts (exit code 127) without {RunnerQuoting.PosixFlag} = true in [runners.feature_flags] of config.toml");
        }

        var files = plan.Job.Files;
        if (files.Names is { Length: > 0 } names && probe?.HasRunner == false && !plan.Image.Tools.Any(tool => tool.Source is null || Is(tool, ToolSettings.GitLabRunner)))
        {
            warnings.Add($"this job has {names}, and image '{plan.Image.Name}' has no gitlab-runner to move them: they are left out. 'tools: [gitlab-runner]' in the image puts it there");
        }
        else if (files.Cache && runner.Value is { CacheType: null or "" })
        {
            warnings.Add($"this job's cache is gone with its VM: {Shared}");
        }

        if (plan.Job.HasSteps && probe?.HasStepRunner == false && !plan.Image.Tools.Any(tool => Is(tool, StepRunner)))
        {
            warnings.Add($"this job has steps (run:), and image '{plan.Image.Name}' has no {StepRunner} to run them: its script ends with exit code 127. 'tools: [/path/to/{StepRunner}]' in the image puts it there (docs/steps.md)");
        }

        return warnings;
    }

    /// <summary>True when the runner writes its scripts for a POSIX shell.</summary>
    /// <param name="runner">Null: not known.</param>
    /// <param name="flag">The job's variable of that name; null: none.</param>
    public static bool IsPosix(RunnerEntry? runner, string? flag) => FeatureFlag.IsOn(runner, RunnerQuoting.PosixFlag, flag);

    private static bool Is(ToolSettings tool, string program) => tool.Target.EndsWith($"/{program}", StringComparison.Ordinal);
}

using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;

namespace VmExecutor.Core.Health.Runner;

/// <summary>What is known of an image's shell.</summary>
/// <param name="Image">Its name.</param>
/// <param name="Shell">What runs its scripts.</param>
/// <param name="NeedsPosixQuoting">What the probe of its current generation has found out; null: nothing.</param>
public sealed record ImageShell(string Image, GuestShell Shell, bool? NeedsPosixQuoting);

/// <summary>Whether what the runner leaves to its configuration fits VMs that live for one job: quoting, caches, GIT_CLONE_PATH.</summary>
public static class FeatureRules
{
    private const string Flag = RunnerQuoting.PosixFlag;

    /// <param name="runner">One of ours.</param>
    /// <param name="shells">Of the images.</param>
    public static IReadOnlyList<Finding> Decide(RunnerEntry runner, IReadOnlyList<ImageShell> shells)
    {
        List<Finding> findings =
        [
            .. shells.Select(shell => Quoting(runner, shell)).OfType<Finding>(),
        ];
        if (runner.CustomBuildDir is null)
        {
            findings.Add(Checks.RunnerFeatures.Warning(
                $"runner '{runner.Name}' has no [runners.custom_build_dir]: a job with GIT_CLONE_PATH fails", "[runners.custom_build_dir]   # in [[runners]], with the line: enabled = true"));
        }

        if (runner.CacheType is null)
        {
            findings.Add(Checks.RunnerFeatures.Warning(
                $"runner '{runner.Name}' has no Type in [runners.cache]: the cache of a job is gone with its VM", "Type = \"s3\"   # in [runners.cache], with the store's address and keys; or Type = \"\" if no job uses caches"));
        }

        return findings.Count > 0 ? findings : [Checks.RunnerFeatures.Ok($"runner '{runner.Name}': scripts are written as the images' shells read them; custom_build_dir and cache are set")];
    }

    /// <summary>What is wrong with an image's shell, with what helps; null: nothing that is known.</summary>
    /// <param name="runner">Null: config.toml is not known.</param>
    /// <param name="shell">Of the image.</param>
    public static string? Trouble(RunnerEntry? runner, ImageShell shell) => (shell, IsOn(runner)) switch
    {
        ({ Shell: not GuestShell.Sh }, _) or (_, true) or ({ NeedsPosixQuoting: false }, _) => null,
        ({ NeedsPosixQuoting: true }, _) => $"the sh of image '{shell.Image}' cannot read the scripts that GitLab Runner writes without {Flag}: each job fails with exit code 127",
        _ => $"image '{shell.Image}' has shell: sh; where that is dash, it cannot read the scripts that GitLab Runner writes without {Flag}, and each job fails with exit code 127",
    };

    private static Finding? Quoting(RunnerEntry runner, ImageShell shell) => Trouble(runner, shell) switch
    {
        null => null,
        var trouble when shell.NeedsPosixQuoting == true => Checks.RunnerFeatures.Problem(trouble, $"{Flag} = true   # in [runners.feature_flags] of runner '{runner.Name}'"),
        var trouble => Checks.RunnerFeatures.Warning(trouble, $"{Flag} = true   # in [runners.feature_flags] of runner '{runner.Name}'; or shell: bash in the image"),
    };

    private static bool IsOn(RunnerEntry? runner) => runner?.FeatureFlags.GetValueOrDefault(Flag) == true;
}

using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health.Runner;

/// <summary>What was seen of the program of a stage.</summary>
/// <param name="Exists">Whether there is a file of that name.</param>
/// <param name="IsExecutable">Whether who looks may run it.</param>
/// <param name="IsOurs">Whether it is this driver, or an entry point to it.</param>
public sealed record StageFile(bool Exists, bool IsExecutable, bool IsOurs);

/// <summary>Whether the runner's stages are this driver's.</summary>
public static class StageRules
{
    private const string Sample = "https://docs.gitlab.com/runner/executors/custom/";

    /// <summary>Which of the runners are ours, and what is wrong if none is.</summary>
    /// <param name="toml">What config.toml says.</param>
    /// <param name="file">Its path.</param>
    /// <param name="look">Looks at a stage's program.</param>
    public static (IReadOnlyList<RunnerEntry> Ours, IReadOnlyList<Finding> Findings) FindOurs(RunnerToml toml, AbsolutePath file, Func<StageCommand, StageFile> look)
    {
        var custom = toml.Runners.Where(runner => runner.Executor == "custom").ToList();

        // One whose programs are all missing is looked into all the same, when there is no other: most likely it was meant.
        var ours = custom.Where(runner => runner.Custom?.Stages.Any(stage => stage.Exec is not null && look(stage) is { IsOurs: true }) == true).ToList();
        ours = ours.Count > 0 ? ours : [.. custom.Where(runner => runner.Custom?.Stages.All(stage => stage.Exec is null || !look(stage).Exists) != false)];
        return (ours, ours, toml.Runners.Count) switch
        {
            ([], _, 0) => (ours, [Checks.RunnerConfig.Problem($"{file} has no [[runners]]: no job comes here", $"gitlab-runner register --config {ShellText.Quote(file.Value)} --executor custom   # then the keys of executor/config.toml")]),
            ([], _, var all) => (ours, [Checks.RunnerConfig.Problem(
                $"none of the {all} runner{(all == 1 ? "" : "s")} in {file} has 'executor = \"custom\"' with this driver's stages", "executor = \"custom\"   # in [[runners]], with [runners.custom] as in executor/config.toml")]),
            _ => (ours, [Checks.RunnerConfig.Ok($"{file}: {string.Join(", ", ours.Select(runner => $"'{runner.Name}'"))} run{(ours.Count == 1 ? "s" : "")} jobs with this driver")]),
        };
    }

    /// <param name="runner">One of ours.</param>
    /// <param name="settings">The configuration that is looked at here.</param>
    /// <param name="look">As above.</param>
    public static IReadOnlyList<Finding> Decide(RunnerEntry runner, AbsolutePath settings, Func<StageCommand, StageFile> look)
    {
        if (runner.Custom is not { } custom)
        {
            return [Checks.RunnerStages.Problem($"runner '{runner.Name}' has no [runners.custom]", $"[runners.custom]   # as in executor/config.toml; see {Sample}")];
        }

        var missing = custom.Stages.Where(stage => stage.Exec is not null && !look(stage).Exists).ToList();
        List<Finding> findings =
        [
            .. Missing(runner, missing),
            .. custom.Stages.Except(missing).Select(stage => DecideOne(runner, stage, look)).OfType<Finding>(),
        ];
        var options = custom.Stages.Where(stage => stage.Exec is not null).Select(stage => stage.ConfigOption).Distinct().ToList();
        if (options.Count > 1)
        {
            findings.Add(Checks.RunnerStages.Problem(
                $"the stages of runner '{runner.Name}' do not have the same --config: {string.Join(", ", options.Select(option => option ?? "none"))}",
                $"config_args = [\"--config\", \"{settings}\"]   # the same in prepare_args, run_args and cleanup_args"));
        }
        else if (options is [{ } option] && (!AbsolutePath.TryParse(option, out var path) || path != settings))
        {
            findings.Add(Checks.RunnerStages.Warning(
                $"runner '{runner.Name}' uses the configuration {option}, and {settings} is looked at here", $"vm-executor doctor --config {ShellText.Quote(option)}"));
        }

        return findings.Count > 0 ? findings : [Checks.RunnerStages.Ok($"the stages of runner '{runner.Name}' are there and can be run")];
    }

    /// <summary>The driver was not put there, or the paths are wrong: one cause, one finding.</summary>
    private static IEnumerable<Finding> Missing(RunnerEntry runner, IReadOnlyList<StageCommand> stages)
    {
        if (stages.Count > 0)
        {
            var directory = AbsolutePath.TryParse(stages[0].Exec, out var path) ? path.Parent().Value : "/usr/lib/vm-executor";
            var quoted = ShellText.Quote(directory);
            yield return Checks.RunnerStages.Problem(
                $"runner '{runner.Name}': not there: {string.Join(", ", stages.Select(stage => $"{stage.Exec} ({stage.Stage}_exec)"))}",
                $"executor/build-driver {quoted} && cp executor/config executor/prepare executor/run executor/cleanup {quoted}/   # or correct the paths in config.toml");
        }
    }

    private static Finding? DecideOne(RunnerEntry runner, StageCommand stage, Func<StageCommand, StageFile> look)
    {
        var (key, sample) = ($"{stage.Stage}_exec", $"{stage.Stage}_exec = \"/usr/lib/vm-executor/{stage.Stage}\"");
        if (stage.Exec is not { } exec)
        {
            return Checks.RunnerStages.Problem($"runner '{runner.Name}' has no {key}", sample);
        }

        return look(stage) switch
        {
            { IsExecutable: false } => Checks.RunnerStages.Problem($"{key} of runner '{runner.Name}' is {exec}, which may not be run", $"chmod a+rx {ShellText.Quote(exec)}"),
            { IsOurs: false } => Checks.RunnerStages.Warning($"{key} of runner '{runner.Name}' is {exec}, which does not look like this driver's", sample),
            _ => null,
        };
    }
}

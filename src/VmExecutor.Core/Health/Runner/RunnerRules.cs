using System.Globalization;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Usage;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health.Runner;

/// <summary>The facts that were seen of the program of a stage.</summary>
/// <param name="Exists">Whether there is a file of that name.</param>
/// <param name="IsExecutable">Whether who looks may run it.</param>
/// <param name="IsOurs">Whether it is this driver, or an entry point to it.</param>
public sealed record StageFile(bool Exists, bool IsExecutable, bool IsOurs);

/// <summary>The facts that are known of an image's shell.</summary>
/// <param name="Image">Its name.</param>
/// <param name="Shell">What runs its scripts.</param>
/// <param name="NeedsPosixQuoting">What the probe of its current generation has found out; null: nothing.</param>
public sealed record ImageShell(string Image, GuestShell Shell, bool? NeedsPosixQuoting);

/// <summary>Decides whether GitLab Runner's config.toml and this driver's configuration fit together.</summary>
public static partial class RunnerRules
{
    private const string SampleOfStages = "https://docs.gitlab.com/runner/executors/custom/";
    private const string PosixFlag = RunnerQuoting.PosixFlag;

    /// <summary>There is no config.toml.</summary>
    /// <param name="places">Where it was looked for.</param>
    /// <param name="named">What <c>--config-toml</c> says; null: nothing.</param>
    public static Finding DecideMissing(IReadOnlyList<AbsolutePath> places, AbsolutePath? named)
    {
        var where = string.Join(" or ", places);
        return named is null
            ? Checks.RunnerConfig.Warning($"there is no {where}: is GitLab Runner on this host?", "vm-executor doctor --config-toml FILE   # if it is elsewhere")
            : Checks.RunnerConfig.Problem($"there is no {where}, as --config-toml says", $"ls -l {ShellText.Quote(named.Parent().Value)}");
    }

    /// <summary>A config.toml that cannot be read, for the system's reason.</summary>
    public static Finding DecideUnreadable(AbsolutePath file, string reason) =>
        Checks.RunnerConfig.Warning($"{file} cannot be read: {reason}", $"sudo vm-executor doctor --config-toml {ShellText.Quote(file.Value)}");

    /// <summary>A config.toml with which the runner does not start.</summary>
    public static IReadOnlyList<Finding> DecideErrors(AbsolutePath file, IReadOnlyList<string> errors) =>
        [.. errors.Select(error => Checks.RunnerConfig.Problem($"{file}: {error}", $"editor {ShellText.Quote(file.Value)}"))];

    /// <summary>The runners that are this driver's, and the trouble if there is none.</summary>
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
                $"none of the {Quantity.Of(all, "runner")} in {file} has 'executor = \"custom\"' with this driver's stages", "executor = \"custom\"   # in [[runners]], with [runners.custom] as in executor/config.toml")]),
            _ => (ours, [Checks.RunnerConfig.Ok($"{file}: {string.Join(", ", ours.Select(runner => $"'{runner.Name}'"))} run{(ours.Count == 1 ? "s" : "")} jobs with this driver")]),
        };
    }

    /// <summary>Decides whether the runner's stages are this driver's, there, and of one configuration.</summary>
    /// <param name="runner">One of ours.</param>
    /// <param name="settings">The configuration that is looked at here.</param>
    /// <param name="look">As above.</param>
    public static IReadOnlyList<Finding> DecideStages(RunnerEntry runner, AbsolutePath settings, Func<StageCommand, StageFile> look)
    {
        if (runner.Custom is not { } custom)
        {
            return [Checks.RunnerStages.Problem($"runner '{runner.Name}' has no [runners.custom]", $"[runners.custom]   # as in executor/config.toml; see {SampleOfStages}")];
        }

        var missing = custom.Stages.Where(stage => stage.Exec is not null && !look(stage).Exists).ToList();
        List<Finding> findings =
        [
            .. MissingStages(runner, missing),
            .. custom.Stages.Except(missing).Select(stage => DecideStage(runner, stage, look)).OfType<Finding>(),
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
    private static IEnumerable<Finding> MissingStages(RunnerEntry runner, IReadOnlyList<StageCommand> stages)
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

    private static Finding? DecideStage(RunnerEntry runner, StageCommand stage, Func<StageCommand, StageFile> look)
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

    /// <summary>Decides whether the runner asks for more jobs at once than this host takes VMs.</summary>
    /// <param name="toml">For what holds for all runners.</param>
    /// <param name="ours">The runners with this driver.</param>
    /// <param name="limits">Of this driver.</param>
    /// <param name="room">Memory for VMs, in bytes.</param>
    /// <param name="images">The memory that their VMs take.</param>
    /// <param name="taken">The memory that earlier jobs took of this host; null: not known.</param>
    public static Finding DecideSlots(RunnerToml toml, IReadOnlyList<RunnerEntry> ours, LimitSettings limits, long room, IReadOnlyList<ImageMemory> images, TakenMemory? taken)
    {
        var asked = Math.Min(toml.Concurrent, ours.Sum(runner => (long)(runner.Limit > 0 ? runner.Limit : toml.Concurrent)));
        var largest = images.MaxBy(image => image.Bytes ?? 0);
        var learned = limits.Reserve == ReserveMode.Learned ? taken : null;
        var fit = learned is not null ? Math.Max(1, learned.Fit(room)) : largest?.Bytes is > 0 and var bytes ? Math.Max(1, room / bytes) : (long?)null;
        var byUse = taken is null ? "" : $". {taken.Advice(room)}";
        return (limits.MaxVms, fit) switch
        {
            ({ } most, _) when asked > most => TooMany(asked, $"limits.max_vms is {most}", most, byUse),
            (null, { } most) when asked > most => TooMany(asked, learned is not null ? $"with 'reserve: learned' room is for {Quantity.Of(most, "job")} only" : $"only {Quantity.Of(most, "VM")} of image '{largest!.Image}' ({RoughSize.Of(largest.Bytes!.Value)} each) fit into {RoughSize.Of(room)}", most, byUse),
            _ => Checks.RunnerConcurrent.Ok($"the runner asks for {Quantity.Of(asked, "job")} at once{(limits.MaxVms is { } vms ? $", and this host takes {Quantity.Of(vms, "VM")}" : fit is null ? "" : learned is not null ? $", and with 'reserve: learned' there is room for {fit}" : $", and {fit} VMs of the largest image fit")}{byUse}"),
        };
    }

    private static Finding TooMany(long asked, string why, long most, string byUse) => Checks.RunnerConcurrent.Warning(
        $"the runner asks for {Quantity.Of(asked, "job")} at once, and {why}: the others wait here instead of going to another runner{byUse}",
        string.Create(CultureInfo.InvariantCulture, $"concurrent = {most}   # at the top of config.toml, or limit in [[runners]]"));

    /// <summary>Decides whether config.toml and the images say the same of where projects and caches are in the guest.</summary>
    public static IReadOnlyList<Finding> DecideDirectories(RunnerEntry runner, IReadOnlyList<ImageDefinition> images)
    {
        List<Finding> findings =
        [
            .. DecideDirectory(runner, "builds_dir", runner.BuildsDir, images, image => image.BuildsDir),
            .. DecideDirectory(runner, "cache_dir", runner.CacheDir, images, image => image.CacheDir),
        ];
        return findings.Count > 0 ? findings : [Checks.RunnerDirs.Ok($"runner '{runner.Name}': builds_dir {runner.BuildsDir} and cache_dir {runner.CacheDir}, as the images have them")];
    }

    private static IEnumerable<Finding> DecideDirectory(RunnerEntry runner, string key, string? said, IReadOnlyList<ImageDefinition> images, Func<ImageDefinition, string> ofImage)
    {
        var wanted = images.Select(ofImage).FirstOrDefault() ?? (key == "builds_dir" ? "/builds" : "/cache");
        if (said is null)
        {
            yield return Checks.RunnerDirs.Warning(
                $"runner '{runner.Name}' has no {key}: it then hangs on the answer of the config stage alone", $"{key} = \"{wanted}\"   # in [[runners]]");
        }
        else if (!said.StartsWith('/'))
        {
            yield return Checks.RunnerDirs.Problem($"{key} of runner '{runner.Name}' is '{said}', which is no absolute path in the guest", $"{key} = \"{wanted}\"   # in [[runners]]");
        }
        else if (images.Where(image => ofImage(image) != said).ToList() is { Count: > 0 } others)
        {
            yield return Checks.RunnerDirs.Warning(
                $"{key} of runner '{runner.Name}' is {said}, but {string.Join(", ", others.Select(image => $"image '{image.Name}' says {ofImage(image)}"))}: the image wins",
                others.Count == images.Count && others.Select(ofImage).Distinct().Count() == 1 ? $"{key} = \"{ofImage(others[0])}\"   # in [[runners]]" : $"{key}: {said}   # in {others[0].File}, if it was not meant");
        }
    }

    /// <summary>Decides whether the runner's defaults fit VMs that live for one job: quoting, caches, GIT_CLONE_PATH.</summary>
    /// <param name="runner">One of ours.</param>
    /// <param name="shells">Of the images.</param>
    public static IReadOnlyList<Finding> DecideFeatures(RunnerEntry runner, IReadOnlyList<ImageShell> shells)
    {
        List<Finding> findings =
        [
            .. shells.Select(shell => DecideQuoting(runner, shell)).OfType<Finding>(),
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

    /// <summary>The trouble with an image's shell, and the remedy; null: none is known.</summary>
    /// <param name="runner">Null: config.toml is not known.</param>
    /// <param name="shell">Of the image.</param>
    public static string? ShellTrouble(RunnerEntry? runner, ImageShell shell) => (shell, FeatureFlag.IsOn(runner, PosixFlag, variable: null)) switch
    {
        ({ Shell: not GuestShell.Sh }, _) or (_, true) or ({ NeedsPosixQuoting: false }, _) => null,
        ({ NeedsPosixQuoting: true }, _) => $"the sh of image '{shell.Image}' cannot read the scripts that GitLab Runner writes without {PosixFlag}: each job fails with exit code 127",
        _ => $"image '{shell.Image}' has shell: sh; where that is dash, it cannot read the scripts that GitLab Runner writes without {PosixFlag}, and each job fails with exit code 127",
    };

    private static Finding? DecideQuoting(RunnerEntry runner, ImageShell shell) => ShellTrouble(runner, shell) switch
    {
        null => null,
        var trouble when shell.NeedsPosixQuoting == true => Checks.RunnerFeatures.Problem(trouble, $"{PosixFlag} = true   # in [runners.feature_flags] of runner '{runner.Name}'"),
        var trouble => Checks.RunnerFeatures.Warning(trouble, $"{PosixFlag} = true   # in [runners.feature_flags] of runner '{runner.Name}'; or shell: bash in the image"),
    };
}

using VmExecutor.Core.Health;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Usage;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Files;
using VmExecutor.Host.Observing;
using VmExecutor.Host.Runner;

namespace VmExecutor.Health;

/// <summary>The part of GitLab Runner's config.toml that was read.</summary>
/// <param name="Toml">Null: it is not there, or cannot be used.</param>
/// <param name="Ours">The runners whose stages are this driver's.</param>
/// <param name="Findings">About the file as a whole.</param>
internal sealed record RunnerConfig(RunnerToml? Toml, IReadOnlyList<RunnerEntry> Ours, IReadOnlyList<Finding> Findings)
{
    /// <param name="files">Finds and reads it.</param>
    /// <param name="named">Where it is said to be; null: wherever it is found.</param>
    /// <param name="running">The GitLab Runner of this host; null: none was seen.</param>
    public static RunnerConfig Read(RunnerFiles files, AbsolutePath? named, GitLabRunner? running)
    {
        var places = files.Places(named, running);
        if (RunnerFiles.Find(places) is not { } file)
        {
            return new RunnerConfig(null, [], [RunnerRules.DecideMissing(places, named)]);
        }

        try
        {
            var (toml, errors) = RunnerTomlReader.Read(RunnerFiles.Read(file));
            var (ours, findings) = toml is null ? ([], []) : RunnerRules.FindOurs(toml, file, files.Look);
            return new RunnerConfig(toml, ours, [.. RunnerRules.DecideErrors(file, errors), .. findings]);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return new RunnerConfig(null, [], [RunnerRules.DecideUnreadable(file, HostFileException.ReasonOf(e))]);
        }
    }
}

/// <summary>Looks at whether GitLab Runner's configuration and ours fit together.</summary>
/// <param name="config">Ours.</param>
/// <param name="runner">The runner's, read once.</param>
/// <param name="files">Looks at the programs that it names.</param>
/// <param name="images">Knows what their VMs take.</param>
/// <param name="systemd">Asks for the runner's unit.</param>
/// <param name="time">The clock.</param>
internal sealed class RunnerLook(ConfigLook config, Lazy<RunnerConfig> runner, RunnerFiles files, ImageLook images, RunnerUnit systemd, TimeProvider time)
{
    private const int UsageDays = 14;

    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.RunnerConfig, () => runner.Value.Findings),
        new(Checks.RunnerStages, () => ForEach(Checks.RunnerStages, (_, entry) => RunnerRules.DecideStages(entry, config.File, files.Look))),
        new(Checks.RunnerTimeouts, () => runner.Value.Ours.Count == 0 || config.HasImages
            ? ForEach(Checks.RunnerTimeouts, (toml, entry) => RunnerRules.DecideTimeouts(toml, entry, config.Settings!))
            : [Checks.RunnerTimeouts.WithoutImages()]),
        new(Checks.RunnerConcurrent, ConcurrentAsync),
        new(Checks.RunnerDirs, () => ForEach(Checks.RunnerDirs, (_, entry) => RunnerRules.DecideDirectories(entry, config.Images))),
        new(Checks.RunnerFeatures, () => ForEach(Checks.RunnerFeatures, (_, entry) =>
            RunnerRules.DecideFeatures(entry, [.. config.Images.Select(image => ImageLook.ShellOf(image, config.Settings?.StateDir))]))),
        new(Checks.RunnerStop, StopAsync),
    ];

    private IReadOnlyList<Finding> ForEach(Check check, Func<RunnerToml, RunnerEntry, IReadOnlyList<Finding>> decide) =>
        runner.Value is { Toml: { } toml, Ours: { Count: > 0 } ours } ? [.. ours.SelectMany(entry => decide(toml, entry))] : [check.WithoutRunner()];

    private async Task<Finding> ConcurrentAsync(CancellationToken cancellationToken)
    {
        if (runner.Value is not { Toml: { } toml, Ours: { Count: > 0 } ours })
        {
            return Checks.RunnerConcurrent.WithoutRunner();
        }

        var limits = config.Settings?.Limits ?? new();
        var room = HostRoom.Read(config.Settings?.StateDir ?? new AbsolutePath("/")).MemoryTotalBytes - limits.MemoryHeadroom.Bytes;
        return RunnerRules.DecideSlots(toml, ours, limits, room, await images.MemoriesAsync(cancellationToken), config.Settings is { } settings ? Taken(settings.StateDir) : null);
    }

    private async Task<Finding> StopAsync(CancellationToken cancellationToken) =>
        await systemd.ShowAsync(RunnerRules.SystemctlArguments, HealthCheck.ToolLimit, cancellationToken) is { } shown
            ? RunnerRules.DecideStop(shown)
            : Checks.RunnerStop.Skipped("systemd does not run on GitLab Runner's machine");

    /// <summary>Null: too little is known, or the ledger cannot be read.</summary>
    private TakenMemory? Taken(AbsolutePath stateDir)
    {
        try
        {
            return TakenMemory.Of(UsageReport.Of(LedgerReader.Read(stateDir), new UsageFilter(time.GetUtcNow().AddDays(-UsageDays), null, null)), UsageDays);
        }
        catch (HostFileException)
        {
            return null;
        }
    }
}

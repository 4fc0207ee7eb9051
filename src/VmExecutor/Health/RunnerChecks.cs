using VmExecutor.Core.Health;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Files;

namespace VmExecutor.Health;

/// <summary>GitLab Runner: its user, and whether its configuration and ours fit together.</summary>
internal sealed class RunnerChecks(SettingsLook settings, RunnerLook runner, ImageSizes sizes)
{
    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.RunnerUser, UserAsync),
        new(Checks.RunnerConfig, () => runner.Config.Findings),
        new(Checks.RunnerStages, () => ForEach(Checks.RunnerStages, (_, entry) => StageRules.Decide(entry, settings.File, runner.Look), needsImages: false)),
        new(Checks.RunnerTimeouts, () => ForEach(Checks.RunnerTimeouts, (toml, entry) => TimeoutRules.Decide(toml, entry, settings.Settings!), needsImages: true)),
        new(Checks.RunnerConcurrent, ConcurrentAsync),
        new(Checks.RunnerDirs, () => ForEach(Checks.RunnerDirs, (_, entry) => DirectoryRules.Decide(entry, settings.Images), needsImages: false)),
        new(Checks.RunnerFeatures, () => ForEach(Checks.RunnerFeatures, (_, entry) => FeatureRules.Decide(entry, ImageShells.Of(settings.Images, settings.Settings?.StateDir)), needsImages: false)),
    ];

    private async Task<Finding> UserAsync(CancellationToken cancellationToken)
    {
        if (settings.Settings is not { StateDir: var stateDir })
        {
            return Checks.RunnerUser.Skipped("state_dir is not known: see 'config'");
        }

        var (looking, running) = await runner.UsersAsync(cancellationToken);
        var owner = FileStat.TryRead(stateDir) is { Owner: var id } ? await runner.FindAsync(id, cancellationToken) : null;
        return AccountRules.DecideRunner(looking, running, stateDir, owner);
    }

    private IReadOnlyList<Finding> ForEach(Check check, Func<RunnerToml, RunnerEntry, IReadOnlyList<Finding>> decide, bool needsImages) => runner.Config switch
    {
        { Toml: null } or { Ours.Count: 0 } => [check.Skipped("there is no runner to look at: see 'runner-config'")],
        _ when needsImages && !settings.HasImages => [check.Skipped("the images are not known: see 'config'")],
        { Toml: { } toml, Ours: var ours } => [.. ours.SelectMany(entry => decide(toml, entry))],
    };

    private async Task<Finding> ConcurrentAsync(CancellationToken cancellationToken)
    {
        if (runner.Config is not { Toml: { } toml, Ours: { Count: > 0 } ours })
        {
            return Checks.RunnerConcurrent.Skipped("there is no runner to look at: see 'runner-config'");
        }

        var limits = settings.Settings?.Limits ?? new();
        var room = HostRoom.Read(settings.Settings?.StateDir ?? new AbsolutePath("/")).MemoryTotalBytes - limits.MemoryHeadroom.Bytes;
        return SlotRules.Decide(toml, ours, limits, room, await sizes.FindAsync(cancellationToken));
    }
}

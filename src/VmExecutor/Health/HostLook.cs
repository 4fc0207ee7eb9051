using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Processes;

namespace VmExecutor.Health;

/// <summary>Looks at the machine itself: memory, clock, timers.</summary>
internal sealed class HostLook(ConfigLook config, ImageLook images, IToolRunner tools, TimeProvider time)
{
    private const string SystemdRuns = "/run/systemd/system"; // sd_booted(3)

    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.Memory, MemoryAsync),
        new(Checks.Clock, () => HostRules.DecideClock(KernelClock.IsSynchronised(), time.GetUtcNow(), DriverMade())),
        new(Checks.Timers, TimersAsync),
        new(Checks.Drained, () => config.Settings is { StateDir: var stateDir } ? HostRules.DecideDrained(new HostDrain(stateDir).Read()) : Checks.Drained.WithoutStateDir()),
    ];

    private async Task<IReadOnlyList<Finding>> MemoryAsync(CancellationToken cancellationToken)
    {
        var (limits, stateDir) = (config.Settings?.Limits ?? new(), config.Settings?.StateDir ?? new AbsolutePath("/"));
        return HostRules.DecideMemory(HostRoom.Read(stateDir), limits, await images.MemoriesAsync(cancellationToken), config.File);
    }

    private async Task<IReadOnlyList<Finding>> TimersAsync(CancellationToken cancellationToken)
    {
        if (HostDirectory.Look(SystemdRuns) == Presence.Missing)
        {
            return [Checks.Timers.Skipped("systemd does not run here", $"{DriverVersion.Name} gc   # every ten minutes, by cron or another scheduler of this host")];
        }

        var result = await tools.RunAsync(new ToolCall("systemctl", HostRules.SystemctlArguments) { Timeout = HealthCheck.ToolLimit }, cancellationToken);
        return HostRules.DecideTimers(
            HostRules.ParseUnits(result.EnsureSuccess().StandardOutput),
            hasImages: !config.HasImages || config.Images.Count > 0,
            hasWarm: config.Images.Any(image => image.Warm.Enabled));
    }

    /// <summary>As the driver's file has it; one that cannot be looked at says nothing.</summary>
    private static DateTimeOffset DriverMade() =>
        AbsolutePath.TryParse(Environment.ProcessPath, out var program) && FileStat.TryRead(program) is { } stat
            ? DateTimeOffset.FromUnixTimeMilliseconds(stat.ModifiedNanoseconds / 1_000_000)
            : DateTimeOffset.UnixEpoch;
}

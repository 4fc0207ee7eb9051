using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health.Runner;

public static partial class RunnerRules
{
    /// <summary>For overlays, tools, libvirt, and for undoing a preparation that has failed.</summary>
    private static readonly TimeSpan PrepareRoom = TimeSpan.FromMinutes(2);

    /// <summary>For ending QEMU and deleting.</summary>
    private static readonly TimeSpan CleanupRoom = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LeastConfig = TimeSpan.FromSeconds(5);

    /// <summary>Each stage ends within two seconds of SIGTERM.</summary>
    private static readonly TimeSpan LeastKill = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostKill = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Decides whether the runner waits longer for a stage than the stage does for what it waits for: else the runner ends it before it can say
    /// what was wrong.
    /// </summary>
    /// <param name="toml">For what holds for all runners.</param>
    /// <param name="runner">One of ours, with its stages.</param>
    /// <param name="settings">With the images.</param>
    public static IReadOnlyList<Finding> DecideTimeouts(RunnerToml toml, RunnerEntry runner, Settings settings)
    {
        if (runner.Custom is not { } custom)
        {
            return [];
        }

        var (prepare, why) = Prepare(settings);
        var cleanup = Cleanup(settings);
        Finding?[] findings =
        [
            custom.ConfigTimeout < LeastConfig
                ? TooShort(runner, "config_exec_timeout", custom.ConfigTimeout, TimeSpan.FromSeconds(30), "a busy host may take that long to start a program") : null,
            custom.PrepareTimeout < prepare
                ? TooShort(runner, "prepare_exec_timeout", custom.PrepareTimeout, prepare, $"{why}; the runner would end prepare before it can say what it waited for, and try again") : null,
            custom.CleanupTimeout < cleanup
                ? TooShort(runner, "cleanup_exec_timeout", custom.CleanupTimeout, cleanup, "stop.grace of the images, libvirt.call_timeout and 30s for ending QEMU and deleting; what is cut off is left for gc") : null,
            custom.GracefulKill < LeastKill
                ? TooShort(runner, "graceful_kill_timeout", custom.GracefulKill, TimeSpan.FromSeconds(20), "a stage takes up to 2s to end its script and itself") : null,
            custom.GracefulKill > MostKill
                ? Checks.RunnerTimeouts.Warning($"graceful_kill_timeout of runner '{runner.Name}' is {Text(custom.GracefulKill)}: a stage that is stuck in the kernel blocks its slot that long", "graceful_kill_timeout = 20   # in [runners.custom]") : null,
            toml.ShutdownTimeout < custom.GracefulKill + custom.CleanupTimeout
                ? Checks.RunnerTimeouts.Warning(
                    $"shutdown_timeout is {Text(toml.ShutdownTimeout)}, less than graceful_kill_timeout and cleanup_exec_timeout of runner '{runner.Name}' together ({Text(custom.GracefulKill + custom.CleanupTimeout)}): when the runner is stopped, cleanups go on as orphans",
                    $"shutdown_timeout = {Seconds(custom.GracefulKill + custom.CleanupTimeout + TimeSpan.FromSeconds(20))}   # at the top of config.toml; and TimeoutStopSec of gitlab-runner.service above it") : null,
        ];
        return findings.OfType<Finding>().ToList() is { Count: > 0 } found ? found :
        [
            Checks.RunnerTimeouts.Ok($"runner '{runner.Name}': prepare {Text(custom.PrepareTimeout)} (needs {Text(prepare)}), cleanup {Text(custom.CleanupTimeout)} (needs {Text(cleanup)}), SIGKILL after {Text(custom.GracefulKill)}"),
        ];
    }

    /// <summary>
    /// The longest that prepare and cleanup may take by the settings, and by an image that is added later and says no limit of its own: config.toml
    /// is written before the first image is made.
    /// </summary>
    public static (TimeSpan Prepare, TimeSpan Cleanup) NeededTimes(Settings settings)
    {
        var (needed, later) = (Prepare(settings).Needed, settings.Limits.WaitForCapacity + OfAnyImage(new TimeoutSettings()) + PrepareRoom);
        return (needed > later ? needed : later, Cleanup(settings));
    }

    private static TimeSpan Cleanup(Settings settings) =>
        settings.Images.Where(image => image.Stop.Mode == StopMode.Shutdown).Select(image => image.Stop.Grace).DefaultIfEmpty().Max() + settings.Libvirt.CallTimeout + CleanupRoom;

    /// <summary>The longest that prepare may take by the settings, and of what that is made.</summary>
    private static (TimeSpan Needed, string Why) Prepare(Settings settings)
    {
        var slowest = settings.Images.MaxBy(OfImage);
        var wait = settings.Limits.WaitForCapacity;
        return slowest is null
            ? (wait + PrepareRoom, $"limits.wait_for_capacity {Text(wait)} and {Text(PrepareRoom)} for the rest")
            : (wait + OfImage(slowest) + PrepareRoom,
                $"limits.wait_for_capacity {Text(wait)}, the limits of image '{slowest.Name}' {Text(OfImage(slowest))}, and {Text(PrepareRoom)} for the rest");
    }

    private static TimeSpan OfAnyImage(TimeoutSettings waits) => waits.Boot + waits.Ssh + waits.CloudInit + waits.Warm + waits.SourceShutdown;

    private static TimeSpan OfImage(ImageDefinition image)
    {
        var waits = image.Timeouts;
        return waits.Boot + waits.Ssh
            + (image.WaitForCloudInit ? waits.CloudInit : TimeSpan.Zero)
            + (image.Warm.Enabled ? waits.Warm : TimeSpan.Zero)
            + (image.Source is ImageSource.Domain { AllowShutdown: true } ? waits.SourceShutdown : TimeSpan.Zero)
            + (image.PrepareHook?.Timeout ?? TimeSpan.Zero);
    }

    private static Finding TooShort(RunnerEntry runner, string key, TimeSpan found, TimeSpan needed, string why) => Checks.RunnerTimeouts.Problem(
        $"{key} of runner '{runner.Name}' is {Text(found)}, and must be at least {Text(needed)}: {why}", $"{key} = {Seconds(needed)}   # in [runners.custom]");

    private static string Text(TimeSpan duration) => DurationText.Format(duration);

    private static string Seconds(TimeSpan duration) => Math.Ceiling(duration.TotalSeconds).ToString(CultureInfo.InvariantCulture);
}

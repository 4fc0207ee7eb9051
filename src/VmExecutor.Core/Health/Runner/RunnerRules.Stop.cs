namespace VmExecutor.Core.Health.Runner;

// GitLab Runner's unit, which systemd stops.
public static partial class RunnerRules
{
    /// <summary>The unit of GitLab Runner's packages.</summary>
    public const string Unit = "gitlab-runner.service";

    private const string Load = "LoadState";
    private const string Signal = "KillSignal";
    private const string Mode = "KillMode";

    // signal(7): SIGQUIT on x86-64 and arm64. systemd tells its number.
    private const string Quit = "3";

    // systemd.kill(5): the modes in which a stop sends the signal to the unit's first process alone.
    private static readonly string[] FirstProcessOnly = ["mixed", "process"];

    /// <summary>Arguments of systemctl, whose answer has what drop-ins set, too.</summary>
    public static IReadOnlyList<string> SystemctlArguments { get; } = ["show", $"--property={Load},{Signal},{Mode}", "--", Unit];

    /// <summary>Decides whether a stop of GitLab Runner that is to wait for its jobs ends them (docs/many-hosts.md#before-maintenance).</summary>
    /// <param name="shown">What systemctl has printed: <c>Key=Value</c> in lines.</param>
    public static Finding DecideStop(string shown)
    {
        var unit = shown.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0], pair => pair[1].Trim(), StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);
        var (signal, mode) = (unit.GetValueOrDefault(Signal, ""), unit.GetValueOrDefault(Mode, ""));
        return unit.GetValueOrDefault(Load) != "loaded" ? Checks.RunnerStop.Skipped($"GitLab Runner is not the unit {Unit} of this host's systemd")
            : signal is not (Quit or "SIGQUIT") ? Checks.RunnerStop.Ok($"a stop of {Unit} ends its jobs: it sends no SIGQUIT")
            : FirstProcessOnly.Contains(mode) ? Checks.RunnerStop.Ok($"a stop of {Unit} waits for its jobs: SIGQUIT goes to the runner alone (KillMode={mode})")
            : Checks.RunnerStop.Warning(
                $"a stop of {Unit} sends SIGQUIT to the stages of running jobs, too (KillMode={(mode.Length > 0 ? mode : "control-group")}), which ends these jobs: only the runner is to get it",
                "systemctl edit gitlab-runner   # below [Service]: KillMode=mixed");
    }
}

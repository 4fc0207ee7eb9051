namespace VmExecutor.Core.Health;

/// <summary>A unit as <c>systemctl show</c> tells of it.</summary>
/// <param name="Name">With its ending.</param>
/// <param name="Load"><c>loaded</c>, <c>not-found</c>, <c>masked</c>, ….</param>
/// <param name="Enabled"><c>enabled</c>, <c>disabled</c>, …; empty: there is no such file.</param>
/// <param name="Active"><c>active</c>, <c>inactive</c>, <c>failed</c>.</param>
public sealed record UnitState(string Name, string Load, string Enabled, string Active);

/// <summary>Whether the timers that look after a host are installed and on.</summary>
public static class TimerRules
{
    public const string Collect = "vm-executor-gc.timer";
    public const string CollectAtBoot = "vm-executor-gc-boot.service";
    public const string Publish = "vm-executor-publish.timer";
    public const string Warm = "vm-executor-warm.timer";

    public static IReadOnlyList<string> Units { get; } = [Collect, CollectAtBoot, Publish, Warm];

    /// <summary>Arguments of systemctl.</summary>
    public static IReadOnlyList<string> Arguments { get; } = ["show", "--property=Id,LoadState,UnitFileState,ActiveState", "--", .. Units];

    /// <summary>Reads its output: a block of <c>Key=Value</c> for each unit, in any order of keys, with an empty line between.</summary>
    public static IReadOnlyList<UnitState> Parse(string output) =>
    [
        .. output.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(block => block.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
                .GroupBy(pair => pair[0], pair => pair[1], StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal))
            .Where(unit => unit.ContainsKey("Id"))
            .Select(unit => new UnitState(
                unit["Id"], unit.GetValueOrDefault("LoadState", ""), unit.GetValueOrDefault("UnitFileState", ""), unit.GetValueOrDefault("ActiveState", ""))),
    ];

    /// <param name="units">As found.</param>
    /// <param name="hasImages">Whether there is something to publish; true where the images are not known.</param>
    /// <param name="hasWarm">Whether an image wants templates.</param>
    public static IReadOnlyList<Finding> Decide(IReadOnlyList<UnitState> units, bool hasImages, bool hasWarm)
    {
        string[] wanted = [Collect, CollectAtBoot, .. hasImages ? [Publish] : Array.Empty<string>(), .. hasWarm ? [Warm] : Array.Empty<string>()];
        var missing = wanted.Where(name => Find(units, name) is not { Load: "loaded" }).ToList();
        List<Finding> findings = [];
        if (missing.Count > 0)
        {
            findings.Add(Checks.Timers.Warning(
                $"not installed: {string.Join(", ", missing)}: {string.Join("; ", missing.Select(Loss).Distinct())}",
                $"cp executor/systemd/* /etc/systemd/system/ && systemctl daemon-reload && {string.Join(" && ", missing.Select(Enable))}"));
        }

        findings.AddRange(wanted.Except(missing).Select(name => Find(units, name)!).Select(DecideOne).OfType<Finding>());
        return findings.Count > 0 ? findings : [Checks.Timers.Ok($"installed and on: {string.Join(", ", wanted)}")];
    }

    private static Finding? DecideOne(UnitState unit) =>
        !unit.Enabled.StartsWith("enabled", StringComparison.Ordinal) ? Checks.Timers.Warning($"{unit.Name} is not enabled: {Loss(unit.Name)}", Enable(unit.Name))
        : unit.Name.EndsWith(".timer", StringComparison.Ordinal) && unit.Active != "active" ? Checks.Timers.Warning($"{unit.Name} is {unit.Active}: {Loss(unit.Name)}", $"systemctl restart {unit.Name}")
        : unit.Active == "failed" ? Checks.Timers.Warning($"{unit.Name} has failed", $"journalctl -u {unit.Name} -n 50")
        : null;

    private static UnitState? Find(IReadOnlyList<UnitState> units, string name) => units.FirstOrDefault(unit => unit.Name == name);

    private static string Enable(string name) => name.EndsWith(".timer", StringComparison.Ordinal) ? $"systemctl enable --now {name}" : $"systemctl enable {name}";

    private static string Loss(string name) => name switch
    {
        Collect or CollectAtBoot => "what killed jobs leave stays until the next job",
        Publish => "changed sources are published by hand only",
        _ => "jobs start cold after an update of QEMU or libvirt",
    };
}

using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>The memory of the host that VMs of an image take.</summary>
/// <param name="Image">The image.</param>
/// <param name="Bytes">Without a job's own choice; null: not known.</param>
/// <param name="MostBytes">What a job may choose; null: no more than that.</param>
/// <param name="File">The file of the image.</param>
public sealed record ImageMemory(ImageName Image, long? Bytes, long? MostBytes, AbsolutePath File)
{
    /// <summary>The number of its clones that are to wait for jobs.</summary>
    public int StandbyCount { get; init; }

    /// <summary>Their memory; 0: none are wanted, or it is not known.</summary>
    public long StandbyBytes { get; init; }
}

/// <summary>A unit as <c>systemctl show</c> tells of it.</summary>
/// <param name="Name">With its ending.</param>
/// <param name="Load"><c>loaded</c>, <c>not-found</c>, <c>masked</c>, ….</param>
/// <param name="Enabled"><c>enabled</c>, <c>disabled</c>, …; empty: there is no such file.</param>
/// <param name="Active"><c>active</c>, <c>inactive</c>, <c>failed</c>.</param>
public sealed record UnitState(string Name, string Load, string Enabled, string Active);

/// <summary>Decides whether memory, clock and timers of a host are as jobs need them.</summary>
public static class HostRules
{
    public const string GcTimer = "vm-executor-gc.timer";
    public const string GcAtBoot = "vm-executor-gc-boot.service";
    public const string PublishTimer = "vm-executor-publish.timer";
    public const string WarmTimer = "vm-executor-warm.timer";

    private static readonly TimeSpan ClockTolerance = TimeSpan.FromDays(1);

    /// <summary>Decides whether the images' VMs fit into the host's memory, one by one and as many as the limits allow.</summary>
    public static IReadOnlyList<Finding> DecideMemory(HostResources host, LimitSettings limits, IReadOnlyList<ImageMemory> images, AbsolutePath settingsFile)
    {
        var room = host.MemoryTotalBytes - limits.MemoryHeadroom.Bytes;
        List<Finding> findings =
        [
            .. images.Where(image => image.Bytes > room).Select(image => Checks.Memory.Problem(
                $"image '{image.Image}' takes {RoughSize.Of(image.Bytes!.Value)}, and the host has {RoughSize.Of(room)} for VMs: its jobs fail (VMX1511)",
                $"memory: {RoughSize.Of(Whole(room))}   # in {image.File}; no more than this")),
            .. images.Where(image => image.MostBytes > room && !(image.Bytes > room)).Select(image => Checks.Memory.Warning(
                $"a job of image '{image.Image}' may choose {RoughSize.Of(image.MostBytes!.Value)}, and the host has {RoughSize.Of(room)} for VMs: such a job fails (VMX1511)",
                $"sizes: {{max_memory: {RoughSize.Of(Whole(room))}}}   # in {image.File}")),
        ];
        var largest = images.Where(image => image.Bytes <= room).MaxBy(image => image.Bytes);
        if (largest?.Bytes is > 0 and var bytes && limits.MaxVms is { } most && most * bytes > room)
        {
            findings.Add(Checks.Memory.Warning(
                $"limits.max_vms is {most}, but only {room / bytes} VMs of image '{largest.Image}' ({RoughSize.Of(bytes)} each) fit into {RoughSize.Of(room)}: the others wait",
                $"limits: {{max_vms: {Math.Max(1, room / bytes)}}}   # in {settingsFile}"));
        }

        if (images.Sum(image => image.StandbyBytes) is var standby && standby > room)
        {
            findings.Add(Checks.Memory.Warning(
                $"{images.Sum(image => image.StandbyCount)} clones are to wait for jobs ('standby'), which takes {RoughSize.Of(standby)}, and {RoughSize.Of(room)} are there for VMs: some will never be made",
                $"standby: {{count: 1}}   # in {images.MaxBy(image => image.StandbyBytes)!.File}"));
        }

        if (limits.MaxVms is { } slots && images.Sum(image => image.StandbyCount) is var waiting && waiting > slots)
        {
            findings.Add(Checks.Memory.Warning(
                $"{waiting} clones are to wait for jobs ('standby'), and limits.max_vms is {slots}: some will never be made",
                $"limits: {{max_vms: {waiting + 1}}}   # in {settingsFile}"));
        }

        var free = host.MemoryAvailableBytes - limits.MemoryHeadroom.Bytes;
        if (largest?.Bytes > free)
        {
            findings.Add(Checks.Memory.Warning(
                $"a VM of image '{largest.Image}' takes {RoughSize.Of(largest.Bytes.Value)}, and {RoughSize.Of(free)} are free now: the next job waits",
                "ps -eo rss,pid,user,args --sort=-rss | head   # what has the memory"));
        }

        return findings.Count > 0 ? findings :
        [
            Checks.Memory.Ok(
                $"{RoughSize.Of(host.MemoryTotalBytes)}, of which {RoughSize.Of(host.MemoryAvailableBytes)} are free and {RoughSize.Of(limits.MemoryHeadroom.Bytes)} are the host's own"
                + (largest?.Bytes is > 0 and var each ? $"; the largest image takes {RoughSize.Of(each)}" : "")),
        ];
    }

    /// <summary>A size as the YAML takes it: whole 64 MiB.</summary>
    private static long Whole(long bytes) => Math.Max(1, bytes >> 26) << 26;

    /// <summary>Decides whether the clock can be trusted: certificates, tokens and caches of jobs depend on it.</summary>
    /// <param name="isSynchronised">Whether the kernel says that a time service keeps the clock (adjtimex(2)); null: it does not say.</param>
    /// <param name="now">By this clock.</param>
    /// <param name="driverMade">When the driver's own file was written: the clock cannot be before that.</param>
    public static Finding DecideClock(bool? isSynchronised, DateTimeOffset now, DateTimeOffset driverMade) => isSynchronised switch
    {
        _ when now + ClockTolerance < driverMade => Checks.Clock.Problem(
            $"it is {now:yyyy-MM-dd HH:mm} UTC by this clock, but the driver was made {driverMade:yyyy-MM-dd}: certificates of servers are not valid yet",
            "timedatectl set-ntp true"),
        true => Checks.Clock.Ok($"kept by a time service; {now:yyyy-MM-dd HH:mm} UTC"),
        false => Checks.Clock.Warning(
            $"no time service keeps it (the kernel says unsynchronised); {now:yyyy-MM-dd HH:mm} UTC", "apt-get install systemd-timesyncd && timedatectl set-ntp true   # or chrony"),
        null => Checks.Clock.Skipped($"the kernel does not say whether a time service keeps it; {now:yyyy-MM-dd HH:mm} UTC"),
    };

    public static IReadOnlyList<string> TimerUnits { get; } = [GcTimer, GcAtBoot, PublishTimer, WarmTimer];

    /// <summary>Arguments of systemctl.</summary>
    public static IReadOnlyList<string> SystemctlArguments { get; } = ["show", "--property=Id,LoadState,UnitFileState,ActiveState", "--", .. TimerUnits];

    /// <summary>Reads its output: a block of <c>Key=Value</c> for each unit, in any order of keys, with an empty line between.</summary>
    public static IReadOnlyList<UnitState> ParseUnits(string output) =>
    [
        .. output.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(block => block.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
                .GroupBy(pair => pair[0], pair => pair[1], StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal))
            .Where(unit => unit.ContainsKey("Id"))
            .Select(unit => new UnitState(
                unit["Id"], unit.GetValueOrDefault("LoadState", ""), unit.GetValueOrDefault("UnitFileState", ""), unit.GetValueOrDefault("ActiveState", ""))),
    ];

    /// <param name="order">The order that the host takes no more jobs; null: there is none.</param>
    public static Finding DecideDrained(DrainRecord? order) => order is null
        ? Checks.Drained.Ok("this host takes jobs")
        : Checks.Drained.Warning($"this host takes no jobs: it was drained {order.Words}", "vm-executor undrain");

    /// <summary>Decides whether the timers that look after a host are installed and on.</summary>
    /// <param name="units">As found.</param>
    /// <param name="hasImages">Whether there is something to publish; true where the images are not known.</param>
    /// <param name="hasWarm">Whether an image wants templates.</param>
    public static IReadOnlyList<Finding> DecideTimers(IReadOnlyList<UnitState> units, bool hasImages, bool hasWarm)
    {
        string[] wanted = [GcTimer, GcAtBoot, .. hasImages ? [PublishTimer] : Array.Empty<string>(), .. hasWarm ? [WarmTimer] : Array.Empty<string>()];
        var missing = wanted.Where(name => Find(units, name) is not { Load: "loaded" }).ToList();
        List<Finding> findings = [];
        if (missing.Count > 0)
        {
            findings.Add(Checks.Timers.Warning(
                $"not installed: {string.Join(", ", missing)}: {string.Join("; ", missing.Select(Loss).Distinct())}",
                $"cp executor/systemd/* /etc/systemd/system/ && systemctl daemon-reload && {string.Join(" && ", missing.Select(Enable))}"));
        }

        findings.AddRange(wanted.Except(missing).Select(name => Find(units, name)!).Select(DecideUnit).OfType<Finding>());
        return findings.Count > 0 ? findings : [Checks.Timers.Ok($"installed and on: {string.Join(", ", wanted)}")];
    }

    private static Finding? DecideUnit(UnitState unit) =>
        !unit.Enabled.StartsWith("enabled", StringComparison.Ordinal) ? Checks.Timers.Warning($"{unit.Name} is not enabled: {Loss(unit.Name)}", Enable(unit.Name))
        : unit.Name.EndsWith(".timer", StringComparison.Ordinal) && unit.Active != "active" ? Checks.Timers.Warning($"{unit.Name} is {unit.Active}: {Loss(unit.Name)}", $"systemctl restart {unit.Name}")
        : unit.Active == "failed" ? Checks.Timers.Warning($"{unit.Name} has failed", $"journalctl -u {unit.Name} -n 50")
        : null;

    private static UnitState? Find(IReadOnlyList<UnitState> units, string name) => units.FirstOrDefault(unit => unit.Name == name);

    private static string Enable(string name) => name.EndsWith(".timer", StringComparison.Ordinal) ? $"systemctl enable --now {name}" : $"systemctl enable {name}";

    private static string Loss(string name) => name switch
    {
        GcTimer or GcAtBoot => "what killed jobs leave stays until the next job",
        PublishTimer => "changed sources are published by hand only",
        _ => "jobs start cold after an update of QEMU or libvirt",
    };
}

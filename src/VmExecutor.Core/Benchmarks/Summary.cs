namespace VmExecutor.Core.Benchmarks;

/// <summary>All measurements of one kind of start.</summary>
/// <param name="Start">Which: <c>cold</c>, <c>warm</c>, <c>warm 2GiB</c>.</param>
/// <param name="Phases">By name, in the order in which they come.</param>
/// <param name="ConfigSeconds">The stage before prepare.</param>
/// <param name="PrepareSeconds">The whole of it.</param>
/// <param name="ScriptSeconds">A sub-stage with an empty script.</param>
/// <param name="CleanupSeconds">Removing it.</param>
/// <param name="JobSeconds">All stages of a job that does nothing.</param>
/// <param name="PssBytes">Memory of QEMU, in bytes.</param>
/// <param name="OwnGuestMemoryBytes">Guest memory that only this clone has, in bytes.</param>
/// <param name="DiskBytes">Overlays, in bytes.</param>
public sealed record Summary(
    string Start,
    IReadOnlyList<PhaseSpread> Phases,
    Spread? ConfigSeconds,
    Spread PrepareSeconds,
    Spread? ScriptSeconds,
    Spread? CleanupSeconds,
    Spread? JobSeconds,
    Spread? PssBytes,
    Spread? OwnGuestMemoryBytes,
    Spread? DiskBytes)
{
    /// <summary>The part of cleanup in which the guest unmounts its project's disk; null: it has none.</summary>
    public Spread? UnmountSeconds { get; init; }

    /// <summary>The part of cleanup in which that disk's next version is made.</summary>
    public Spread? PromoteSeconds { get; init; }

    /// <param name="start">The kind of start.</param>
    /// <param name="all">At least one.</param>
    public static Summary Of(string start, IReadOnlyList<Measurement> all) => new(
        start,
        PhasesOf(all),
        Spread.Of(all.Select(one => one.ConfigSeconds)),
        Spread.Of(all.Select(one => one.PrepareSeconds)) ?? throw new ArgumentException("nothing was measured", nameof(all)),
        Spread.Of(all.SelectMany(one => one.ScriptSeconds)),
        Spread.Of(all.Select(one => one.CleanupSeconds)),
        Spread.Of(all.Select(one => one.JobSeconds)),
        Spread.Of(all.Select(one => (double?)one.PssBytes)),
        Spread.Of(all.Select(one => (double?)one.OwnGuestMemoryBytes)),
        Spread.Of(all.Select(one => (double?)one.DiskBytes)))
    {
        UnmountSeconds = Spread.Of(all.Select(one => one.UnmountSeconds)),
        PromoteSeconds = Spread.Of(all.Select(one => one.PromoteSeconds)),
    };

    /// <summary>The names of phases in one order that agrees with each of several, as far as they agree with each other.</summary>
    public static IReadOnlyList<string> Order(IEnumerable<IEnumerable<string>> starts)
    {
        var names = new List<string>();
        foreach (var start in starts)
        {
            var last = -1;
            foreach (var name in start)
            {
                var known = names.IndexOf(name);
                last = known >= 0 ? known : last + 1;
                if (known < 0)
                {
                    names.Insert(last, name);
                }
            }
        }

        return names;
    }

    /// <summary>A phase that not every start has (waiting for capacity) counts where it was.</summary>
    private static List<PhaseSpread> PhasesOf(IReadOnlyList<Measurement> all) =>
    [
        .. Order(all.Select(one => one.Phases.Select(phase => phase.Key))).Select(name => new PhaseSpread(name, Spread.Of(
            all.SelectMany(one => one.Phases).Where(phase => phase.Key == name).Select(phase => phase.Value))!)),
    ];
}

/// <summary>The time of a phase, in seconds.</summary>
public sealed record PhaseSpread(string Name, Spread Seconds);

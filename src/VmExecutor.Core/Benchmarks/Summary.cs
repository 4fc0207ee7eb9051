namespace VmExecutor.Core.Benchmarks;

/// <summary>All measurements of one kind of start.</summary>
/// <param name="Start">Which: <c>cold</c>, <c>warm</c>, <c>warm 2GiB</c>, <c>by hand</c>.</param>
/// <param name="Phases">By name, in the order in which they come.</param>
/// <param name="Prepare">The whole of it.</param>
/// <param name="Script">A sub-stage with an empty script.</param>
/// <param name="Cleanup">Removing it.</param>
/// <param name="Pss">Memory of QEMU, in bytes.</param>
/// <param name="OwnGuestMemory">Guest memory that only this clone has, in bytes.</param>
/// <param name="Disk">Overlays, in bytes.</param>
public sealed record Summary(
    string Start,
    IReadOnlyList<PhaseSpread> Phases,
    Spread Prepare,
    Spread? Script,
    Spread? Cleanup,
    Spread? Pss,
    Spread? OwnGuestMemory,
    Spread? Disk)
{
    /// <param name="start">Which kind.</param>
    /// <param name="all">At least one.</param>
    public static Summary Of(string start, IReadOnlyList<Measurement> all) => new(
        start,
        PhasesOf(all),
        Spread.Of(all.Select(one => one.Prepare)) ?? throw new ArgumentException("nothing was measured", nameof(all)),
        Spread.Of(all.Select(one => one.Script)),
        Spread.Of(all.Select(one => one.Cleanup)),
        Spread.Of(all.Select(one => (double?)one.Pss)),
        Spread.Of(all.Select(one => (double?)one.OwnGuestMemory)),
        Spread.Of(all.Select(one => (double?)one.Disk)));

    /// <summary>A phase that not every start has (waiting for capacity) counts where it was.</summary>
    private static List<PhaseSpread> PhasesOf(IReadOnlyList<Measurement> all)
    {
        var names = new List<string>();
        foreach (var measurement in all)
        {
            var last = -1;
            foreach (var (name, _) in measurement.Phases)
            {
                var known = names.IndexOf(name);
                last = known >= 0 ? known : last + 1;
                if (known < 0)
                {
                    names.Insert(last, name);
                }
            }
        }

        return [.. names.Select(name => new PhaseSpread(name, Spread.Of(
            all.SelectMany(one => one.Phases).Where(phase => phase.Key == name).Select(phase => phase.Value))!))];
    }
}

/// <summary>How long a phase took, in seconds.</summary>
public sealed record PhaseSpread(string Name, Spread Seconds);

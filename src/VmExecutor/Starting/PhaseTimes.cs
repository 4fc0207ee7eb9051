using System.Globalization;

namespace VmExecutor.Starting;

/// <summary>The time of each phase of prepare, for one line in the job log.</summary>
internal sealed class PhaseTimes(TimeProvider time)
{
    private readonly List<(string Name, TimeSpan Duration)> _phases = [];
    private readonly long _started = time.GetTimestamp();
    private long _phaseStarted = time.GetTimestamp();

    /// <summary>The phase that began where the last one ended is over.</summary>
    public void Ended(string phase)
    {
        _phases.Add((phase, time.GetElapsedTime(_phaseStarted)));
        _phaseStarted = time.GetTimestamp();
    }

    /// <summary>The phase that was the last to end; null: none has.</summary>
    public string? Last => _phases.Count == 0 ? null : _phases[^1].Name;

    /// <summary>The time since the phase under way began.</summary>
    public TimeSpan SinceLast => time.GetElapsedTime(_phaseStarted);

    /// <summary>The number of phases that are over.</summary>
    public int Count => _phases.Count;

    /// <summary>Folds the phases after the first <paramref name="kept"/> into one, which is over now: they were in vain.</summary>
    public void Fold(int kept, string phase)
    {
        var lost = _phases.Skip(kept).Aggregate(time.GetElapsedTime(_phaseStarted), (sum, one) => sum + one.Duration);
        _phases.RemoveRange(kept, _phases.Count - kept);
        _phases.Add((phase, lost));
        _phaseStarted = time.GetTimestamp();
    }

    /// <summary>The phases that are over, in seconds; one that was tried again counts as a whole.</summary>
    public IReadOnlyDictionary<string, double> Seconds =>
        _phases.GroupBy(phase => phase.Name, StringComparer.Ordinal)
            .ToDictionary(phase => phase.Key, phase => Math.Round(phase.Sum(one => one.Duration.TotalSeconds), 3), StringComparer.Ordinal);

    /// <summary><c>4.51 s (source 0.03, disks 0.04, start 0.60, boot 3.12, ssh 0.72)</c>.</summary>
    public override string ToString() => $"{Total} ({Each})";

    /// <summary><c>4.51 s, cold (source 0.03, …)</c>.</summary>
    public string With(string start) => $"{Total}, {start} ({Each})";

    private string Total => string.Create(CultureInfo.InvariantCulture, $"{time.GetElapsedTime(_started).TotalSeconds:0.00} s");

    private string Each => string.Join(", ", _phases.Select(Describe));

    private static string Describe((string Name, TimeSpan Duration) phase) =>
        string.Create(CultureInfo.InvariantCulture, $"{phase.Name} {phase.Duration.TotalSeconds:0.00}");
}

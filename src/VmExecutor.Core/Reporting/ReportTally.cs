using System.Globalization;
using VmExecutor.Core.Observing;

namespace VmExecutor.Core.Reporting;

/// <summary>Counts lines of the ledger for a report. What it keeps grows with the jobs of the report's time, by some numbers for each.</summary>
public sealed class ReportTally(ReportTime time)
{
    private const int MostProjects = 12;

    private static readonly string[] Ladder = ["standby", "warm", "cold"];

    private readonly List<Dictionary<JobEnd, int>> _spans = [.. time.Spans.Select(_ => new Dictionary<JobEnd, int>())];
    private readonly double[] _longestWaits = new double[time.Spans.Count];
    private readonly Dictionary<string, List<double>> _starts = Ladder.ToDictionary(kind => kind, _ => new List<double>(), StringComparer.Ordinal);
    private readonly List<double> _waits = [];
    private readonly List<VmMemory> _memory = [];
    private readonly Dictionary<string, ProjectFigures> _projects = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Reason, string Class), Failure> _failures = [];
    private readonly Dictionary<string, int> _images = new(StringComparer.Ordinal);
    private int _jobs;

    public static ReportData Of(IEnumerable<LedgerEntry> entries, ReportTime time)
    {
        var tally = new ReportTally(time);
        foreach (var entry in entries)
        {
            tally.Add(entry);
        }

        return tally.ToData();
    }

    /// <summary>Counts a line; one of another time is left out.</summary>
    public void Add(LedgerEntry entry)
    {
        if (entry.Removed < time.Since || entry.Removed > time.Until)
        {
            return;
        }

        _jobs++;
        var kind = FailureClass.Of(entry);
        var end = EndOf(kind);
        var span = time.IndexOf(entry.Removed);
        _spans[span][end] = _spans[span].GetValueOrDefault(end) + 1;
        AddStart(entry, span);
        AddMemory(entry);
        AddProject(entry, end);
        AddFailure(entry, kind);
        _images[entry.Image ?? ""] = _images.GetValueOrDefault(entry.Image ?? "") + 1;
    }

    public ReportData ToData() => new()
    {
        Time = time,
        Jobs = _jobs,
        Ends = _spans.SelectMany(span => span).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value)),
        Spans = _spans,
        Starts = [.. Ladder.Select(kind => (Kind: kind, Seconds: Distribution.Of(_starts[kind]))).Where(start => start.Seconds is not null).Select(start => (start.Kind, start.Seconds!))],
        Waits = Distribution.Of(_waits),
        LongestWaits = _longestWaits,
        Memory = MemoryHistory.Of(time, _memory),
        Projects = [.. _projects.Values.OrderByDescending(project => project.Jobs).ThenBy(project => project.Name, StringComparer.Ordinal).Take(MostProjects)],
        OtherProjects = Math.Max(0, _projects.Count - MostProjects),
        Failures =
        [
            .. _failures.Select(pair => pair.Value.ToFigures(pair.Key.Reason, pair.Key.Class))
                .OrderByDescending(failure => failure.Count).ThenBy(failure => failure.Reason, StringComparer.Ordinal),
        ],
        JobsOfImages = _images,
    };

    /// <summary>The person who must look at it, by the class of the failure.</summary>
    internal static JobEnd EndOf(string kind) => kind switch
    {
        "none" => JobEnd.Succeeded,
        "script" or "job" => JobEnd.JobFailed,
        "canceled" or "timeout" => JobEnd.Canceled,
        "abandoned" or "unknown" => JobEnd.Unclear,
        _ => JobEnd.HostFailed,
    };

    private void AddStart(LedgerEntry entry, int span)
    {
        if (entry.Ready is not null)
        {
            _starts[entry.Start is "warm" or "standby" ? entry.Start : "cold"].Add(entry.Prepare.Where(phase => phase.Key != "capacity").Sum(phase => Sane(phase.Value)));
        }

        if (entry.Prepare.TryGetValue("capacity", out var waited))
        {
            _waits.Add(Sane(waited));
            _longestWaits[span] = Math.Max(_longestWaits[span], Sane(waited));
        }
    }

    private void AddMemory(LedgerEntry entry)
    {
        if (entry.Created is not { } from || from > entry.Removed)
        {
            return;
        }

        Add(entry.ReservedBytes ?? entry.MemoryBytes, entry.HostMemoryBytes ?? entry.PeakMemoryBytes);
        foreach (var service in entry.Services ?? [])
        {
            Add(service.MemoryBytes, service.HostMemoryBytes ?? service.PeakMemoryBytes);
        }

        void Add(long? reserved, long? used)
        {
            if (reserved is > 0 and < 1L << 50)
            {
                _memory.Add(new VmMemory(from, entry.Removed, reserved.Value, Math.Clamp(used ?? 0, 0, 1L << 50)));
            }
        }
    }

    private void AddProject(LedgerEntry entry, JobEnd end)
    {
        var name = entry.Project ?? "";
        var known = _projects.GetValueOrDefault(name) ?? new ProjectFigures(name, 0, 0, 0, 0, null);
        var lasted = entry.Created is { } created && created < entry.Removed ? (entry.Removed - created).TotalSeconds : 0;
        _projects[name] = new ProjectFigures(
            name,
            known.Jobs + 1,
            known.Failed + (end is JobEnd.JobFailed or JobEnd.HostFailed ? 1 : 0),
            known.VmSeconds + lasted,
            known.CpuSeconds + Sane(entry.CpuSeconds ?? 0) + (entry.Services ?? []).Sum(service => Sane(service.CpuSeconds ?? 0)),
            Larger(known.PeakMemoryBytes, entry.GuestPeakBytes ?? entry.PeakMemoryBytes));
    }

    private void AddFailure(LedgerEntry entry, string kind)
    {
        if (kind != "none")
        {
            // A script's own failure is no code of the driver's.
            var code = IsCode(entry.Reason) ? entry.Reason! : entry.Scripts.Select(script => script.Failure).LastOrDefault(IsCode);
            var key = (kind is "script" or "canceled" or "timeout" ? kind : code ?? entry.Reason ?? kind, kind);
            if (!_failures.TryGetValue(key, out var failure))
            {
                _failures[key] = failure = new Failure();
            }

            failure.Add(entry);
        }
    }

    private static bool IsCode(string? text) => text is ['V', 'M', 'X', .. { Length: 4 } digits] && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>No number that a damaged line may have makes a figure useless.</summary>
    private static double Sane(double seconds) => double.IsFinite(seconds) ? Math.Clamp(seconds, 0, 1e9) : 0;

    private static long? Larger(long? one, long? other) => one is { } first && other is { } second ? Math.Max(first, second) : one ?? other;

    private sealed class Failure
    {
        private readonly Dictionary<string, int> _projects = new(StringComparer.Ordinal);
        private int _count;
        private DateTimeOffset _last;

        public void Add(LedgerEntry entry)
        {
            _count++;
            _last = entry.Removed > _last ? entry.Removed : _last;
            if (entry.Project is { } project)
            {
                _projects[project] = _projects.GetValueOrDefault(project) + 1;
            }
        }

        public FailureFigures ToFigures(string reason, string kind) => new(
            reason, kind, _count, _last, _projects.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Key).FirstOrDefault());
    }
}

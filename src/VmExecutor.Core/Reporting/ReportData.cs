using VmExecutor.Core.Observing;

namespace VmExecutor.Core.Reporting;

/// <summary>The figures of a report, counted from the ledger's lines of its time.</summary>
public sealed record ReportData
{
    public required ReportTime Time { get; init; }

    /// <summary>The number of lines: each attempt of a job's prepare has one.</summary>
    public required int Jobs { get; init; }

    /// <summary>By end, over the whole time.</summary>
    public required IReadOnlyDictionary<JobEnd, int> Ends { get; init; }

    /// <summary>By end, for each span of the time.</summary>
    public required IReadOnlyList<IReadOnlyDictionary<JobEnd, int>> Spans { get; init; }

    /// <summary>By kind, in the order of the ladder: <c>standby</c>, <c>warm</c>, <c>cold</c>; the seconds of prepare without the wait for room.</summary>
    public required IReadOnlyList<(string Kind, Distribution Seconds)> Starts { get; init; }

    /// <summary>The seconds that jobs waited for room; null: none waited.</summary>
    public required Distribution? Waits { get; init; }

    /// <summary>For each span of the time, the longest wait in seconds.</summary>
    public required IReadOnlyList<double> LongestWaits { get; init; }

    public required MemoryHistory Memory { get; init; }

    /// <summary>Those with the most jobs, the first most.</summary>
    public required IReadOnlyList<ProjectFigures> Projects { get; init; }

    /// <summary>The number of projects beside those.</summary>
    public required int OtherProjects { get; init; }

    /// <summary>The most frequent first.</summary>
    public required IReadOnlyList<FailureFigures> Failures { get; init; }

    /// <summary>The number of jobs by the name of their image.</summary>
    public required IReadOnlyDictionary<string, int> JobsOfImages { get; init; }

    public double Share(JobEnd end) => Jobs == 0 ? 0 : Ends.GetValueOrDefault(end) / (double)Jobs;
}

/// <summary>The ways in which a job can end, by who must look.</summary>
public enum JobEnd
{
    Succeeded,
    JobFailed,
    HostFailed,
    Canceled,
    Unclear,
}

/// <summary>One project.</summary>
/// <param name="Name">Its path; empty: not known.</param>
/// <param name="Jobs">How many.</param>
/// <param name="Failed">How many of them failed, by the job or by the host.</param>
/// <param name="VmSeconds">How long its VMs were there, together.</param>
/// <param name="CpuSeconds">Their processor time.</param>
/// <param name="PeakMemoryBytes">The most that one of them used; null: not known.</param>
public sealed record ProjectFigures(string Name, int Jobs, int Failed, double VmSeconds, double CpuSeconds, long? PeakMemoryBytes);

/// <summary>One reason for jobs to fail.</summary>
/// <param name="Reason">An error code, or a word where there is none.</param>
/// <param name="Class">As <see cref="FailureClass"/> has it.</param>
/// <param name="Count">How often.</param>
/// <param name="Last">The last time.</param>
/// <param name="Project">The project that it happened to most often; null: not known.</param>
public sealed record FailureFigures(string Reason, string Class, int Count, DateTimeOffset Last, string? Project);

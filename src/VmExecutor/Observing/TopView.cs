using VmExecutor.Core.Capacity;
using VmExecutor.Host.Observing;

namespace VmExecutor.Observing;

/// <summary>The contents of <c>top</c> at one moment.</summary>
/// <param name="Now">The moment.</param>
/// <param name="Rows">Each job, with its services below it.</param>
/// <param name="Host">The host.</param>
/// <param name="Remarks">What could not be looked at, in sentences.</param>
internal sealed record TopView(DateTimeOffset Now, IReadOnlyList<TopRow> Rows, HostResources Host, IReadOnlyList<string> Remarks)
{
    public int Count(string state) => Rows.Count(row => row.Job.Activity.State == state && row.Job.Job.Service is null);

    /// <summary>Processors in use by all VMs.</summary>
    public double Processors => Rows.Sum(row => row.Share ?? 0);

    public long MemoryBytes => Rows.Sum(row => row.Job.Job.Usage?.MemoryBytes ?? 0);

    public long ReservedBytes => Rows.Sum(row => row.Job.Claim?.ReservedBytes ?? 0);
}

/// <summary>One job.</summary>
/// <param name="Job">All that is known of it.</param>
/// <param name="Share">The processors that its VM uses: 1 is one of them; null: not known yet.</param>
internal sealed record TopRow(RunningJob Job, double? Share);

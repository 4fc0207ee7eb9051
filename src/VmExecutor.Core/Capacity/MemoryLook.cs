using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.Capacity;

/// <summary>One look at the memory of a job with a running script, on a host that keeps less for it than its VM has.</summary>
public sealed record MemoryLook
{
    public required JobKey Job { get; init; }

    /// <summary>The time at which its VM was made; a later one is younger.</summary>
    public required DateTimeOffset Made { get; init; }

    /// <summary>The memory that was kept for it, in bytes.</summary>
    public required long ReservedBytes { get; init; }

    /// <summary>The host's memory that its VM alone has, in bytes.</summary>
    public required long HostMemoryBytes { get; init; }

    /// <summary>By how much it has more than was kept for it, in bytes; 0: it keeps to it.</summary>
    public long ExcessBytes => Math.Max(0, HostMemoryBytes - ReservedBytes);

    /// <summary>
    /// True when this is the job to stop: the youngest of those that have much more than was kept for them. A job that is a little over is not stopped for what another one took:
    /// only those with at least half of the largest excess are meant. It is true for exactly one of them, so that one VM is stopped at a time.
    /// </summary>
    public bool MustGo(IEnumerable<MemoryLook> others)
    {
        IReadOnlyList<MemoryLook> over = [.. others.Where(other => other.Job != Job && other.ExcessBytes > 0)];
        var largest = over.Select(other => other.ExcessBytes).Append(ExcessBytes).Max();
        return ExcessBytes > 0 && IsMeant(this)
            && over.Where(IsMeant).All(other => other.Made < Made || (other.Made == Made && string.CompareOrdinal(other.Job.Value, Job.Value) > 0));

        bool IsMeant(MemoryLook look) => look.ExcessBytes >= largest / 2;
    }
}

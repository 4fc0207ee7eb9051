namespace VmExecutor.Core.Reporting;

/// <summary>The memory of all VMs together over the time of a report, in equal steps: the part that was reserved for them, and the part that they used.</summary>
/// <param name="Steps">The most of each step.</param>
/// <param name="Vms">How many VMs are counted: those whose memory is known.</param>
public sealed record MemoryHistory(IReadOnlyList<MemoryStep> Steps, int Vms)
{
    public const int StepCount = 168;

    public long MostReserved => Steps.Max(step => step.Reserved);

    public long MostUsed => Steps.Max(step => step.Used);

    public static MemoryHistory Of(ReportTime time, IReadOnlyList<VmMemory> vms)
    {
        // Of two changes in one moment the end comes first, so that VMs that follow each other are not added up.
        var changes = vms.Select(vm => (At: vm.From, vm.Reserved, vm.Used))
            .Concat(vms.Select(vm => (At: vm.Until, Reserved: -vm.Reserved, Used: -vm.Used)))
            .OrderBy(change => change.At).ThenBy(change => change.Reserved).ToList();
        var length = (time.Until - time.Since) / StepCount;
        var now = default(MemoryStep);
        var next = 0;
        for (; next < changes.Count && changes[next].At < time.Since; next++)
        {
            now = now.Add(changes[next].Reserved, changes[next].Used);
        }

        var steps = new MemoryStep[StepCount];
        for (var number = 0; number < StepCount; number++)
        {
            var most = now;
            for (; next < changes.Count && changes[next].At < time.Since + (length * (number + 1)); next++)
            {
                now = now.Add(changes[next].Reserved, changes[next].Used);
                most = new MemoryStep(Math.Max(most.Reserved, now.Reserved), Math.Max(most.Used, now.Used));
            }

            steps[number] = most;
        }

        return new MemoryHistory(steps, vms.Count);
    }
}

/// <summary>One step of a <see cref="MemoryHistory"/>, in bytes.</summary>
public readonly record struct MemoryStep(long Reserved, long Used)
{
    internal MemoryStep Add(long reserved, long used) => new(Reserved + reserved, Used + used);
}

/// <summary>The memory of one VM while it was there.</summary>
/// <param name="From">When it was made.</param>
/// <param name="Until">When it was removed.</param>
/// <param name="Reserved">The memory that it was admitted with, in bytes.</param>
/// <param name="Used">The most of the host's memory that it had, in bytes.</param>
public readonly record struct VmMemory(DateTimeOffset From, DateTimeOffset Until, long Reserved, long Used);

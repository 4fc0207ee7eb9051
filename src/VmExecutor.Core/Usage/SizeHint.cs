using VmExecutor.Core.Capacity;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Usage;

/// <summary>The one hint that a job's author gets at its end, where the job came near a limit of its VM or stayed far below.</summary>
public static class SizeHint
{
    private const double Near = 0.9;
    private const double Far = 0.25;

    /// <summary>A smaller VM is not made smaller for the sake of a few MiB.</summary>
    private static readonly ByteSize Small = ByteSize.FromMebibytes(512);

    /// <param name="usage">The use of the job.</param>
    /// <param name="record">The job's record.</param>
    /// <returns>Null: there is nothing to say, or too little is known. What the host sees of a guest's memory has its page cache in it, and is no reason for a hint.</returns>
    public static string? Of(JobUsage usage, JobRecord record) => usage switch
    {
        { IsMemoryByGuest: true, Memory: { } memory } when memory.UsedBytes > memory.AllBytes * Near => NearlyFull(memory, record),
        { DiskBytes: { } disk } when disk > record.MaxOverlayBytes * Near =>
            $"The job wrote nearly all that its image allows ({RoughSize.Of(disk)} of {RoughSize.Of(record.MaxOverlayBytes ?? 0)}): let it write less, or ask the administrator to raise 'disks: max_overlay' of image '{Image(record)}'",
        { IsMemoryByGuest: true, Memory: { } memory } when memory.UsedBytes < memory.AllBytes * Far && memory.AllBytes > Small.Bytes => MuchFree(memory, record),
        _ => null,
    };

    private static string NearlyFull(GuestMemoryUse memory, JobRecord record)
    {
        var enough = EnoughSize.OfMemory(memory.UsedBytes);
        return "The guest's memory was nearly full: " + (enough.Bytes <= record.MemoryChoice?.MostBytes
            ? $"give the job more by 'variables: {{VM_MEMORY: {enough}}}'"
            : $"ask the administrator for {enough} or more ('memory' of image '{Image(record)}', or 'sizes: max_memory' for what jobs may choose)");
    }

    private static string? MuchFree(GuestMemoryUse memory, JobRecord record)
    {
        var enough = EnoughSize.OfMemory(memory.UsedBytes);
        var chosen = new ByteSize(Math.Max(enough.Bytes, record.MemoryChoice?.LeastBytes ?? long.MaxValue));
        return chosen.Bytes < memory.AllBytes
            ? $"Most of the VM's memory was not used: 'variables: {{VM_MEMORY: {chosen}}}' is enough for the job, and lets more jobs run at once"
            : record.MemoryChoice?.LeastBytes is not null ? null
            : $"Most of the VM's memory was not used: {enough} are enough for the job. The administrator can let jobs choose less ('sizes: min_memory' of image '{Image(record)}')";
    }

    private static string Image(JobRecord record) => PlainText.OneLine(record.Stamp.Image, 100);
}

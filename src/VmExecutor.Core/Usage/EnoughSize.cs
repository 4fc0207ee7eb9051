using VmExecutor.Core.Values;

namespace VmExecutor.Core.Usage;

/// <summary>The size that would have been enough: the largest use and a quarter more, so that a run that needs a little more than all before it fits, too.</summary>
public static class EnoughSize
{
    /// <summary>The share that is added to the largest use, in percent.</summary>
    public const int Margin = 25;

    private static readonly ByteSize MemoryStep = ByteSize.FromMebibytes(64);
    private static readonly ByteSize DiskStep = ByteSize.FromMebibytes(256);

    /// <summary>Memory for a VM, in whole steps of 64 MiB.</summary>
    /// <param name="largest">The largest use, in bytes.</param>
    public static ByteSize OfMemory(long largest) => Of(largest, MemoryStep);

    /// <summary>Room for what a VM writes, in whole steps of 256 MiB.</summary>
    /// <inheritdoc cref="OfMemory"/>
    public static ByteSize OfDisk(long largest) => Of(largest, DiskStep);

    private static ByteSize Of(long largest, ByteSize step)
    {
        // No machine has an eighth of what fits into the number.
        var wanted = Math.Clamp(largest, 0, long.MaxValue / 8) / 100.0 * (100 + Margin);
        return new ByteSize((long)Math.Max(1, Math.Ceiling(wanted / step.Bytes)) * step.Bytes);
    }
}

using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;

namespace VmExecutor.Host.Keeping;

/// <summary>The thing that a host is short of, for which a kept VM goes.</summary>
/// <param name="What">In a word.</param>
/// <param name="Code">The reason for the record.</param>
/// <param name="Measure">Tells how much of it a VM has, in bytes.</param>
internal sealed record KeptVmShortage(string What, ErrorCode Code, Func<JobDirectory, long> Measure)
{
    public static readonly KeptVmShortage Disk = new("disk", ErrorCodes.DiskWatermarkPassed, directory => directory.DiskBytes());

    /// <param name="vms">The memory that each VM has.</param>
    public static KeptVmShortage Memory(IReadOnlyDictionary<JobKey, long> vms) => new("memory", ErrorCodes.MemoryWatermarkPassed, directory => vms.GetValueOrDefault(directory.Key));
}

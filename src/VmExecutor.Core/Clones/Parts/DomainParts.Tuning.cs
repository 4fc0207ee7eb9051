using static VmExecutor.Core.Clones.Parts.Treatment;

namespace VmExecutor.Core.Clones.Parts;

/// <content>What the source takes of the host: jobs' clones get what the image's YAML says, and share the rest fairly.</content>
public static partial class DomainParts
{
    private const string Pinned = "it pins the source to processors of the host";

    private static PartRule[] Tuning =>
    [
        Keep("cputune/{shares,period,quota,global_period,global_quota,emulator_period,emulator_quota,iothread_period,iothread_quota}", "a limit on this machine alone"),
        OutAndTold("cputune/{vcpupin,emulatorpin,iothreadpin}/**", Kept, Pinned),
        OutAndTold("cputune/{vcpusched,iothreadsched,emulatorsched}/**", Kept, "a scheduling class of its own would take the host's processors from other jobs"),
        OutAndTold("cputune/{cachetune,memorytune}/**", Kept, "a part of the host's cache or memory bandwidth that only one machine can have"),
        Keep("cputune", "limits on this machine alone"),
        OutAndTold("memtune/hard_limit/**", Kept, "it was meant for the source's size; the kernel would end a clone that needs more"),
        OutAndTold("memtune/**", Kept, "it was meant for the source's size"),
        OutAndTold("blkiotune/**", Kept, "weights and limits on the host's devices are the source's"),
        OutAndTold("numatune/**", Kept, "it binds the source's memory to nodes of the host"),
        OutAndTold("memoryBacking/{hugepages,locked,source,access,allocation,discard}/**", Kept, "the host's pages that are set apart or shared are the source's; a clone's memory is private"),
        Keep("memoryBacking/nosharepages", "the clone's memory is not merged with that of others"),
        Keep("memoryBacking", "the clone's memory is private"),
        OutAndTold("resource/**", Kept, "the partition of the host's resources is the source's"),
        OutAndTold("perf/**", Kept, "counters of the host's processors"),
        NotClonable("idmap/**", Refused, "containers only"),
        OutAndTold("seclabel[@type=static]/**", Kept, "a label that is fixed is the source's; libvirt gives each clone its own"),
        Out("seclabel/{label,imagelabel}", LeftOut, "libvirt gives each machine its own"),
        Out("seclabel/**", Kept, "libvirt gives each clone its own"),
    ];
}

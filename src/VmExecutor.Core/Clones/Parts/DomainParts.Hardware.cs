using static VmExecutor.Core.Clones.Parts.Treatment;

namespace VmExecutor.Core.Clones.Parts;

/// <content>All other hardware that is made by the clone's own QEMU.</content>
public static partial class DomainParts
{
    private const string Fresh = "its state begins empty: what the source's guest sealed with its own (BitLocker, LUKS) needs its recovery key";

    private static PartRule[] Hardware =>
    [
        Keep("devices/emulator", "the program that runs the source"),

        OfHost("devices/input[@type!=mouse|tablet|keyboard]", Kept, "a keyboard, mouse or other input device of the host"),
        Keep("devices/input/@{type,bus,model}", Seen),
        Keep("devices/input/driver", Seen),
        OfHost("devices/input/source/**", Kept, "an input device of the host"),
        Keep("devices/input", Seen),
        Keep("devices/hub/@type", Seen),
        Keep("devices/hub", Seen),

        new("devices/watchdog/@action[.=none|reset|poweroff|shutdown|inject-nmi]", Kept, Kept, Seen),
        Own("devices/watchdog/@action", Kept, "a guest that hangs is powered off; paused it would hang the job, and a dump would stay on the host"),
        Keep("devices/watchdog/@model", Seen),
        Keep("devices/watchdog", Seen),
        Keep("devices/panic/@model", Seen),
        Keep("devices/panic", Seen),
        Keep("devices/memballoon/@{model,autodeflate,freePageReporting}", Seen),
        Keep("devices/memballoon/stats/**", Seen),
        Keep("devices/memballoon/driver", Seen),
        Keep("devices/memballoon", Seen),
        Keep("devices/nvram", Seen),
        Keep("devices/iommu/@model", Seen),
        Keep("devices/iommu/driver/@{intremap,caching_mode,eim,iotlb,aw_bits,dma_translation,xtsup,pt,granule}", Seen),
        Keep("devices/iommu/driver", Seen),
        Keep("devices/iommu", Seen),

        Keep("devices/rng/backend[@model=builtin]/**", Seen),
        new("devices/rng/backend[@model=random][.=/dev/urandom|/dev/random]/**", Kept, Kept, "the host's kernel has enough for all"),
        Own("devices/rng/backend/**", Kept, "random numbers come from the host's kernel (/dev/urandom), and not from a device or server of the source's"),
        Keep("devices/rng/@model", Seen),
        Keep("devices/rng/rate/**", Seen),
        Keep("devices/rng/driver", Seen),
        Keep("devices/rng", Seen),

        OfHost("devices/crypto/backend[@model!=builtin]", Kept, "the host's kernel or another program does the work"),
        Keep("devices/crypto/@{model,type}", Seen),
        Keep("devices/crypto/backend/@{model,queues}", Seen),
        Keep("devices/crypto/{backend,driver}", Seen),
        Keep("devices/crypto", Seen),

        OfHost("devices/tpm/backend[@type=passthrough]", Kept, "the host's own TPM"),
        OfHost("devices/tpm/backend[@type!=emulator]", Kept, "a TPM of another program"),
        Keep("devices/tpm/backend/@{type,version,debug}", Seen),
        Out("devices/tpm/backend/@persistent_state", Kept, "a job's clone keeps nothing"),
        new("devices/tpm/backend/encryption/**", LeftOut, Kept, Fresh) { IsNote = true },
        new("devices/tpm/backend[@type=emulator]/source/**", LeftOut, LeftOut, Fresh) { IsNote = true },
        OfHost("devices/tpm/backend/source/**", Kept, "a TPM of another program"),
        OfHost("devices/tpm/backend/device/**", Kept, "the host's own TPM"),
        Keep("devices/tpm/backend/{profile,active_pcr_banks}/**", Seen),
        Keep("devices/tpm/backend", Seen),
        Keep("devices/tpm/@model", Seen),
        Keep("devices/tpm", Seen),

        Own("devices/pstore/path", MadeOwn, "each clone has its own store"),
        Keep("devices/pstore/@backend", Seen),
        Keep("devices/pstore/size/**", Seen),
        Keep("devices/pstore", Seen),

        NotClonable("devices/memory[@model=nvdimm|virtio-pmem][!target/readonly]", Refused, "memory in a file that source and clone would both write to; make it readonly"),
        OfHost("devices/memory[@model!=dimm|virtio-mem]", Kept, "persistent or protected memory of the host"),
        Keep("devices/memory/@{model,discard}", Seen),
        Out("devices/memory/@access", Kept, "the clone's memory is private"),
        Keep("devices/memory/target/@dynamicMemslots", Seen),
        Keep("devices/memory/target/{size,node,block,requested,label,readonly,address}/**", Seen),
        Out("devices/memory/target/current/**", LeftOut, "it belongs to the running source"),
        Keep("devices/memory/target", Seen),
        Out("devices/memory/source/**", Kept, "where the source's memory lies on the host"),
        Keep("devices/memory/uuid", Seen),
        Keep("devices/memory", Seen),
    ];

    private static PartRule[] HostDevices =>
    [
        OfHost("devices/hostdev/**", Kept, "a device of the host"),
        OfHost("devices/filesystem/**", Kept, "a directory or device of the host"),
        OfHost("devices/shmem/**", Kept, "memory that is shared with the host and other machines"),
        OfHost("devices/lease/**", Kept, "a lease that one machine can hold at a time"),
    ];

    /// <summary>The rows that apply to any device.</summary>
    private static PartRule[] AnyDevice =>
    [
        Keep("devices/*/address/**", "the device's place in the machine"),
        Keep("devices/*/acpi/@{index,nodeset}", Seen),
        Keep("devices/*/acpi", Seen),
        Keep("devices/*/boot/@{order,loadparm}", Seen),
        Keep("devices/*/boot", Seen),
        Out("devices/*/rom/@file", Kept, "a file of the host; the card has its usual ROM"),
        Keep("devices/*/rom/@{enabled,bar}", Seen),
        Keep("devices/*/rom", Seen),
        Keep("devices/*/driver/@{iommu,ats,packed,page_per_vq}", Seen),
        Out("devices/*/alias/**", LeftOut, "a name for the source's device; libvirt gives each device one"),
        Keep("devices", Seen),
    ];
}

using static VmExecutor.Core.Clones.Parts.Treatment;

namespace VmExecutor.Core.Clones.Parts;

/// <content>What the machine is called, its processors, memory and clock, and what happens when it stops.</content>
public static partial class DomainParts
{
    private const string Seen = "hardware that the guest sees";

    private static PartRule[] Machine =>
    [
        Own("@type", Kept, "the accelerator that works on this host: KVM or emulation"),
        Out("@id", LeftOut, "the number of the running source"),
        Own("name", MadeOwn, "each machine has its own name"),
        Own("uuid", MadeOwn, "each machine has its own UUID"),
        Own("genid/**", MadeOwn, "a new one tells the guest that it is a copy"),
        Out("title", LeftOut, "it names the source"),
        Out("description", Kept, "it describes the source"),
        Own("metadata/**", Kept, "a job's clone carries its ownership stamp, and nothing that other tools know the source by"),
        NotClonable("bootloader", Refused, "Xen and bhyve only"),
        NotClonable("bootloader_args", Refused, "Xen and bhyve only"),

        Keep("memory/@{unit,dumpCore}", Seen),
        Keep("memory", Seen),
        Keep("currentMemory/@unit", Seen),
        Keep("currentMemory", Seen),
        Keep("maxMemory/@{unit,slots}", Seen),
        Keep("maxMemory", Seen),
        Keep("vcpu/@current", Seen),
        OutAndTold("vcpu/@cpuset", Kept, "it pins the source to processors of the host"),
        Out("vcpu/@placement", Kept, "it is about processors of the host"),
        Keep("vcpu", Seen),
        Keep("vcpus/**", Seen),
        Out("cpu/numa/cell/@{memAccess,discard}", Kept, "the clone's memory is private to its QEMU"),
        Keep("cpu/**", Seen),
        Keep("features/**", Seen),
        Keep("clock/**", Seen),
        Keep("pm/**", Seen),
        Keep("keywrap/**", Seen),
        Keep("iothreads", "threads of the clone's own QEMU"),
        Keep("iothreadids/**", "threads of the clone's own QEMU"),
        Keep("defaultiothread/**", "threads of the clone's own QEMU"),
        Keep("throttlegroups/**", "limits within the clone's own QEMU"),

        Own("on_poweroff", Kept, "a job's clone that stopped is over"),
        Own("on_crash", Kept, "a job's clone that crashed is over, and leaves no dump on the host"),
        new("on_reboot[.=restart|destroy]", Kept, Kept, Seen),
        Own("on_reboot", Kept, "a guest that reboots restarts; kept as it stopped it would hang the job"),
        Out("on_lockfailure", Kept, "the clone's disks are its own"),

        Out("sysinfo/system/entry[@name=uuid]", LeftOut, "it must be the clone's own UUID"),
        Keep("sysinfo/@type", Seen),
        Keep("sysinfo/{bios,system,baseBoard,chassis}/entry/@name", Seen),
        Keep("sysinfo/{bios,system,baseBoard,chassis}/entry", Seen),
        Keep("sysinfo/{bios,system,baseBoard,chassis}", Seen),
        Keep("sysinfo/oemStrings/**", Seen),
        Keep("sysinfo/entry/@name", Seen),
        new("sysinfo/entry/@file", Kept, Kept, "QEMU reads this file of the host when the clone starts, and never writes it"),
        Keep("sysinfo/entry", Seen),
        Keep("sysinfo", Seen),

        NotClonable("launchSecurity/{dhCert,session}", Refused, "it starts one machine, once"),
        NotClonable("launchSecurity[@type!=sev|sev-snp|s390-pv]", Kept, "only the types sev, sev-snp and s390-pv are known"),
        Keep("launchSecurity/@{type,kernelHashes,authorKey,vcek}", Seen),
        Keep("launchSecurity/{cbitpos,reducedPhysBits,policy,guestVisibleWorkarounds,idBlock,idAuth,hostData}", Seen),
        Out("launchSecurity/handle", LeftOut, "it belongs to the running source"),
        OfHost("launchSecurity/quoteGenerationService/**", Kept, "a service of the host"),
        Keep("launchSecurity/{mrConfigId,mrOwner,mrOwnerConfig}", Seen),
        Keep("launchSecurity", Seen),

        Arguments("qemu:commandline/**", "a disk, port or file that is named there would be opened, and written to, by every clone"),
        Arguments("qemu:capabilities/**", "it changes how libvirt drives QEMU"),
        Arguments("qemu:override/**", "it sets any property of any device"),
        Out("qemu:deprecation/**", Kept, "it is for those who look for deprecated options"),
        NotClonable("{xen:commandline,bhyve:commandline}/**", Refused, "settings of another hypervisor"),
        NotClonable("lxc:namespace/**", Refused, "settings of another hypervisor"),
        NotClonable("vmware:datacenterpath/**", Refused, "settings of another hypervisor"),
    ];

    /// <summary>Refused for jobs: libvirt does not know the effect of an argument that it passes to QEMU.</summary>
    private static PartRule Arguments(string path, string why) =>
        new(path, Refused, Kept, why) { Refusal = RefusalKind.QemuArguments, CanBeAllowed = true, IsNote = true };
}

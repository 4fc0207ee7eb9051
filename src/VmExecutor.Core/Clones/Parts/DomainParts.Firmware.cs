using static VmExecutor.Core.Clones.Parts.Treatment;

namespace VmExecutor.Core.Clones.Parts;

/// <content>How the machine boots.</content>
public static partial class DomainParts
{
    private const string ReadOnlyFile = "a file that is only read";

    private const string NamedFirmware = "os[loader!=][loader/@type=pflash|rom]";
    private const string Named = "the file that libvirt picked for the source is named beside it, and an older libvirt takes one of the two only";

    private static PartRule[] Firmware =>
    [
        Keep("os/type/@{arch,machine}", Seen),
        NotClonable("os/type[.!=hvm]", Refused, "only fully virtualized machines (hvm) can be cloned"),
        Keep("os/type", Seen),
        Out($"{NamedFirmware}/@firmware", Kept, Named),
        Out($"{NamedFirmware}/firmware/**", Kept, Named),
        Keep("os/@firmware", "libvirt picks the firmware anew for each clone"),
        Keep("os/firmware/**", "libvirt picks the firmware anew for each clone"),
        Own("os/loader/@readonly", Kept, "no clone writes to the firmware itself"),
        Keep("os/loader/@{secure,type,stateless,format}", Seen),
        Keep("os/loader", ReadOnlyFile),
        NotClonable("os/nvram[@type!=|file]", Refused, "its UEFI variables do not lie in a file, and only a file can be copied"),
        Own("os/nvram/**", MadeOwn, "each clone has its own copy of the UEFI variables"),
        NotClonable("os/varstore/**", Refused, "UEFI variables in a file of this kind cannot be copied yet"),
        Out("os/{kernel,initrd,dtb,shim,cmdline}[.=]", LeftOut, "it names nothing"),
        Keep("os/{kernel,initrd,dtb,shim}", ReadOnlyFile),
        Keep("os/cmdline", Seen),
        Keep("os/boot/@dev", Seen),
        Keep("os/boot", Seen),
        Out("os/bootmenu/**", Kept, "a job's start must not wait for a choice from a menu"),
        OutAndTold("os/smbios[@mode=host]", Kept, "jobs would read the host's serial numbers"),
        Keep("os/smbios/@mode", Seen),
        Keep("os/smbios", Seen),
        Keep("os/bios/@{useserial,rebootTimeout}", Seen),
        Keep("os/bios", Seen),
        Keep("os/acpi/table/@type", ReadOnlyFile),
        Keep("os/acpi/table", ReadOnlyFile),
        Keep("os/acpi", Seen),
        NotClonable("os/{root,init,initarg,initenv,initdir,inituser,initgroup}/**", Refused, "containers and Xen only"),
        Keep("os", Seen),
    ];
}

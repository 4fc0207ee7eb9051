using static VmExecutor.Core.Clones.Parts.Treatment;

namespace VmExecutor.Core.Clones.Parts;

/// <content>Disks: those that the guest writes to become overlays, the others are only read.</content>
public static partial class DomainParts
{
    private const string Drive = "devices/disk[@device=cdrom|floppy]";
    private const string Overlay = "the clone writes to an overlay of its own";

    private static PartRule[] Disks =>
    [
        NotClonable("devices/disk[@device=lun][!readonly][!shareable]", Refused, "a SCSI device that is passed through; use device='disk'"),
        NotClonable("devices/disk[@device=lun]", Kept, "a SCSI device that is passed through; use device='disk'"),
        NotClonable("devices/disk[@device!=|disk|cdrom|floppy]", Refused, "this kind of disk is not known"),
        NotClonable("devices/disk[@type=nvme]", Refused, "an NVMe device of the host"),
        NotClonable("devices/disk[@type=vhostuser]", Refused, "the disk of another program (vhost-user)"),
        NotClonable("devices/disk[written][@type!=|file|block]", Refused, "only files and block devices can be cloned; copy it into a qcow2 file (qemu-img convert)"),
        NotClonable("devices/disk[written][@type=|file][source/@file=]", Refused, "it names no file"),
        NotClonable("devices/disk[written][@type=block][source/@dev=]", Refused, "it names no block device"),
        NotClonable("devices/disk[written][target/@dev=]", Refused, "it has no target name, as in <target dev='vda'/>"),
        NotClonable("devices/disk[written][source/slices]", Refused, "it is a part of a file (slices); copy it into a file of its own (qemu-img convert)"),
        NotClonable("devices/disk[written][**/encryption]", Refused, "it is encrypted; use an unencrypted base disk, or readonly for encrypted data"),
        NotClonable("devices/disk[@type=dir][@device=|disk]", Kept, "a directory of the host; copy it into a file"),
        NotClonable("devices/disk[@type!=|file|block|network|volume|dir]", Kept, "this type of disk is not known"),
        OfHost("devices/disk/source/host[@transport=unix|rdma]", Kept, "a socket or device of the host"),

        Own("devices/disk[written]/source/**", MadeOwn, Overlay),
        Own("devices/disk[written]/backingStore/**", MadeOwn, Overlay),
        Own("devices/disk[written]/@type", MadeOwn, Overlay),
        Own("devices/disk[written]/driver/@type", MadeOwn, Overlay),
        Own("devices/disk[written]/driver/@{cache,discard}", Kept, "as 'disks:' of the image says"),
        Out("devices/disk[written]/driver/@io", Kept, "it goes with the source's cache mode only"),
        Out("devices/disk[written]/driver/@{error_policy,rerror_policy}", Kept, "a machine that is stopped when the disk fails would hang the job"),
        Out("devices/disk[written]/driver/@copy_on_read", Kept, "it would copy the base into each overlay"),
        Out("devices/disk[written]/auth/**", LeftOut, Overlay),

        Out($"{Drive}[@type=|file][source/@file=]/source/**", LeftOut, "the drive is empty"),
        OutAndTold($"{Drive}[@type!=|file|volume]/source/**", Kept, "ejected: a drive, directory or server of the host would be needed by each clone"),
        Own($"{Drive}/source/@startupPolicy", Kept, "the drive is empty where the file is gone"),
        Own($"{Drive}/@type", Kept, "an empty drive is of type file"),

        Keep("devices/disk/source/@{file,dev,dir,pool,volume,mode,protocol,name,query,tls,tlsHostname,startupPolicy,type,managed,namespace,path}", "it is only read"),
        Out("devices/disk/source/@fdgroup", LeftOut, "descriptors that were handed to libvirt for the source"),
        Out("devices/disk/source/@index", LeftOut, "libvirt numbers anew"),
        Own("devices/disk/source/seclabel/**", Kept, "the owner of a file that is shared stays as it is"),
        Out("devices/disk/source/reservations/**", Kept, "reservations on a disk are for machines that write to it"),
        Keep("devices/disk/source/{slices,host,snapshot,config,auth,initiator,cookies,readahead,timeout,ssl,identity,knownHosts,encryption,address,dataStore}/**", "it is only read"),
        Out("devices/disk/source/{privateData,reconnect}/**", LeftOut, "it belongs to the running source"),
        Keep("devices/disk/source", "it is only read"),
        Keep("devices/disk/{auth,encryption}/**", "it is only read"),
        Out("devices/disk/{backingStore,mirror,privateData}/**", LeftOut, "libvirt finds out anew what a disk stands on"),
        Out("devices/disk/backenddomain/**", LeftOut, "Xen only"),

        Keep("devices/disk/@{device,model,type}", Seen),
        Out("devices/disk/@tray", LeftOut, "libvirt reads it at the target only"),
        Out("devices/disk/@snapshot", Kept, "it is about snapshots of the source"),
        OutAndTold("devices/disk/@{rawio,sgio}", Kept, "raw access to a device of the host"),
        Keep("devices/disk/driver/@{name,type,cache,discard,io,error_policy,rerror_policy,ioeventfd,event_idx,copy_on_read,iothread,detect_zeroes,discard_no_unref,queues,queue_size}", Seen),
        Keep("devices/disk/driver/{metadata_cache,iothreads,statistics}/**", "it is about the clone's own QEMU"),
        Keep("devices/disk/driver", Seen),
        Keep("devices/disk/target/@{dev,bus,tray,removable,rotation_rate,dpofua}", Seen),
        Keep("devices/disk/target", Seen),
        Keep("devices/disk[readonly]/shareable", "it is only read"),
        new("devices/disk/shareable", LeftOut, Kept, $"{Overlay}, and never to the disk that others share") { IsNote = true },
        Keep("devices/disk/readonly", Seen),
        Out("devices/disk/transient/**", Kept, $"{Overlay}, which goes with it"),
        Keep("devices/disk/{serial,wwn,vendor,product,geometry,blockio}/**", Seen),
        Keep("devices/disk/{iotune,throttlefilters}/**", "limits within the clone's own QEMU"),
        Keep("devices/disk", Seen),

        Keep("devices/controller/@{index,type,model,ports,vectors,maxGrantFrames,maxEventChannels}", Seen),
        Keep("devices/controller/master/@startport", Seen),
        Keep("devices/controller/model/@name", Seen),
        Keep("devices/controller/target/@{chassisNr,chassis,port,busNr,index,hotplug,memReserve}", Seen),
        Keep("devices/controller/target/node", Seen),
        Keep("devices/controller/pcihole64/@unit", Seen),
        Keep("devices/controller/driver/@{queues,cmd_per_lun,max_sectors,ioeventfd,iothread}", Seen),
        Keep("devices/controller/driver/iothreads/**", "threads of the clone's own QEMU"),
        Keep("devices/controller/{master,model,target,pcihole64,driver,serial}", Seen),
        Keep("devices/controller", Seen),
    ];
}

using static VmExecutor.Core.Clones.Parts.Treatment;

namespace VmExecutor.Core.Clones.Parts;

/// <content>Serial ports, consoles and channels: the guest's side stays, sockets, ports and files of the source are not opened again.</content>
public static partial class DomainParts
{
    private const string AnyPort = "devices/{serial,parallel,console,channel}";
    private const string NoEnd = "nothing of the host is at the other end, but for the console log of the first serial port";
    private const string OwnEnd = "the source has the file or socket open; the clone gets one of its own";

    private static PartRule[] Consoles =>
    [
        Out("devices/console[target/@type=|serial]/**", LeftOut, "it is the first serial port once more, and libvirt adds it"),

        Out("devices/channel[target/@type=guestfwd|xen]/**", Kept, "a service of the host at an address of the source's network"),
        Out("devices/channel[@type=spicevmc|spiceport|dbus|qemu-vdagent]/**", Kept, "it belongs to the display"),

        Own($"{AnyPort}/@type", Kept, NoEnd),
        Out($"{AnyPort}/@tty", LeftOut, "it belongs to the running source"),
        Out($"{AnyPort}[@type=pty]/source/@path", LeftOut, "it belongs to the running source"),
        Own("devices/channel[@type=unix][source/@mode=|bind]/source/**", MadeOwn, OwnEnd),
        Own($"{AnyPort}[@type=file]/source/@path", MadeOwn, OwnEnd),
        Own($"{AnyPort}[@type=unix][source/@mode=|bind]/source/@path", MadeOwn, OwnEnd),
        Own($"{AnyPort}/log/@file", MadeOwn, OwnEnd),
        Own($"{AnyPort}/source/@{{mode,path,host,service,channel,master,slave,append,tls}}", Kept, NoEnd),
        Own($"{AnyPort}/source/{{reconnect,seclabel,clipboard,mouse}}/**", Kept, NoEnd),
        Own($"{AnyPort}/source", Kept, NoEnd),
        Own($"{AnyPort}/protocol/**", Kept, NoEnd),
        Own($"{AnyPort}/log/@append", Kept, NoEnd),
        Own($"{AnyPort}/log", Kept, NoEnd),
        Keep($"{AnyPort}/target/@{{type,name,port}}", Seen),
        Out($"{AnyPort}/target/@address", Kept, "an address of the source's network"),
        Out($"{AnyPort}/target/@state", LeftOut, "it belongs to the running source"),
        Keep($"{AnyPort}/target/model/@name", Seen),
        Keep($"{AnyPort}/target/model", Seen),
        Keep($"{AnyPort}/target", Seen),
        Keep(AnyPort, Seen),

        Own("devices/vsock/cid/**", MadeOwn, "libvirt picks a number that is free"),
        Keep("devices/vsock/@model", Seen),
        Keep("devices/vsock/driver", Seen),
        Keep("devices/vsock", Seen),
    ];
}

using static VmExecutor.Core.Clones.Parts.Treatment;

namespace VmExecutor.Core.Clones.Parts;

/// <content>Screens and sound: the guest keeps its cards, and nothing of the host shows or plays what they make.</content>
public static partial class DomainParts
{
    private const string NoDisplay = "a job needs no screen";
    private const string OwnPort = "the clone gets a port or socket of its own where the source's is fixed";
    private const string NoSound = "a job needs no sound";

    private static PartRule[] Displays =>
    [
        Out("devices/graphics[@type=spice|vnc|rdp]/@{port,tlsPort,websocket,autoport,socket}", MadeOwn, OwnPort),
        Out("devices/graphics/listen/@socket", MadeOwn, OwnPort),
        Out("devices/graphics/@{type,display,xauth,fullscreen,port,autoport,tlsPort,websocket,listen,sharePolicy,powerControl,socket,passwd,passwdValidTo}", Kept, NoDisplay),
        Out("devices/graphics/@{keymap,connected,defaultMode,address,p2p,replaceUser,multiUser,username}", Kept, NoDisplay),
        Out("devices/graphics/{gl,audio,channel,image,jpeg,zlib,playback,streaming,clipboard,mouse,filetransfer}/**", Kept, NoDisplay),
        Out("devices/graphics/listen/@{type,address,network}", Kept, NoDisplay),
        Out("devices/graphics/listen", Kept, NoDisplay),
        Out("devices/graphics", Kept, NoDisplay),

        Out("devices/video/model/acceleration/**", Kept, "it needs a display and the host's graphics card"),
        Out("devices/video/model/@blob", Kept, "it needs memory that is shared with the host"),
        Keep("devices/video/model/@{type,ram,vgamem,vram64,vram,heads,primary,edid}", Seen),
        Keep("devices/video/model/resolution/**", Seen),
        Keep("devices/video/model", Seen),
        Keep("devices/video/driver/@vgaconf", Seen),
        Out("devices/video/driver/@name", Kept, "the card is emulated by the clone's own QEMU"),
        Keep("devices/video/driver", Seen),
        Keep("devices/video", Seen),

        Own("devices/sound/audio/**", Kept, NoSound),
        Keep("devices/sound/@{model,multichannel,streams}", Seen),
        Keep("devices/sound/codec/**", Seen),
        Keep("devices/sound", Seen),
        Own("devices/audio/@{id,type,timerPeriod,tryMMap,exclusive,dspPolicy,serverName,driver,path,runtimeDir}", Kept, NoSound),
        Own("devices/audio/{input,output}/**", Kept, NoSound),
        Own("devices/audio", Kept, NoSound),

        Out("devices/redirdev/@{bus,type}", Kept, NoDisplay),
        Out("devices/redirdev/{source,protocol,log}/**", Kept, NoDisplay),
        Out("devices/redirdev", Kept, NoDisplay),
        Out("devices/redirfilter/**", Kept, NoDisplay),
        OfHost("devices/smartcard[@mode=host|host-certificates]", Kept, "smart cards of the host"),
        Out("devices/smartcard/@{mode,type}", Kept, NoDisplay),
        Out("devices/smartcard/{certificate,database,source,protocol,log,target}/**", Kept, NoDisplay),
        Out("devices/smartcard", Kept, NoDisplay),
    ];
}

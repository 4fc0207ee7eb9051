using static VmExecutor.Core.Clones.Parts.Treatment;

namespace VmExecutor.Core.Clones.Parts;

/// <content>Network cards: the guest's side stays, the host's is what 'network:' of the image says.</content>
public static partial class DomainParts
{
    private const string Card = "devices/interface";
    private const string AsImageSays = "'network:' of the image says what a job's clone is connected to";
    private const string WhereThereIsATap = "kept on a libvirt network; QEMU's user-mode network does not have it";

    private static PartRule[] Networks =>
    [
        OfHost($"{Card}[@type=hostdev|vdpa|vhostuser]", Kept, "a network card of the host, or of another program") with { CanBeAllowed = false },
        OfHost($"{Card}[@type=direct][source/@mode=passthrough]", Kept, "a network card of the host in macvtap passthrough mode") with { CanBeAllowed = false },
        Own($"{Card}/@type", Kept, AsImageSays),
        Out($"{Card}/@managed", Kept, AsImageSays),
        OutAndTold($"{Card}/@trustGuestRxFilters", Kept, "the guest must not choose what it may receive"),
        Own($"{Card}/mac/**", MadeOwn, "each card has its own address on a network of the host; in user mode it keeps the source's, since the network is the clone's own"),
        Out($"{Card}/source/@portid", LeftOut, "it belongs to the running source"),
        Own($"{Card}/source/**", Kept, AsImageSays),
        Out($"{Card}/target/**", LeftOut, "libvirt names the host's end anew"),
        Out($"{Card}/virtualport/parameters[@interfaceid][!@profileid]/**", LeftOut, "each port of a switch has its own"),
        Out($"{Card}/virtualport/parameters/@interfaceid", LeftOut, "each port of a switch has its own"),
        Out($"{Card}/{{virtualport,vlan,port,filterref,backend,ip,route,script,downscript,backenddomain,guest,teaming}}/**", Kept, AsImageSays),
        OutAndTold($"{Card}/portForward/**", Kept, "a port of the host can be opened once only"),
        Out($"{Card}/link/**", Kept, "a job's clone is connected"),
        Own($"{Card}/{{mtu,coalesce,tune}}/**", Kept, WhereThereIsATap),
        Out($"{Card}/bandwidth/@classID", LeftOut, "it belongs to the running source"),
        Out($"{Card}/bandwidth/inbound/@floor", Kept, "a share of the network that was set apart for the source"),
        Own($"{Card}/bandwidth/**", Kept, WhereThereIsATap),
        Own($"{Card}/driver/@{{name,queues,rss,rss_hash_report}}", Kept, WhereThereIsATap),
        Keep($"{Card}/driver/@{{rx_queue_size,tx_queue_size,txmode,ioeventfd,event_idx}}", Seen),
        Keep($"{Card}/driver/{{host,guest}}/@{{csum,gso,tso4,tso6,ecn,ufo,mrg_rxbuf}}", Seen),
        Keep($"{Card}/driver/{{host,guest}}", Seen),
        Keep($"{Card}/driver", Seen),
        Keep($"{Card}/model/@type", Seen),
        Keep($"{Card}/model", Seen),
        Keep(Card, Seen),
    ];
}

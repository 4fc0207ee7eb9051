using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Images;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Fuzz.Tests.Engine;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Templates;

namespace VmExecutor.Fuzz.Tests.Readers;

/// <summary>The readers of libvirt's XML: a source's definition, a frozen one, stamps in metadata, capabilities.</summary>
internal static class DefinitionReaders
{
    private static readonly string[] Words =
    [
        "type='file'", "<source file='/x'/>", "<target dev='vda'/>", "<readonly/>", "<shareable/>", "<hostdev/>", "<qemu:commandline/>", "<metadata/>", "<backingStore/>", "<devices/>", "<os/>", "<vcpu/>",
        "<memory/>", "<!DOCTYPE d [<!ENTITY a 'x'>]>", "<![CDATA[", "]]>", "&#0;", "&lt;", "xmlns:a='b'", "xmlns=''", "<domain>", "</domain>", "<a>", "</a>",
    ];

    private static readonly ErrorCode[] Refusals =
    [
        ErrorCodes.DefinitionUnreadable, ErrorCodes.SourceHasPassthrough, ErrorCodes.SourceUnsupported, ErrorCodes.SourcePartsRefused, ErrorCodes.SourcePartUnknown, ErrorCodes.SourceHasQemuArguments,
        ErrorCodes.SourceVolumeUnusable, ErrorCodes.ArchitectureUnsupported, ErrorCodes.GenerationDamaged, ErrorCodes.ImageFileUnusable,
    ];

    private static readonly string Stamp = StampXml.Write(TestPlan.Stamp(TestPlan.For(TestPlan.Image()))).ToString();

    private static readonly string Link = "<link source='base' created='2026-11-27T00:00:00.0000000+00:00'><base path='/base.qcow2'/></link>";

    private const string Capabilities =
        """
        <capabilities><host><cpu><arch>x86_64</arch><model>EPYC</model></cpu><secmodel><model>apparmor</model></secmodel><secmodel><model>dac</model><baselabel type='kvm'>+64055:+108</baselabel></secmodel></host>
        <guest><arch name='x86_64'><emulator>/usr/bin/qemu-system-x86_64</emulator><domain type='qemu'/><domain type='kvm'/></arch></guest></capabilities>
        """;

    public static IReadOnlyList<Reader> All { get; } =
    [
        Definition("source-definition", "the administrator of the source domain", ReadSource, "Core/Values/XmlText.cs", "Host/Clones/CloneSource.cs", "Host/Hypervisor/SourceDefinitions.cs", "VmExecutor/Health/SourceDomains.cs", "VmExecutor/Health/ImageLook.cs"),
        Definition("linked-source", "the owner of the source domain", ReadLinked, "Host/Linking/LinkSource.cs", "Host/Linking/LinkMaker.cs"),
        Definition("frozen-definition", "a damaged disk", ReadFrozen, "VmExecutor/Explaining/Explainer.cs", "Host/Templates/TemplateCatalogue.cs", "VmExecutor/Warming/FrozenGuest.cs", "VmExecutor/Starting/WarmStart.cs", "Host/Images/Registries/ArtifactReader.cs", "Host/Images/Registries/GenerationPacker.cs"),
        Reader.OfText("printed-definition", "the administrator of the source domain", Grammar.Xml, Corpus.Seeds("definitions"), text => _ = PrintedDefinition.Of(XmlText.Parse(text)).ToString(), "Core/Clones/PrintedDefinition.cs") with
        {
            Refuses = [ErrorCodes.DefinitionUnreadable],
            Words = [.. Words, "password=x", "token ", "://a:b@", "io.systemd.credential", "secret,", "data="],
        },
        Reader.OfText("stamp", "whoever may define domains on the host", Grammar.Xml, [Stamp, Stamp.Replace("xmlns:vmx=", "xmlns:x=", StringComparison.Ordinal)], ReadStamp,
            "Core/Clones/StampXml.cs", "Host/Leftovers/LeftoverCollector.cs", "Host/Clones/CloneRemover.cs", "Host/Clones/TransientStart.cs", "VmExecutor/Jobs/JobStop.cs") with
        {
            Words = ["since-boot", "expires", "generation", "runner-pid", "-1", "10675199.02:48:05.4775807"],
        },
        Reader.OfText("link-stamp", "whoever may define domains on the host", Grammar.Xml, [Link], text => _ = LinkStamp.StandsOn(text, [new AbsolutePath("/base.qcow2")]), "Core/Linking/LinkStamp.cs"),
        Reader.OfText(
            "capabilities", "libvirt", Grammar.Xml, [Capabilities], ReadCapabilities,
            "Host/Health/HostCapabilities.cs", "Host/Hypervisor/QemuUser.cs", "Host/Templates/HostCpu.cs", "Core/Health/TpmRules.cs", "Host/Libvirt/LibvirtSession.Networks.cs", "Host/Libvirt/LibvirtSession.Storage.cs") with
        {
            Refuses = [ErrorCodes.DefinitionUnreadable],
            Words = Words,
        },
    ];

    private static Reader Definition(string name, string writer, Action<XElement> read, params string[] files) =>
        Reader.OfText(name, writer, Grammar.Xml, Corpus.Seeds("definitions"), text => read(DomainText.Parse(text)), [.. files, "Core/Clones/DomainText.cs"]) with { Refuses = Refusals, Words = Words };

    private static void ReadSource(XElement source)
    {
        var (resolved, purpose) = (SourceVolumes.ResolveByPlaceholder(source), ClonePurpose.Job);
        _ = (DomainReview.Of(source, purpose, new HashSet<string>()).Count, MachineSize.Of(source, default).ToString(), StampXml.KeyIn(source), SourceVolumes.NamedBy(source).Count);
        var plan = TestPlan.For(TestPlan.Image());
        var chains = SourceDisk.WritableOf(resolved).ToDictionary(disk => disk.Target, _ => TestPlan.Chain("/base.qcow2"));
        var clone = LinkedClone.Derive(resolved, plan, TestPlan.Stamp(plan), chains, Accelerator.Tcg);
        _ = (clone.ToString(), MachineDefinition.Hash(clone));
    }

    private static void ReadLinked(XElement source)
    {
        _ = VmName.TryParse("web", out var name);
        var chains = SourceDisk.WritableOf(source, ClonePurpose.Person).ToDictionary(disk => disk.Target, _ => TestPlan.Chain("/base.qcow2"));
        var plan = LinkPlan.For(source, name!, Guid.Empty, chains, file => file.Parent(), _ => true, TestPlan.Now);
        _ = (LinkRemarks.Of(source, plan).Count, LinkDisplays.KeepLocal(source), LinkedDomain.Derive(source, plan).ToString());
    }

    private static void ReadFrozen(XElement frozen)
    {
        var files = FrozenDomain.FilesOf(frozen);
        var record = new GenerationRecord
        {
            Image = "base",
            Number = 1,
            Published = TestPlan.Now,
            Driver = "t",
            SourceKind = "file",
            Source = "x",
            SourceFingerprint = "f",
            Files = [.. files.Select(file => new GenerationFile(file.Role, file.Role, file.Format, 1, 1, null, 1, 1))],
        };
        var thawed = FrozenDomain.Thaw(FrozenDomain.Freeze(frozen, record.Files), new Generation(new AbsolutePath("/g/1"), record));
        var plan = TestPlan.For(TestPlan.Image());
        var machine = TemplateDomain.Freeze(thawed, new AbsolutePath("/seed.iso"));
        var chains = SourceDisk.WritableOf(thawed).ToDictionary(disk => disk.Target, _ => TestPlan.Chain("/t/vda.qcow2", "/g/1/vda"));
        _ = TemplateDomain.Thaw(machine, RecordReaders.Template, plan, TestPlan.Stamp(plan), chains).ToString();
        if (TemplateDomain.CardOf(thawed) is { } card)
        {
            _ = TemplateDomain.PlugIn(card, plan).ToString();
        }
    }

    private static void ReadStamp(string text)
    {
        if (StampXml.TryParse(text) is { } stamp)
        {
            RecordReaders.Use(stamp, kept: false);
        }
    }

    private static void ReadCapabilities(string text) => _ = (HostCapabilities.Parse(text), QemuUser.Of(text), HostCpu.Describe(text), TpmRules.HasEmulatedTpm(text));
}

using System.Diagnostics;
using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Tests.Clones.Parts;
using VmExecutor.Core.Values;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Host.Tests.Libvirt;
using Xunit;

namespace VmExecutor.Host.Tests.Clones;

/// <summary>What is derived from definitions of the kinds that users have, given to the real libvirt and to QEMU.</summary>
public sealed class DerivedDefinitionTests : IDisposable
{
    private const string NetworkName = "default";

    private readonly AbsolutePath _directory = new(DiskDirectory.Create("vmx-derived-"));
    private readonly BackingChain _base;

    public DerivedDefinitionTests()
    {
        // QEMU's user must be able to enter.
        File.SetUnixFileMode(_directory.Value, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        _base = new BackingChain([new BackingFile(_directory.Child("base.qcow2"), "qcow2", IsBlockDevice: false)], ByteSize.FromMebibytes(1));
    }

    public static TheoryData<string, NetworkMode> Startable() =>
        [.. from name in SourceFile.Names
            where !new SourceFile(name).Findings(ClonePurpose.Job).Any(finding => finding.Treatment == Treatment.Refused)
            from mode in Enum.GetValues<NetworkMode>()
            select (name, mode)];

    public static TheoryData<string> ForPeople() =>
        [.. SourceFile.Names.Where(name => !new SourceFile(name).Findings(ClonePurpose.Person).Any(finding => finding.Treatment == Treatment.Refused))];

    /// <summary>Paused: QEMU has opened and made all that the machine has, and the guest has not run.</summary>
    [Theory]
    [MemberData(nameof(Startable))]
    public void QEMU_starts_each_clone_for_a_job(string name, NetworkMode network)
    {
        Prerequisite.Libvirt();
        var source = new SourceFile(name);
        var image = TestPlan.Image() with { Network = new NetworkSettings { Mode = network, Name = NetworkName } };
        var key = new Core.Jobs.JobKey("https://gitlab.example.com", "derived", Environment.ProcessId * 100L + Math.Abs(HashCode.Combine(name, network) % 100));
        var plan = TestPlan.For(image) with { Paths = JobPaths.For(_directory, key), Sizes = new CloneSizes { Cpus = 1, Memory = ByteSize.FromMebibytes(64) } };
        plan = plan with { Job = plan.Job with { Key = key } };
        Directory.CreateDirectory(plan.Paths.Directory.Value);
        MakeDisks(source.Xml, plan.Paths);
        var clone = source.ForJob(plan, _base);

        if (network == NetworkMode.Libvirt)
        {
            // No network is needed to see that the definition is accepted.
            Defines(clone, plan.Domain.Value);
            return;
        }

        var file = Write(clone);
        try
        {
            Run("virsh", "-q", "-c", "qemu:///system", "create", file, "--paused", "--validate");
            Virsh.Run("domstate", plan.Domain.Value).Output.Should().Be("paused");
        }
        finally
        {
            Virsh.Run("destroy", plan.Domain.Value);
        }
    }

    [Theory]
    [MemberData(nameof(ForPeople))]
    public void Libvirt_defines_each_clone_for_a_person(string name)
    {
        Prerequisite.Libvirt();
        var clone = $"vmx-derived-{Environment.ProcessId}-{name}";
        var definition = new SourceFile(name).ForPerson(clone, _base, _directory);

        // Without KVM libvirt refuses the type; what is looked at is the rest.
        definition.SetAttributeValue("type", "qemu");
        definition.Elements("cpu").Remove();
        Defines(definition, clone);
    }

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    /// <summary>Without what this libvirt may not know yet, and without what is not installed on this machine.</summary>
    private static XElement Known(XElement clone)
    {
        var known = new XElement(clone);
        known.Descendants().Where(element => element.Name.LocalName is "pstore" or "profile").Remove();
        known.Descendants("nvram").Attributes().Where(attribute => attribute.Name.LocalName is "templateFormat" or "format").Remove();
        if (!File.Exists("/usr/bin/swtpm"))
        {
            known.Descendants("tpm").Remove();
        }

        if (!File.Exists("/dev/vhost-vsock"))
        {
            known.Descendants("vsock").Remove();
        }

        if (!File.Exists("/usr/share/OVMF/OVMF_CODE_4M.fd"))
        {
            known.Elements("os").Attributes("firmware").Remove();
            known.Elements("os").Elements().Where(element => element.Name.LocalName is "firmware" or "loader" or "nvram").Remove();
        }

        return known;
    }

    private void Defines(XElement definition, string name)
    {
        try
        {
            Run("virsh", "-q", "-c", "qemu:///system", "define", Write(definition), "--validate");
        }
        finally
        {
            Virsh.Run("undefine", name, "--nvram");
        }
    }

    private string Write(XElement definition)
    {
        var file = _directory.Child("domain.xml").Value;
        File.WriteAllText(file, Known(definition).ToString());
        return file;
    }

    private void MakeDisks(XElement source, JobPaths paths)
    {
        Run("qemu-img", "create", "-q", "-f", "qcow2", _base.Top.Path.Value, "1M");
        foreach (var disk in SourceDisk.WritableOf(source))
        {
            Run("qemu-img", "create", "-q", "-f", "qcow2", "-b", _base.Top.Path.Value, "-F", "qcow2", paths.Overlay(disk.Target).Value);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, Environment = { ["LC_ALL"] = "C" } })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.Should().Be(0, "{0} {1} said: {3}{2}", program, string.Join(' ', arguments), errors, output.Result);
    }
}

using System.Diagnostics;
using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Tests.Clones.Parts;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Host.Tests.Libvirt;
using Xunit;

namespace VmExecutor.Host.Tests.Clones;

/// <summary>Clones' definitions, derived from sources of the kinds that users have, given to the real libvirt and to QEMU.</summary>
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

    public static TheoryData<string> ForJobs() =>
        [.. SourceFile.Names.Where(name => !new SourceFile(name).Findings(ClonePurpose.Job).Any(finding => finding.Treatment == Treatment.Refused))];

    public static TheoryData<string> ForPeople() =>
        [.. SourceFile.Names.Where(name => !new SourceFile(name).Findings(ClonePurpose.Person).Any(finding => finding.Treatment == Treatment.Refused))];

    /// <summary>Paused: QEMU has opened and made all that the machine has, and the guest has not run.</summary>
    [Theory]
    [MemberData(nameof(ForJobs))]
    public void QEMU_starts_each_clone_for_a_job_and_nothing_of_it_is_left(string name)
    {
        var source = Find(name);
        var key = KeyOf(name, number: 0);
        var plan = PlanFor(key, NetworkMode.User, new CloneSizes { Cpus = 1, Memory = ByteSize.FromMebibytes(64) });
        MakeDisks(source.Xml, plan.Paths);

        Starts(source.ForJob(plan, _base), key);
    }

    [Theory]
    [MemberData(nameof(ForJobs))]
    public void QEMU_starts_each_clone_that_is_as_big_as_its_source(string name)
    {
        var source = Find(name);
        var key = KeyOf(name, number: 1);
        var plan = PlanFor(key, NetworkMode.User, new CloneSizes());
        MakeDisks(source.Xml, plan.Paths);

        Starts(source.ForJob(plan, _base), key);
    }

    /// <summary>No network is needed to see that the definition is accepted.</summary>
    [Theory]
    [MemberData(nameof(ForJobs))]
    public void Libvirt_defines_each_clone_for_a_job_on_a_libvirt_network(string name)
    {
        var source = Find(name);
        var key = KeyOf(name, number: 2);

        Defines(source.ForJob(PlanFor(key, NetworkMode.Libvirt, new CloneSizes()), _base), key.Domain.Value);
    }

    [Theory]
    [MemberData(nameof(ForPeople))]
    public void Libvirt_defines_each_clone_for_a_person(string name)
    {
        var source = Find(name);
        var clone = $"vmx-derived-{Environment.ProcessId}-{name}";
        var definition = source.ForPerson(clone, _base, _directory);

        // A person's clone has all of its source's firmware, as a newer libvirt wrote it: this one takes the file, or the word for any.
        if (definition.Elements("os").Elements("loader").Any(loader => loader.Value.Length > 0))
        {
            definition.Element("os")!.Attribute("firmware")?.Remove();
            definition.Element("os")!.Element("firmware")?.Remove();
        }

        // Without KVM libvirt refuses the type; what is looked at is the rest.
        definition.SetAttributeValue("type", "qemu");
        definition.Elements("cpu").Attributes().Where(attribute => attribute.Name.LocalName is "check" or "match" or "migratable").Remove();
        definition.Elements("cpu").Attributes("mode").ToList().ForEach(mode => mode.Value = "maximum");
        Defines(definition, clone);
    }

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    private static SourceFile Find(string name)
    {
        Prerequisite.Libvirt();
        var source = new SourceFile(name);
        Prerequisite.Require(!source.Xml.Descendants("tpm").Any() || File.Exists("/usr/bin/swtpm_setup"), "swtpm is not installed: executor/setup --test-tools");
        Prerequisite.Require(source.Xml.Element("os")!.Attribute("firmware") is null && !source.Xml.Descendants("loader").Any() || File.Exists("/usr/share/OVMF/OVMF_CODE_4M.ms.fd"), "OVMF is not installed: executor/setup --test-tools");
        return source;
    }

    /// <summary>Without what the oldest libvirt that is tested does not know yet (9.0).</summary>
    private static XElement Known(XElement clone)
    {
        var known = new XElement(clone);
        known.Descendants().Where(element => element.Name.LocalName is "pstore" or "profile").Remove();
        known.Elements("os").Elements().Attributes().Where(attribute => attribute.Name.LocalName is "templateFormat" or "format").Remove();
        return known;
    }

    /// <summary>A key whose domain and UUID no other test has.</summary>
    private static JobKey KeyOf(string name, int number) =>
        new("https://gitlab.example.com", "derived", (Environment.ProcessId * 1000L + Math.Abs(name.GetHashCode(StringComparison.Ordinal) % 300)) * 3 + number);

    private ClonePlan PlanFor(JobKey key, NetworkMode network, CloneSizes sizes)
    {
        var plan = TestPlan.For(TestPlan.Image() with { Network = new NetworkSettings { Mode = network, Name = NetworkName } });
        return plan with { Job = plan.Job with { Key = key }, Paths = JobPaths.For(_directory, key), Sizes = sizes };
    }

    private void Starts(XElement clone, JobKey key)
    {
        // No module of the kernel: the only part that no package brings.
        if (!File.Exists("/dev/vhost-vsock"))
        {
            clone.Descendants("vsock").Remove();
        }

        var file = Write(clone);
        try
        {
            Run("virsh", "-q", "-c", "qemu:///system", "create", file, "--paused", "--validate");
            Virsh.Run("domstate", key.Domain.Value).Output.Should().Be("paused");
        }
        finally
        {
            Virsh.Run("destroy", key.Domain.Value);
            DomainFiles.Remove("qemu:///system", key);
        }

        TracesOf(key).Should().BeEmpty();
    }

    /// <summary>Files and processes that libvirt and its helpers have made for one domain, wherever its name or UUID shows.</summary>
    private static IEnumerable<string> TracesOf(JobKey key)
    {
        string[] marks = [key.Domain.Value, key.Uuid.ToString("D")];
        string[] places = ["/run/libvirt/qemu", "/run/libvirt/qemu/swtpm", "/var/lib/libvirt/qemu", "/var/lib/libvirt/qemu/nvram", "/var/lib/libvirt/qemu/ram", "/var/lib/libvirt/swtpm", "/var/log/libvirt/qemu", "/var/log/swtpm/libvirt/qemu", "/dev/shm", "/tmp"];
        var files = places.Where(Directory.Exists).SelectMany(Directory.EnumerateFileSystemEntries);
        var processes = Output("ps", "-ww", "-eo", "stat=,pid=,args=").Split('\n').Where(line => !line.StartsWith('Z'));
        return files.Concat(processes).Where(text => marks.Any(mark => text.Contains(mark, StringComparison.Ordinal)));
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
        Directory.CreateDirectory(paths.Directory.Value);
        Run("qemu-img", "create", "-q", "-f", "qcow2", _base.Top.Path.Value, "1M");
        foreach (var disk in SourceDisk.WritableOf(source))
        {
            Run("qemu-img", "create", "-q", "-f", "qcow2", "-b", _base.Top.Path.Value, "-F", "qcow2", paths.Overlay(disk.Target).Value);
        }
    }

    private static void Run(string program, params string[] arguments) => Output(program, arguments);

    private static string Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, Environment = { ["LC_ALL"] = "C" } })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.Should().Be(0, "{0} {1} said: {3}{2}", program, string.Join(' ', arguments), errors.Result, output);
        return output;
    }
}

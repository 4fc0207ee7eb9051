using System.Text.Json;
using System.Xml.Linq;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary><c>image explain</c> as an administrator types it: definitions from files, without libvirt, and an image's own.</summary>
public sealed class ExplainCommandTests : IDisposable
{
    private readonly StageBench _bench = new();

    public ExplainCommandTests() => _bench.Environment["VM_EXECUTOR_CONFIG"] = _bench.PathOf("none.yaml");

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task Each_part_of_a_definition_is_told_with_its_fate_and_reason_without_libvirt_or_configuration()
    {
        _bench.Write("vm.xml", PlainDomain.Xml);
        var before = _bench.Entries();

        var exit = await _bench.RunAsync("image", "explain", "--definition", _bench.PathOf("vm.xml"));

        exit.ExitCode.Should().BeOneOf([0, 1], exit.ToString());
        exit.Output.Should().StartWith($"{_bench.PathOf("vm.xml")}: in a job's clone\n")
            .And.MatchRegex("name +.*made its own")
            .And.MatchRegex("disk 'vda' +.*kept")
            .And.MatchRegex("disk 'vda': source +.*made its own +.*overlay")
            .And.EndWith("Clones can be made of it.\n");
        _bench.Entries().Should().Equal(before);
    }

    /// <summary>Refused, allowed, printed as XML or as JSON: no password is on the screen.</summary>
    [Fact(Timeout = 60_000)]
    public async Task No_output_has_a_secret_of_the_definition()
    {
        _bench.Write("vm.xml", PlainDomain.Xml.Replace("</devices>", """
              <graphics type='vnc' listen='0.0.0.0' passwd='hunter2'/>
            </devices>
            <qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
              <qemu:arg value='-object'/><qemu:arg value='secret,id=s0,data=hunter2'/><qemu:env name='PROXY_PASSWORD' value='hunter2'/>
            </qemu:commandline>
            """, StringComparison.Ordinal));
        _bench.Write("allowing.yaml", $"state_dir: {_bench.PathOf("state")}\nimages_dir: images\n");
        _bench.Write("images/debian.yaml", "name: debian\nsource: domain\ndomain: plain\nallow_parts: ['qemu:commandline']\nssh: {user: ci, login: cloud-init}\n");
        List<string> printed = [];
        foreach (var form in new string[][] { [], ["--json"], ["--xml"], ["--clone"] })
        {
            printed.Add((await _bench.RunAsync(["image", "explain", "--definition", _bench.PathOf("vm.xml"), .. form])).ToString());
        }

        _bench.Environment["VM_EXECUTOR_CONFIG"] = _bench.PathOf("allowing.yaml");
        var allowed = await _bench.RunAsync("image", "explain", "debian", "--definition", _bench.PathOf("vm.xml"), "--xml");

        string.Concat(printed).Should().NotContain("hunter2").And.Contain("qemu:commandline");
        allowed.ExitCode.Should().Be(0, allowed.ToString());
        allowed.ToString().Should().NotContain("hunter2").And.Contain("secret,id=s0,data=***").And.Contain("PROXY_PASSWORD");
    }

    [Fact(Timeout = 60_000)]
    public async Task Everything_that_is_refused_is_told_at_once_and_the_exit_code_is_2()
    {
        _bench.Write("vm.xml", PlainDomain.Xml.Replace("</devices>", """
              <hostdev mode='subsystem' type='pci'><source><address domain='0' bus='1' slot='0' function='0'/></source></hostdev>
              <warpdrive model='new'/>
            </devices>
            <qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:arg value='-drive'/></qemu:commandline>
            """, StringComparison.Ordinal));

        var exit = await _bench.RunAsync("image", "explain", "--definition", _bench.PathOf("vm.xml"));

        exit.ExitCode.Should().Be(2, exit.ToString());
        exit.Output.Should().ContainAll("REFUSED VMX1222", "hostdev (subsystem pci)", "devices/warpdrive", "qemu:commandline", "allow_parts");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_same_as_JSON_has_words_that_scripts_can_rely_on()
    {
        _bench.Write("vm.xml", PlainDomain.Xml.Replace("<serial type='pty'/>", "<hostdev mode='subsystem' type='usb'><source/></hostdev>", StringComparison.Ordinal));

        var exit = await _bench.RunAsync("image", "explain", "--definition", _bench.PathOf("vm.xml"), "--json");

        exit.ExitCode.Should().Be(2, exit.ToString());
        var json = JsonDocument.Parse(exit.Output).RootElement;
        json.GetProperty("clone_for").GetString().Should().Be("job");
        json.GetProperty("can_be_cloned").GetBoolean().Should().BeFalse();
        json.GetProperty("error_code").GetString().Should().Be("VMX1205");
        json.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("becomes").GetString()).Distinct()
            .Should().BeSubsetOf(["kept", "made_own", "left_out", "refused"]).And.Contain(["kept", "made_own", "refused"]);
        json.GetProperty("parts").EnumerateArray().Single(part => part.GetProperty("becomes").GetString() == "refused").GetProperty("path").GetString().Should().Be("devices/hostdev");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_derived_definition_is_printed_with_placeholders_that_say_so()
    {
        _bench.Write("vm.xml", PlainDomain.Xml.Replace("type='file' device='disk'", "type='volume' device='disk'", StringComparison.Ordinal)
            .Replace("file='/base/root.qcow2'", "pool='default' volume='root.qcow2'", StringComparison.Ordinal));

        var exit = await _bench.RunAsync("image", "explain", "--definition", _bench.PathOf("vm.xml"), "--xml");

        exit.ExitCode.Should().Be(0, exit.ToString());
        var domain = XElement.Parse(exit.Output);
        domain.FirstNode.Should().BeOfType<XComment>().Which.Value.Should().Contain("stands for a job");
        ((string)domain.Element("name")!).Should().StartWith("vmx-example-1-");
        domain.Descendants("disk").Elements("source").Attributes("file").Single().Value.Should().StartWith("/var/lib/vm-executor/jobs/example-1-").And.EndWith("/vda.qcow2");
        domain.Descendants("backingStore").Elements("source").Attributes("file").Single().Value.Should().Be("/VOLUME/default/root.qcow2");
        domain.Elements("metadata").Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_refused_source_has_no_derived_definition()
    {
        _bench.Write("vm.xml", PlainDomain.Xml.Replace("<serial type='pty'/>", "<hostdev mode='subsystem' type='usb'><source/></hostdev>", StringComparison.Ordinal));

        var exit = await _bench.RunAsync("image", "explain", "--definition", _bench.PathOf("vm.xml"), "--xml");

        exit.ExitCode.Should().NotBe(0);
        exit.Output.Should().BeEmpty();
        exit.Error.Should().Contain("VMX1205");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("not XML at all", "VMX1227")]
    [InlineData("<network><name>x</name></network>", "its root element is 'network'")]
    [InlineData("<!DOCTYPE domain [<!ENTITY a 'b'>]><domain>&a;</domain>", "VMX1227")]
    public async Task A_file_that_is_no_definition_is_refused_with_what_to_do(string text, string why)
    {
        _bench.Write("vm.xml", text);

        var exit = await _bench.RunAsync("image", "explain", "--definition", _bench.PathOf("vm.xml"));

        exit.ExitCode.Should().NotBe(0);
        exit.Error.Should().Contain(why).And.Contain("virsh dumpxml --inactive").And.NotContain("bug");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("", "Give an image, or --definition FILE")]
    [InlineData("--definition vm.xml --xml --json", "either --xml or --json")]
    [InlineData("--definition vm.xml --xml --clone", "clone SOURCE --dry-run")]
    [InlineData("--definition vm.xml --source", "--source is of an image")]
    public async Task Options_that_contradict_each_other_are_refused(string options, string why)
    {
        _bench.Write("vm.xml", PlainDomain.Xml);

        var exit = await _bench.RunAsync(["image", "explain", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        exit.ExitCode.Should().NotBe(0);
        exit.Error.Should().Contain(why);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_image_of_a_disk_file_is_explained_as_the_built_in_machine_and_a_domain_as_libvirt_has_it()
    {
        _bench.Environment["VM_EXECUTOR_CONFIG"] = _bench.PathOf("vm-executor.yaml");
        _bench.Write("images/web.yaml", $"source: domain\ndomain: test\nssh:\n  user: ci\n  key: {_bench.PathOf("key")}\n");

        var file = await _bench.RunAsync("image", "explain", "small");
        var domain = await _bench.RunAsync("image", "explain", "web", "--json");

        file.ExitCode.Should().BeOneOf([0, 1], file.ToString());
        file.Output.Should().StartWith("the built-in machine with ").And.Contain("disk 'vda'");
        domain.Output.Should().Contain("domain \\u0027test\\u0027 at test:///default").And.Contain("devices/interface");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_unknown_image_is_refused_with_those_there_are()
    {
        _bench.Environment["VM_EXECUTOR_CONFIG"] = _bench.PathOf("vm-executor.yaml");

        var exit = await _bench.RunAsync("image", "explain", "nonesuch");

        exit.ExitCode.Should().NotBe(0);
        exit.Error.Should().Contain("nonesuch").And.Contain("small");
    }
}

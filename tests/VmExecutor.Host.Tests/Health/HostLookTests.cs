using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Health;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Health;

/// <summary>Looks at the machine itself: real files, real users, a real socket.</summary>
public sealed class HostLookTests : IDisposable
{
    // The number that every system gives to its unprivileged user, and a group of that number.
    private const string Nobody = "<capabilities><host><secmodel><model>dac</model><doi>0</doi><baselabel type='kvm'>+65534:+65534</baselabel></secmodel></host></capabilities>";

    private const string TcpTable = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:927D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111308 1
           1: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1531 1
           2: 0100007F:0016 0100007F:9000 01 00000000:00000000 00:00000000 00000000     0        0 1532 1
           3: 3500007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1533 1
        nonsense
           4: 00000000000000000000000001000000:18EB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
           5: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1534 1
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-health-").FullName;
    private readonly ToolEnvironment _environment = new(new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin:/usr/sbin:/sbin" });

    private ToolRunner Tools => new(_environment, TimeProvider.System);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("vendor_id\t: GenuineIntel\nflags\t\t: fpu vme vmx ssse3\n", true, true, false, "kvm_intel")]
    [InlineData("vendor_id\t: AuthenticAMD\nflags\t\t: fpu svm hypervisor\n", true, true, true, "kvm_amd")]
    [InlineData("vendor_id\t: AuthenticAMD\nflags\t\t: fpu hypervisor\n", true, false, true, "kvm_amd")]
    [InlineData("vendor_id\t: GenuineIntel\nflags\t\t: fpu\nvmx flags\t: vnmi\n", true, false, false, "kvm_intel")]
    [InlineData("processor\t: 0\nFeatures\t: fp asimd\n", false, true, false, "kvm")]
    public void A_processors_flags_are_read(string text, bool isX86, bool hasFlag, bool isGuest, string module) =>
        KvmFiles.Parse(text, isX86).Should().Be((hasFlag, isGuest, module));

    [Fact]
    public void The_kernel_says_whether_the_clock_is_kept() => KernelClock.IsSynchronised().Should().NotBeNull();

    [Fact]
    public void Capabilities_tell_emulator_kvm_and_confinement()
    {
        var arch = HostArchitecture.Name;
        var xml = $"<capabilities><host><secmodel><model>apparmor</model></secmodel><secmodel><model>dac</model></secmodel></host><guest><arch name='i686'><emulator>/i386</emulator></arch></guest>"
            + $"<guest><arch name='{arch}'><emulator>/usr/bin/q</emulator><domain type='qemu'/><domain type='kvm'/></arch></guest></capabilities>";

        HostCapabilities.Parse(xml).Should().Be(new HostCapabilities("/usr/bin/q", true, SecurityDriver.AppArmor));
        HostCapabilities.Parse("<capabilities><host/></capabilities>").Should().Be(new HostCapabilities(null, false, SecurityDriver.None));
    }

    [Fact(Timeout = 60_000)]
    public async Task Users_are_looked_up_with_their_groups()
    {
        var root = await new Accounts(Tools).FindAsync(0, CancellationToken.None);
        var nobodyAtAll = await new Accounts(Tools).FindAsync(4_000_000_001, CancellationToken.None);

        (root.Name, root.Label).Should().Be(("root", "root"));
        root.Groups.Should().Contain("root");
        (nobodyAtAll.Name, nobodyAtAll.Label).Should().Be((null, "#4000000001"));
    }

    [Fact]
    public void A_service_on_the_loopback_is_seen_and_one_for_all_is_not()
    {
        using var loopback = new TcpListener(IPAddress.Loopback, 0);
        using var everywhere = new TcpListener(IPAddress.Any, 0);
        loopback.Start();
        everywhere.Start();

        var services = LoopbackServices.List(null);

        services.Should().Contain(loopback.LocalEndpoint.ToString());
        services.Should().NotContain(service => service.EndsWith($":{((IPEndPoint)everywhere.LocalEndpoint).Port}"));
    }

    [Fact]
    public void Listeners_on_the_loopback_are_read_from_the_kernels_table() =>
        LoopbackServices.Parse(TcpTable, new HashSet<int> { 8080 }).Should().Equal("127.0.0.53:53", "[::1]:6379", "127.0.0.1:37501");

    [Fact(Timeout = 60_000)]
    public async Task QEMUs_user_must_get_to_a_file_through_all_directories()
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "this needs root, who can look with another user's eyes");
        File.SetUnixFileMode(_directory, (UnixFileMode)0b111_101_101);
        var disk = Make("images/base.qcow2");
        var reading = new QemuReading(Tools, Nobody);

        reading.User.Should().Be(65534);
        (await reading.ObstacleAsync(disk, CancellationToken.None)).Should().BeNull();

        File.SetUnixFileMode(disk.Value, UnixFileMode.UserRead);
        (await reading.ObstacleAsync(disk, CancellationToken.None))!.Value.Command.Should().Be($"chmod a+r {disk}");
        File.SetUnixFileMode(disk.Value, (UnixFileMode)0b110_100_100);
        File.SetUnixFileMode(disk.Parent().Value, (UnixFileMode)0b111_000_000);
        (await reading.ObstacleAsync(disk, CancellationToken.None))!.Value.What.Should().Contain("may not pass through").And.Contain(disk.Parent().Value);

        (await new QemuReading(Tools, null).ObstacleAsync(disk, CancellationToken.None)).Should().BeNull("it is not known as whom QEMU runs");
    }

    [Fact]
    public void Trying_to_share_blocks_leaves_nothing()
    {
        var directory = new AbsolutePath(_directory);

        _ = FileSystemLook.TryReflink(directory);

        Directory.EnumerateFileSystemEntries(_directory).Should().BeEmpty();
        FileSystemLook.Existing(directory.Child("a").Child("b")).Should().Be(directory);
    }

    [Fact(Timeout = 60_000)]
    public async Task Networks_are_found_by_name()
    {
        using var hypervisor = new LibvirtHypervisor("test:///default", TimeSpan.FromSeconds(30), TimeProvider.System);

        var found = await hypervisor.FindNetworkAsync("default", CancellationToken.None);
        found!.IsActive.Should().BeTrue();
        found.KeepsGuestsApart.Should().BeFalse("it is a bridge, and says nothing of its ports");
        found.TellsClonesApart.Should().BeFalse("it has a DHCP server, and says nothing of client ids");
        (await hypervisor.FindNetworkAsync("nowhere", CancellationToken.None)).Should().BeNull();
    }

    private AbsolutePath Make(string name)
    {
        var path = Path.Combine(_directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.SetUnixFileMode(Path.GetDirectoryName(path)!, (UnixFileMode)0b111_101_101);
        File.WriteAllText(path, "");
        File.SetUnixFileMode(path, (UnixFileMode)0b110_100_100);
        return new AbsolutePath(path);
    }
}

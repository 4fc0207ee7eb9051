using System.Diagnostics;
using System.Globalization;
using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Host.Tests.Libvirt;
using VmExecutor.Host.Users;
using Xunit;

namespace VmExecutor.Host.Tests.Users;

/// <summary>
/// Attacks on one VM as the user of another one, as a QEMU that its guest has taken over could make them: with the real libvirt, QEMU and users of this
/// host. Each attack is made once more as the VM's own user: where that fails as well, the attack proves nothing.
/// </summary>
public sealed class UserWallTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-wall-").FullName;
    private readonly string _name = $"vmx-wall-{Guid.NewGuid():N}"[..16];

    public void Dispose()
    {
        Virsh.Run("destroy", $"{_name}-0");
        Virsh.Run("destroy", $"{_name}-1");
        Directory.Delete(_directory, recursive: true);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void The_user_of_one_vm_reaches_nothing_of_another(bool shareKernel, bool hasTpm)
    {
        Prerequisite.Libvirt();
        Prerequisite.Require(!hasTpm || File.Exists("/usr/bin/swtpm"), "swtpm is not installed: executor/setup --test-tools");
        var pool = VmUsers.At("qemu:///system", new LibvirtSettings(), TimeProvider.System).Pool;
        Prerequisite.Require(pool?.Users.Count >= 2, "there are no users of VMs: executor/setup makes them");

        // The last ones of the pool: clones of other tests get the first.
        VmUser[] users = [pool!.Users[^1], pool.Users[^2]];
        Chmod("711", _directory);
        File.WriteAllBytes($"{_directory}/kernel", new byte[4096]);
        for (var i = 0; i < 2; i++)
        {
            Start(i, users[i], shareKernel, hasTpm);
        }

        var (own, other) = (users[0], users[1]);
        var (pid, overlay) = (Pid(0), $"{_directory}/{_name}-0.qcow2");
        Ids(pid).Should().Equal(own.Id, own.Id, own.Id, own.Id);
        Ids(Pid(1)).Should().Equal(other.Id, other.Id, other.Id, other.Id);
        var private_ = Directory.GetDirectories("/var/lib/libvirt/qemu", $"domain-*-{_name}-0").Should().ContainSingle().Which;
        string[] attacks =
        [
            $"head -c 1 '{overlay}'",
            $"printf x | dd of='{overlay}' bs=1 seek=100000 conv=notrunc",
            $"ls '{private_}'",
            $"cat '{private_}/master-key.aes'",
            $"cat /proc/{pid}/environ",
            $"ls -l /proc/{pid}/fd/0",
            $"a=$(sed -n '/ rw-p .*heap/{{s/-.*//p;q}}' /proc/{pid}/maps) && test -n \"$a\" && dd if=/proc/{pid}/mem bs=4096 count=1 iflag=skip_bytes skip=$((0x$a))",
            $"kill -0 {pid}",
            $"kill -STOP {pid} && kill -CONT {pid}",
        ];

        foreach (var attack in attacks)
        {
            As(other, attack).Should().NotBe(0, $"{other.Name} must not: {attack}");
            As(own, attack).Should().Be(0, $"the attack itself works, as {own.Name}: {attack}");
        }

        if (hasTpm)
        {
            var socket = Directory.GetFiles("/run/libvirt/qemu/swtpm", $"*{_name}-0-swtpm.sock").Should().ContainSingle().Which;
            As(own, $"test -w '{socket}'").Should().Be(0);
            As(other, $"test -w '{socket}'").Should().NotBe(0);
            As(other, "ls /run/libvirt/qemu/swtpm").Should().NotBe(0, "users only pass through");
        }

        // The console's file is of no VM's user at all.
        As(own, $"head -c 1 '{_directory}/console-0'").Should().NotBe(0);
        As(other, $"head -c 1 '{_directory}/console-0'").Should().NotBe(0);
        As(other, $"test -r '{_directory}/kernel'").Should().Be(0, "what clones share can be read by all of them");
        As(other, $"test -w '{_directory}/kernel'").Should().NotBe(0);
    }

    private void Start(int number, VmUser user, bool shareKernel, bool hasTpm)
    {
        var overlay = $"{_directory}/{_name}-{number}.qcow2";
        Run("qemu-img", "create", "-q", "-f", "qcow2", overlay, "16M").Should().Be(0);
        Chmod("600", overlay);
        var clone = XElement.Parse(
            $"""
            <domain type='qemu'>
              <name>{_name}-{number}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
              <os><type arch='x86_64' machine='q35'>hvm</type>{(shareKernel ? $"<kernel>{_directory}/kernel</kernel>" : "")}</os>
              <devices>
                <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{overlay}'/><target dev='vda' bus='virtio'/></disk>
                <serial type='file'><source path='{_directory}/console-{number}'/></serial>
                {(hasTpm ? "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>" : "")}
              </devices>
            </domain>
            """);
        CloneUser.Apply(clone, user);
        var paths = JobPaths.For(new AbsolutePath($"{_directory}/{number}"), new JobKey("https://gitlab.example.com", "wall", number));
        Directory.CreateDirectory(paths.Directory.Value);
        VmUserFiles.Give(clone, TestPlan.For(TestPlan.Image()) with { User = user, Paths = paths });
        var file = $"{_directory}/{_name}-{number}.xml";
        File.WriteAllText(file, clone.ToString());
        var (exitCode, output) = Virsh.Run("create", file, "--paused");
        exitCode.Should().Be(0, output);
    }

    private int Pid(int number) => int.Parse(File.ReadAllText($"/run/libvirt/qemu/{_name}-{number}.pid"), CultureInfo.InvariantCulture);

    private static IEnumerable<uint> Ids(int pid) => File.ReadAllLines($"/proc/{pid}/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal))[4..]
        .Split('\t', StringSplitOptions.RemoveEmptyEntries).Select(id => uint.Parse(id, CultureInfo.InvariantCulture));

    private static int As(VmUser user, string script) =>
        Run("setpriv", "--reuid", user.Name, "--regid", user.Name, "--init-groups", "sh", "-c", $"{{ {script}; }} > /dev/null 2>&1");

    private static void Chmod(string mode, string file) => Run("chmod", mode, file).Should().Be(0);

    private static int Run(string tool, params string[] arguments)
    {
        using var process = Process.Start(tool, arguments);
        process.WaitForExit();
        return process.ExitCode;
    }
}

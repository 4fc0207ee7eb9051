using System.Diagnostics;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>
/// A libvirt daemon in namespaces of its own, so that its networks are not the machine's: a network namespace, mounts that hide
/// what a system daemon keeps in /run, /etc and /var/lib, and a process namespace. It leaves nothing: the keeper, process 1 of the
/// process namespace, ends when our end of its stdin is closed, which our death closes too. The kernel then kills all processes that were
/// started there, and removes the mounts and networks with the last one.
/// </summary>
internal sealed class IsolatedLibvirt : IAsyncDisposable
{
    /// <summary>A libvirt network that is connected to nothing but its own namespace's host.</summary>
    public const string Network = "vmx-test";

    /// <summary>The first three numbers of the network's addresses.</summary>
    public const string Subnet = "192.168.233";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(20);

    private static readonly string[] Tools = ["unshare", "nsenter", "mount", "umount", "ip", "libvirtd", "virtlogd", "dnsmasq"];

    // Before it says "isolated", who enters would still find the machine's own libvirt, and make the network there.
    // The files of the wall and of egress policies tell of tables of nftables, which are the namespace's own. Who collected them here would leave the machine's tables,
    // and who opened a service here would have it noted as open on the machine.
    // The cgroups go with /sys: libvirt then makes none, and none can be left. No D-Bus: neither systemd nor firewalld may
    // hear of machines and networks that are not theirs. The rest of /var, the QEMU logs and capabilities in it, is shared.
    private const string Setup = """
        set -e
        for directory in /run/libvirt /etc/libvirt/qemu /var/lib/libvirt /run/dbus; do
            [ ! -d "$directory" ] || mount -t tmpfs -o mode=0755 vmx-test "$directory"
        done
        for directory in "-m 0711 /run/vm-executor" "-m 0700 /run/vm-executor/egress" "-m 0700 /run/vm-executor/firewall"; do
            [ -d "${directory##* }" ] || install -d $directory
        done
        mount -t tmpfs -o mode=0700 vmx-test /run/vm-executor/egress
        mount -t tmpfs -o mode=0700 vmx-test /run/vm-executor/firewall
        umount -l /sys
        mount -t sysfs sysfs /sys
        ip link set lo up
        echo isolated
        exec > /dev/null
        unshare --pid --fork --kill-child --mount --mount-proc bash -c "$1"
        """;

    // Does what it is told by stdin, and ends with it; bash reaps whatever the daemons leave it. Its own output is /dev/null, so
    // what it has done is told by a file's name: /run/libvirt is the daemon's alone.
    private const string Keeper = """
        start() { libvirtd --pid-file /run/libvirt/libvirtd.pid < /dev/null & libvirtd=$!; }
        virtlogd --pid-file /run/libvirt/virtlogd.pid < /dev/null &
        start
        while read -r order; do
            case $order in
                end) kill -TERM "$libvirtd"; wait "$libvirtd" ;;
                start) start ;;
                halt) kill -STOP "$libvirtd" ;;
                go) kill -CONT "$libvirtd" ;;
            esac
            touch "/run/libvirt/vmx-test-$order"
        done
        """;

    // As config/README.md, "A libvirt network", says.
    private const string NetworkXml = $"""
        <network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'>
          <name>{Network}</name>
          <bridge name='vmx-test' stp='off'/>
          <port isolated='yes'/>
          <ip address='{Subnet}.1' netmask='255.255.255.0'>
            <dhcp><range start='{Subnet}.10' end='{Subnet}.99'/></dhcp>
          </ip>
          <dnsmasq:options>
            <dnsmasq:option value='dhcp-ignore-clid'/>
            <dnsmasq:option value='no-ping'/>
          </dnsmasq:options>
        </network>
        """;

    private readonly Process _holder;
    private readonly Task<string> _complaints;

    private IsolatedLibvirt(Process holder)
    {
        _holder = holder;
        _complaints = holder.StandardError.ReadToEndAsync();
    }

    /// <summary>A process whose network and mounts are this daemon's.</summary>
    public int Pid => _holder.Id;

    /// <summary>virsh of this daemon.</summary>
    public IReadOnlyList<string> Virsh => [.. Inside, "virsh", "-c", "qemu:///system"];

    /// <summary>The directories in which this daemon keeps files by a domain's name, as seen from outside.</summary>
    public IReadOnlyList<string> LibvirtDirectories =>
    [
        .. new[] { "/run/libvirt/qemu", "/var/lib/libvirt/qemu", "/var/lib/libvirt/qemu/nvram", "/etc/libvirt/qemu", "/var/log/libvirt/qemu" }
            .Select(directory => $"/proc/{_holder.Id}/root{directory}"),
    ];

    /// <summary>The command that a command inside is put behind. It becomes that command; only the working directory is lost.</summary>
    public IReadOnlyList<string> Inside => ["nsenter", $"--target={_holder.Id}", "--net", "--mount", "--"];

    /// <summary>The prerequisites that the machine lacks.</summary>
    /// <param name="besides">Commands that are needed, too.</param>
    public static async Task<IReadOnlyList<string>> MissingAsync(params IEnumerable<string> besides)
    {
        List<string> missing = [];
        foreach (var tool in Tools.Concat(besides))
        {
            if ((await HostCommand.TryAsync("which", tool)).ExitCode != 0)
            {
                missing.Add($"the command {tool}");
            }
        }

        var (exitCode, _, error) = await HostCommand.TryAsync("unshare", "--net", "--mount", "--pid", "--fork", "true");
        if (exitCode != 0)
        {
            missing.Add($"the right to make namespaces ({error.Trim()})");
        }

        return missing;
    }

    /// <summary>Starts the daemon and its one network.</summary>
    /// <param name="directory">For the network's XML.</param>
    public static async Task<IsolatedLibvirt> StartAsync(string directory)
    {
        string[] arguments = ["--net", "--mount", "--propagation", "private", "sh", "-c", Setup, "sh", Keeper];
        var start = new ProcessStartInfo("unshare", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var libvirt = new IsolatedLibvirt(Process.Start(start)!);
        try
        {
            await libvirt.WaitAsync();
            await libvirt.StartNetworkAsync(directory);
            return libvirt;
        }
        catch
        {
            await libvirt.DisposeAsync();
            throw;
        }
    }

    /// <summary>The same runner, whose stages see this daemon and its network as the machine's. Process id and group stay the stage's own.</summary>
    public RunnerOptions Enter(RunnerOptions options) => options with
    {
        ConfigExec = "/bin/sh",
        ConfigArguments = EnterAnd(options.ConfigExec, options.ConfigArguments),
        PrepareExec = "/bin/sh",
        PrepareArguments = EnterAnd(options.PrepareExec, options.PrepareArguments),
        RunExec = "/bin/sh",
        RunArguments = EnterAnd(options.RunExec, options.RunArguments),
        CleanupExec = "/bin/sh",
        CleanupArguments = EnterAnd(options.CleanupExec, options.CleanupArguments),
    };

    /// <summary>A tool's stdout, run inside.</summary>
    public Task<string> OutputAsync(params IReadOnlyList<string> command) =>
        HostCommand.OutputAsync(Inside[0], [.. Inside.Skip(1), .. command]);

    /// <summary>Ends the daemon and starts another; domains run on. It may not answer yet.</summary>
    public async Task RestartAsync()
    {
        await OrderAsync("end");
        await OrderAsync("start");
    }

    /// <summary>From now on the daemon takes connections (its kernel does) and never answers.</summary>
    public Task HaltAsync() => OrderAsync("halt");

    /// <summary>It answers again.</summary>
    public Task GoOnAsync() => OrderAsync("go");

    public async ValueTask DisposeAsync()
    {
        _holder.StandardInput.Close();
        using var limit = new CancellationTokenSource(EndLimit);
        try
        {
            await _holder.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // --kill-child takes the rest along.
            _holder.Kill(entireProcessTree: true);
            throw new TimeoutException($"the isolated libvirt did not end within {EndLimit}");
        }
        finally
        {
            _holder.Dispose();
        }
    }

    private async Task OrderAsync(string order)
    {
        var done = $"/proc/{_holder.Id}/root/run/libvirt/vmx-test-{order}";
        File.Delete(done);
        await _holder.StandardInput.WriteLineAsync(order);
        await _holder.StandardInput.FlushAsync();
        if (!await Eventually.AskAsync(() => Task.FromResult(File.Exists(done)), there => there, EndLimit))
        {
            throw new TimeoutException($"the isolated libvirt did not obey '{order}' within {EndLimit}");
        }
    }

    private async Task WaitAsync()
    {
        using var limit = new CancellationTokenSource(StartLimit);
        var isolated = await _holder.StandardOutput.ReadLineAsync(limit.Token) is not null;
        var (exitCode, _, error) = !isolated ? (1, "", "there are no namespaces") : await Eventually.AskAsync(
            () => HostCommand.TryAsync(Virsh[0], [.. Virsh.Skip(1), "version"]),
            answer => answer.ExitCode == 0 || _holder.HasExited,
            StartLimit);
        if (exitCode != 0)
        {
            _holder.StandardInput.Close();
            throw new InvalidOperationException($"the isolated libvirt does not answer: {error}\n{await _complaints.WaitAsync(EndLimit)}");
        }
    }

    private async Task StartNetworkAsync(string directory)
    {
        var xml = Path.Combine(directory, "network.xml");
        await File.WriteAllTextAsync(xml, NetworkXml);
        await HostCommand.OutputAsync(Virsh[0], [.. Virsh.Skip(1), "net-create", xml]);
    }

    // Entering a mount namespace loses the working directory, which is the stage's TMPDIR; env goes back to it.
    private string[] EnterAnd(string executable, IReadOnlyList<string> arguments) =>
        ["-c", $"exec {string.Join(' ', Inside)} env -C \"$PWD\" \"$0\" \"$@\"", executable, .. arguments];
}

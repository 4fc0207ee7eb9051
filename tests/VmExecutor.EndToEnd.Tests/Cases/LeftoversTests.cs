using System.Diagnostics;
using System.Net.Sockets;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>The instrument itself: it sees what is there. What it does not see would pass every other test.</summary>
[AlwaysCold("no job runs")]
public sealed class LeftoversTests(TestMachine machine) : BenchTest(machine)
{
    [Fact(Timeout = HangLimit)]
    public async Task Every_kind_of_leftover_is_seen()
    {
        var jobs = Bench.MakeDirectory("state/jobs/some-job");
        var overlay = Path.Combine(jobs, "vda.qcow2");
        var socketPath = Path.Combine(jobs, "ssh.sock");
        var name = $"vmx-{Bench.Token}-1-abcdef";
        var xml = Path.Combine(Bench.MakeDirectory("xml"), "domain.xml");
        await File.WriteAllTextAsync(
            xml, $"<domain type='qemu'><name>{name}</name><memory>4096</memory><os><type>hvm</type></os></domain>");
        await HostCommand.OutputAsync("qemu-img", "create", "-q", "-f", "qcow2", overlay, "1M");
        await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "define", xml);
        using var process = Process.Start("tail", ["-n", "0", "-f", overlay]);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(socketPath));
        socket.Listen();

        // The ssh master of a clone has neither the token nor the directory in its arguments.
        using var worker = Process.Start(new ProcessStartInfo("sleep", ["1001"]) { WorkingDirectory = jobs })!;
        using var holder = Process.Start(new ProcessStartInfo("sh", ["-c", "exec sleep 1002 <\"$OVERLAY\""]) { Environment = { ["OVERLAY"] = overlay } })!;

        var left = await Bench.Leftovers.FindAsync();

        socket.Close();
        process.Kill();
        worker.Kill();
        holder.Kill();
        await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "undefine", name);
        Directory.Delete(jobs, recursive: true);
        left.Should().Contain($"domain: {name}").And.Contain($"file: {overlay}");
        left.Should().Contain(line => line.StartsWith("process: ") && line.Contains("tail -n 0"));
        left.Should().Contain($"process: {worker.Id} sleep 1001", "it works in a directory of the bench").And.Contain($"process: {holder.Id} sleep 1002", "it has a file of the bench open");
        left.Should().Contain(line => line.StartsWith("unix socket: ") && line.Contains(socketPath));
    }
}

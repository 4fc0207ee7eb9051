using VmExecutor.Core.Configuration;
using VmExecutor.Core.Diagnosis;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Fuzz.Tests.Engine;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;

namespace VmExecutor.Fuzz.Tests.Readers;

/// <summary>The readers of a guest's console, and of what QEMU, libvirt and the kernel say of it.</summary>
internal static class ConsoleReaders
{
    private const string Console =
        "[    0.000000] Linux version 6.1.0\r\n[    1.0] Out of memory: Killed process 12 (cc1)\r\n[    2.0] Kernel panic - not syncing: VFS: Unable to mount root fs ]---\r\n\u001b[0;32mDebian GNU/Linux 12 x ttyS0\u001b[0m\n\nx login: ";

    private const string Log =
        """
        2026-11-27 20:00:00.000+0000: starting up libvirt version: 9.0.0
        qemu-system-x86_64: warning: x
        2026-11-27T20:00:01.000000Z qemu-system-x86_64: terminating on signal 15 from pid 4242 (bash)
        2026-11-27 20:00:02.000+0000: shutting down, reason=crashed
        """;

    public static IReadOnlyList<Reader> All { get; } =
    [
        Reader.OfBytes("console", "the guest", Grammar.Lines, [System.Text.Encoding.UTF8.GetBytes(Console)], ReadConsole, "Host/Hypervisor/ConsoleTail.cs", "Host/Hypervisor/ConsoleReader.cs", "Core/Diagnosis/ConsoleSigns.cs"),
        Reader.OfText("qemu-log", "QEMU, which the guest may have taken over", Grammar.Lines, [Log], ReadLog, "Host/Hypervisor/QemuEnd.cs", "Host/Hypervisor/GuestDeath.cs"),
        Reader.OfText(
            "kernel-log", "the host's kernel", Grammar.Lines, ["3,1234,56789012,-;Out of memory: Killed process 4711 (qemu-system-x86) total-vm:1kB, x\n"],
            text => _ = KernelLog.Find(text.Split('\n'), TimeSpan.FromHours(1)), "Host/Hypervisor/KernelLog.cs"),
        Reader.OfText(
            "qemu-monitor", "QEMU, which the guest may have taken over", Grammar.Json, ["{\"return\":{\"qemu\":{\"micro\":22,\"minor\":2,\"major\":7},\"package\":\"Debian\"},\"id\":\"libvirt-1\"}"], ReadMonitor, "Host/Hypervisor/QemuMonitor.cs") with
        {
            Refuses = [ErrorCodes.TemplateNotLoaded],
            Words = ["\"return\"", "\"\\ud800\"", "[]", "null"],
        },
        Reader.OfText(
            "usernet", "QEMU, which the guest may have taken over", Grammar.Lines, ["  TCP[HOST_FORWARD]  18       127.0.0.1 40643       10.0.2.15    22     0     0\r\n"], text => _ = GuestAddressFinder.FindForward(text),
            "Host/Hypervisor/GuestAddressFinder.cs"),
        Reader.OfText(
            "tool-versions", "QEMU and libvirt", Grammar.Lines, ["7.2.22", "9.0.0", "QEMU emulator version 10.0.2 (Debian)"], text => _ = (HypervisorFeatures.Of(HypervisorComponent.Qemu, text), Core.Health.ToolVersions.Parse(text)),
            "Host/Hypervisor/HypervisorFeatures.cs", "Core/Health/ToolVersions.cs"),
        Reader.OfText(
            "loopback-table", "the host's kernel", Grammar.Lines, ["  sl  local_address rem_address   st\n   0: 0100007F:18EB 00000000:0000 0A 0\n   1: 00000000000000000000000001000000:0019 00000000000000000000000000000000:0000 0A 0\n"],
            text => _ = LoopbackServices.Parse(text, new HashSet<int>()), "Host/Health/LoopbackServices.cs"),
    ];

    private static void ReadConsole(byte[] bytes)
    {
        var path = new AbsolutePath(Path.Combine(Path.GetTempPath(), $"vm-executor-fuzz-console-{Environment.ProcessId}"));
        try
        {
            File.WriteAllBytes(path.Value, bytes);
            var lines = ConsoleTail.Read(path);
            _ = (ConsoleSigns.Find(lines), ConsoleSigns.HasBooted(lines), GuestDeath.OfPanic(lines), GuestDeath.Of(null, lines, null));
            _ = StartDiagnosis.Explain(new StartTrouble
            {
                Code = ErrorCodes.GuestBootTimedOut,
                Accelerator = Accelerator.Tcg,
                Phase = "boot",
                Stalled = TimeSpan.Zero,
                Console = lines,
                Pressure = new HostPressure(),
            });
            using var shown = new StringWriter();
            new ConsoleReader(path, shown, TimeProvider.System).CopyAsync(5, raw: false, goesOn: null, CancellationToken.None).GetAwaiter().GetResult();
            if (lines.Append(shown.ToString()).Any(line => line.Contains('\u001b', StringComparison.Ordinal)))
            {
                throw new InvalidOperationException("a line that steers a terminal");
            }
        }
        finally
        {
            File.Delete(path.Value);
        }
    }

    private static void ReadLog(string text)
    {
        var lines = text.Split('\n');
        var end = QemuEnd.Parse(lines);
        _ = GuestDeath.Of(end, [], null);
        _ = GuestDeath.Of(end with { Reason = null }, lines, "killed");
    }

    private static void ReadMonitor(string text) => _ = new QemuMonitor(new FakeHypervisor { Domains = { ["x"] = "<domain/>" }, Answers = _ => text }, "x").AskVersionAsync(CancellationToken.None).GetAwaiter().GetResult();
}

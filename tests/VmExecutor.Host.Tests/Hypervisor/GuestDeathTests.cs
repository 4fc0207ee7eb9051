using FluentAssertions;
using VmExecutor.Host.Hypervisor;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

/// <summary>From libvirt's log of a domain (9.0, with QEMU 7.2) and the guest's console to a sentence.</summary>
public sealed class GuestDeathTests
{
    private const string Start = "2026-11-24 16:08:40.001+0000: starting up libvirt version: 9.0.0, package: 9.0.0-4, qemu version: 7.2.22, kernel: 6.18.44, hostname: host";
    private const string PoweredOff = "2026-11-24T16:08:50.618507Z qemu-system-x86_64: terminating on signal 15 from pid 3434 (libvirtd)";
    private const string Terminated = "2026-11-24T16:08:45.220231Z qemu-system-x86_64: terminating on signal 15 from pid 7832 (bash)";
    private const string Assertion = "qemu-system-x86_64: ../block/io.c:2123: bdrv_co_write: Assertion `bytes' failed.";

    [Theory]
    [InlineData(PoweredOff, "shutdown", "", "powered itself off")]
    [InlineData(PoweredOff, "shutdown", "[   9.1] reboot: Restarting system", "rebooted")]
    [InlineData(PoweredOff, "shutdown", "[   9.1] Kernel panic - not syncing: sysrq triggered crash", "kernel panicked (sysrq triggered crash)")]
    [InlineData(PoweredOff, "destroyed", "", "destroyed on this host")]
    [InlineData(Terminated, "shutdown", "", "sent signal 15 by process 7832 (bash)")]
    [InlineData("-msg timestamp=on", "crashed", "", "killed or crashed")]
    [InlineData(Assertion, "crashed", "", "bdrv_co_write: Assertion")]
    public void Each_end_has_a_sentence_of_its_own(string line, string reason, string console, string expected)
    {
        var end = QemuEnd.Parse([Start, "LC_ALL=C \\", line, $"2026-11-24 16:08:52.125+0000: shutting down, reason={reason}"]);

        GuestDeath.Of(end, [console], killed: null).How.Should().Contain(expected);
    }

    [Fact]
    public void A_crash_that_the_host_kernels_log_explains_is_told_as_that()
    {
        var end = QemuEnd.Parse([Start, "2026-11-24 16:08:52.125+0000: shutting down, reason=crashed"]);
        var sinceBoot = TimeSpan.FromSeconds(100);
        string[] records =
        [
            "6,1,10000000,-;Out of memory: Killed process 1 (qemu-system-x86) total-vm:1kB, long ago",
            "3,2,99000000,-;Out of memory: Killed process 4711 (qemu-system-x86) total-vm:2048kB, anon-rss:1kB\n SUBSYSTEM=x\n",
            "3,3,99500000,-;Out of memory: Killed process 4712 (java) total-vm:2048kB\n",
        ];

        var killed = KernelLog.Find(records, sinceBoot);

        killed.Should().Be("Out of memory: Killed process 4711 (qemu-system-x86) total-vm:2048kB");
        GuestDeath.Of(end, [], killed).How.Should().Contain("ran out of memory").And.Contain("4711");
        end.Time.Should().Be(new DateTimeOffset(2026, 11, 24, 16, 8, 52, 125, TimeSpan.Zero));
    }

    [Fact]
    public void Only_the_last_life_of_a_name_counts()
    {
        var end = QemuEnd.Parse([Start, Terminated, "2026-11-24 16:08:52.125+0000: shutting down, reason=shutdown", Start, "-msg timestamp=on"]);

        end.Should().Be(new QemuEnd(null, null, null, null));
        GuestDeath.Of(end, [], null).How.Should().Contain("powered itself off, or its QEMU process ended");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_host_kernels_log_is_read_to_its_end_without_waiting_for_more() =>
        (await Task.Run(() => KernelLog.FindKilledQemu(DateTimeOffset.UnixEpoch, TimeProvider.System.GetUtcNow()))).Should().BeNull();
}

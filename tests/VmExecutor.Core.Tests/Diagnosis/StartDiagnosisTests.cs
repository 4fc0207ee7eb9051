using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Diagnosis;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Diagnosis;

public sealed class StartDiagnosisTests
{
    private static readonly HostPressure Idle = new()
    {
        Cpus = 2,
        Load = 0.5,
        MemoryTotalBytes = 8L << 30,
        MemoryAvailableBytes = 4L << 30,
        DiskFreeBytes = 20L << 30,
    };

    private static readonly StartTrouble Trouble = new()
    {
        Code = ErrorCodes.GuestBootTimedOut,
        Accelerator = Accelerator.Kvm,
        Phase = "boot",
        Stalled = TimeSpan.FromMinutes(3),
        Console = ["[    1.2] systemd[1]: Starting"],
        Pressure = Idle,
    };

    private static readonly NetworkSettings OnLibvirt = new() { Mode = NetworkMode.Libvirt, Name = "ci" };

    [Theory]
    [InlineData("[    2.1] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)", "did not find its root file system")]
    [InlineData("ALERT!  UUID=1234 does not exist.  Dropping to a shell!", "did not find its root file system")]
    [InlineData("[   12.0] Waiting for root device /dev/vda1...", "did not find its root file system")]
    [InlineData("[    9.1] Out of memory: Killed process 77 (systemd)", "too little memory")]
    [InlineData("[    9.1] Kernel panic - not syncing: System is deadlocked on memory", "too little memory")]
    [InlineData("[    3.3] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009", "kernel panicked")]
    [InlineData("cloud-init[300]: OSError: [Errno 28] No space left on device", "own disk is full")]
    [InlineData("You are in emergency mode. After logging in, type \"journalctl -xb\"", "emergency shell")]
    [InlineData("No bootable device.", "nothing to boot")]
    [InlineData("grub rescue> ", "nothing to boot")]
    public void The_consoles_signs_go_first(string line, string cause)
    {
        StartDiagnosis.Explain(Trouble with { Console = ["first", line, "last"], Accelerator = Accelerator.Tcg }).Should().Contain(cause);
    }

    [Theory]
    [InlineData("[  OK  ] Started ssh.service - OpenBSD Secure Shell server.", "has started its ssh server")]
    [InlineData("small-guest: sshd started 4.59 s after the kernel", "has started its ssh server")]
    [InlineData("debian login:", "has booted")]
    [InlineData("Debian GNU/Linux 12 vmx-abc ttyS0 login: ", "has booted")]
    public void A_booted_guest_that_does_not_answer_has_no_ssh_server_or_none_that_is_reached(string line, string cause) =>
        StartDiagnosis.Explain(Trouble with { Accelerator = Accelerator.Tcg, Console = [line], Ssh = new SshSettings { User = "ci", Port = 2222 } }).Should().Contain(cause).And.Contain("2222");

    [Fact]
    public void A_boot_that_takes_too_long_under_emulation_is_emulations_fault() =>
        StartDiagnosis.Explain(Trouble with { Accelerator = Accelerator.Tcg }).Should().Contain("without KVM").And.Contain("'timeouts: boot'");

    [Fact]
    public void A_host_that_swaps_explains_slowness_better_than_emulation() =>
        StartDiagnosis.Explain(Trouble with { Accelerator = Accelerator.Tcg, Pressure = Idle with { MemoryStalled = 40 } }).Should().Contain("short of memory");

    [Fact]
    public void A_host_with_a_long_queue_of_work_is_said_to_have_too_much() =>
        StartDiagnosis.Explain(Trouble with { Pressure = Idle with { Load = 30 } }).Should().Contain("too much to do for its 2 CPUs");

    [Fact]
    public void A_full_disk_of_the_host_explains_anything() =>
        StartDiagnosis.Explain(Trouble with { Code = ErrorCodes.GuestDied, Pressure = Idle with { DiskFreeBytes = 1 << 20 } }).Should().Contain("disk is full");

    [Fact]
    public void No_address_names_the_network() =>
        StartDiagnosis.Explain(Trouble with { Code = ErrorCodes.GuestAddressUnknown, Network = OnLibvirt })
            .Should().Contain("DHCP").And.Contain("'ci'");

    [Theory]
    [InlineData("debian login: ", "^the guest has booted but got no address")]
    [InlineData("[  OK  ] Started ssh.service - OpenBSD Secure Shell server.", "^the guest has booted but got no address")]
    [InlineData("[    1.2] systemd[1]: Starting", "^the guest has got no address by DHCP")]
    public void A_guest_without_an_address_may_be_pinned_to_the_card_of_its_source(string line, string begin) =>
        StartDiagnosis.Explain(Trouble with { Code = ErrorCodes.GuestAddressUnknown, Console = [line], SourceCard = "52:54:00:aa:bb:cc", Network = OnLibvirt })
            .Should().MatchRegex(begin).And.ContainAll("52:54:00:aa:bb:cc", "pinned", "netplan", "MACAddress=", "NetworkManager", "udev", "'network: {mode: user}'", "'ci'");

    [Theory]
    [InlineData("debian login: ", "^the guest has booted but got no address")]
    [InlineData("[    1.2] systemd[1]: Starting", "^the guest has got no address by DHCP")]
    public void A_guest_without_an_address_may_be_pinned_also_when_its_source_names_no_card(string line, string begin) =>
        StartDiagnosis.Explain(Trouble with { Code = ErrorCodes.GuestAddressUnknown, Console = [line], Network = OnLibvirt })
            .Should().MatchRegex(begin).And.Contain("pinned to a MAC address of another machine");

    [Fact]
    public void A_user_mode_guest_that_is_not_reached_is_told_what_its_card_has() =>
        new[] { null, "52:54:00:aa:bb:cc" }.Select(card => StartDiagnosis.Explain(Trouble with { Console = ["debian login:"], SourceCard = card }))
            .Should().SatisfyRespectively(
                none => none.Should().Contain("only a clone of 'source: domain' keeps"),
                kept => kept.Should().Contain("it has the source's MAC address 52:54:00:aa:bb:cc"));

    [Theory]
    [InlineData(LoginMethod.Baked, "wrong key")]
    [InlineData(LoginMethod.CloudInit, "cloud-init")]
    [InlineData(LoginMethod.SystemdCredentials, "systemd credentials")]
    public void A_refused_key_is_explained_by_how_the_guest_gets_it(LoginMethod login, string cause) =>
        StartDiagnosis.Explain(Trouble with { Code = ErrorCodes.GuestSshRefused, Ssh = new SshSettings { User = "ci", Login = login, Key = new AbsolutePath("/k") } }).Should().Contain(cause);

    [Fact]
    public void A_QEMU_without_memory_is_the_hosts_shortage() =>
        StartDiagnosis.Explain(Trouble with { Code = ErrorCodes.DomainStartFailed, Phase = "start", Pressure = Idle with { MemoryAvailableBytes = 10 << 20 } }).Should().Contain("short of memory");

    [Fact]
    public void A_silent_console_is_told_of() =>
        StartDiagnosis.Explain(Trouble with { Console = [] }).Should().Contain("console=ttyS0");

    [Fact]
    public void An_ssh_server_that_refuses_every_login_is_another_thing_than_none() =>
        StartDiagnosis.Explain(Trouble with { Code = ErrorCodes.GuestSshTimedOut }).Should().Contain("does not let users log in");

    [Fact]
    public void A_failure_that_names_its_cause_gets_no_guess() =>
        StartDiagnosis.Explain(Trouble with { Code = ErrorCodes.BaseDiskUnreadable }).Should().BeNull();

    [Theory]
    [InlineData(null, 1204, "source")]
    [InlineData("source", 1402, "disks")]
    [InlineData("source", 1510, "capacity")]
    [InlineData("capacity", 1501, "disks")]
    [InlineData("warm", 1501, "disks")]
    [InlineData("disks", 1306, "start")]
    [InlineData("start", 1310, "warm")]
    [InlineData("start", 1402, "boot")]
    [InlineData("boot", 1403, "ssh")]
    [InlineData("ssh", 1413, "tools")]
    [InlineData("tools", 1412, "hook")]
    [InlineData("ssh", 1412, "hook")]
    public void The_phase_under_way_follows_from_the_last_one(string? last, int code, string phase) =>
        StartPhases.After(last, new ErrorCode(code)).Should().Be(phase);
}

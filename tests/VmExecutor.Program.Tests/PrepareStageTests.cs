using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Program.Tests.Faults;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The prepare stage against stand-ins for libvirt, qemu-img and ssh: what fails half-way leaves nothing.</summary>
public sealed class PrepareStageTests : IDisposable
{
    private readonly StageWorld _world = new();
    private readonly CancellationTokenSource _cancel = new();

    /// <summary>Every call of prepare that reaches out of the process, in order.</summary>
    public static TheoryData<string> Steps { get; } =
        ["version", "xml vmx-", "create vmx-probe-", "qemu-img info", "qemu-img create", "create vmx-abc-", "monitor", "status", "wait", "open"];

    public void Dispose()
    {
        _world.Dispose();
        _cancel.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_prepared_job_has_a_stamped_domain_an_overlay_and_a_record_for_the_other_stages()
    {
        await PrepareAsync();

        var domain = _world.Hypervisor.Domains.Should().ContainSingle().Which;
        domain.Key.Should().StartWith("vmx-abc-1-");
        domain.Value.Should().Contain("urn:vm-executor:job:1").And.Contain("vda.qcow2");
        var record = _world.JobDirectory.Read()!;
        record.Guest!.Port.Should().Be(40643);
        record.Guest.BootId.Should().Be(_world.GuestShell.BootId);
        record.Stamp.Key.Should().Be(StageWorld.Key.Value);
        record.Stamp.Expires.Should().BeAfter(record.Stamp.Created + TimeSpan.FromHours(1));
        File.GetUnixFileMode(_world.JobDirectory.Paths.Record.Value).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _world.Processes.Running.Should().ContainSingle();
        _world.Log.ToString().Should().Contain("image 'base'").And.MatchRegex(@"Ready after \d+\.\d\d s, cold \(source .*, disks .*, start .*, boot .*, ssh ");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_with_services_is_told_that_there_are_none_where_they_are_off()
    {
        _world.ContainerServices = new ServiceSettings { Engine = ServiceEngine.Off };
        await PrepareAsync();
        _world.Log.ToString().Should().NotContain("no services");
        await _world.CleanupAsync(TestContext.Current.CancellationToken);
        _world.Services = ["postgres:16", "re\ndis", "a", "b", "c", "d"];

        await PrepareAsync();

        _world.Log.ToString().Should().Contain("WARNING: no services are started here (postgres:16, re").And.Contain(", c, …)").And.NotContain("\ndis");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_gets_the_sizes_that_it_chooses_and_is_told()
    {
        _world.Sizes = new SizeSettings { MaxCpus = 4, MaxMemory = ByteSize.FromMebibytes(4096), MaxDisk = ByteSize.FromMebibytes(8192) };
        _world.Wanted = new RequestedSizes { Cpus = "3", Memory = "2GiB", Disk = "8GiB" };
        var created = new List<string>();
        _world.QemuImg.Created = created.Add;

        await PrepareAsync();

        _world.Hypervisor.Domains.Should().ContainSingle().Which.Value.Should().Contain("3</vcpu>").And.Contain("<memory unit=\"KiB\">2097152</memory>");
        created.Should().Equal("8589934592");
        _world.Log.ToString().Should().Contain("The VM gets 3 CPUs, 2GiB memory, 8GiB disk");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_size_that_only_the_source_rules_out_is_a_build_failure_that_leaves_nothing()
    {
        _world.Wanted = new RequestedSizes { Disk = "512MiB" };

        var prepare = () => PrepareAsync();

        (await prepare.Should().ThrowAsync<BuildFailureException>()).Which.Message.Should().Be("VM_DISK is '512MiB', and image 'base' allows only 1GiB");
        NothingShouldBeLeft();
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Steps))]
    public async Task A_step_that_fails_undoes_the_ones_before_it(string step)
    {
        FailOnce(step, () => throw new SystemFailureException(ErrorCodes.ToolFailed, $"{step} failed", "hint"));

        var prepare = () => PrepareAsync();

        // A part of removing what an earlier attempt left is reported as that; the rest as itself.
        (await prepare.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain($"{step} failed");
        NothingShouldBeLeft();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_start_that_fails_tells_where_it_stood_how_the_host_was_and_why_that_may_be()
    {
        FailOnce("wait", () =>
        {
            File.WriteAllText(_world.JobDirectory.Paths.Console.Value, "[    2.1] VFS: Cannot open root device \"vda1\"\n");
            throw new SystemFailureException(ErrorCodes.GuestBootTimedOut, "no ssh server", "hint");
        });

        var prepare = () => PrepareAsync();

        await prepare.Should().ThrowAsync<SystemFailureException>();
        _world.Log.ToString().Should().MatchRegex(
            @"Last lines of the guest's console:\n  \| \[    2\.1\] VFS: .*\nStart failed in phase 'boot' after \d+\.\d\d s; all together .* start \d+\.\d\d\)\n"
            + @"The host at that time: .* memory available; .* disk free\nLikely cause: the guest's kernel did not find its root file system");
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Steps))]
    public async Task A_cancelled_step_undoes_the_ones_before_it(string step)
    {
        FailOnce(step, () =>
        {
            _cancel.Cancel();
            throw new OperationCanceledException(_cancel.Token);
        });

        var prepare = () => PrepareAsync();

        await prepare.Should().ThrowAsync<Exception>();
        NothingShouldBeLeft();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_create_that_libvirt_carried_out_although_it_failed_for_us_is_undone()
    {
        FailOnce("create vmx-abc-", () =>
        {
            _world.Hypervisor.Domains[StageWorld.Key.Domain.Value] =
                $"<domain><metadata><vmx:job xmlns:vmx='urn:vm-executor:job:1' key='{StageWorld.Key}'/></metadata></domain>";
            throw FakeHypervisor.Refusal(ErrorCodes.HypervisorCallTimedOut);
        });

        var prepare = () => PrepareAsync();

        await prepare.Should().ThrowAsync<HypervisorException>();
        NothingShouldBeLeft();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_dies_while_it_is_waited_for_ends_the_wait()
    {
        FailOnce("monitor", () => _world.Hypervisor.Domains.Remove(StageWorld.Key.Domain.Value));

        var prepare = () => PrepareAsync();

        await prepare.Should().ThrowAsync<GuestDiedException>();
        NothingShouldBeLeft();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_earlier_attempt_of_the_same_job_is_cleared_away_first()
    {
        await PrepareAsync();
        await File.WriteAllTextAsync(_world.JobDirectory.Paths.Directory.Child("left.qcow2").Value, "left");

        await PrepareAsync();

        _world.Hypervisor.Domains.Should().ContainSingle();
        File.Exists(_world.JobDirectory.Paths.Directory.Child("left.qcow2").Value).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_base_that_was_changed_under_a_living_clone_gets_no_new_clone()
    {
        var other = new JobKey("https://gitlab.example.com", "abc", 2);
        await PrepareAsync();
        JobDirectory.Of(_world.StateDir, other).Create(TestRecord.Of(other, _world.StateDir) with { Bases = _world.JobDirectory.Read()!.Bases });
        _world.Hypervisor.Domains[other.Domain.Value] = "<domain/>";
        await File.WriteAllTextAsync(_world.Root.Child("base.qcow2").Value, "updated by the administrator");

        var prepare = () => PrepareAsync();

        var failure = (await prepare.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.BaseDiskChanged);
        failure.Message.Should().ContainAll("base.qcow2", other.Value);
        _world.Hypervisor.Domains.Remove(other.Domain.Value);
        await PrepareAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_overlay_that_vanishes_before_the_start_is_named()
    {
        FailOnce("create vmx-abc-", () =>
        {
            File.Delete(_world.JobDirectory.Paths.Overlay("vda").Value);
            throw FakeHypervisor.Refusal(ErrorCodes.DomainStartFailed);
        });

        var prepare = () => PrepareAsync();

        (await prepare.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("vda.qcow2 does not exist");
        NothingShouldBeLeft();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_runner_that_is_gone_when_the_vm_is_ready_gets_none()
    {
        _world.Runner = TestRecord.Gone;

        var prepare = () => PrepareAsync();

        (await prepare.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.RunnerGone);
        NothingShouldBeLeft();
    }

    [Theory]
    [InlineData(DomainState.Running, "is running")]
    [InlineData(DomainState.Paused, "is paused")]
    public async Task A_source_domain_that_is_not_off_is_refused_with_its_state(DomainState state, string expected)
    {
        _world.Hypervisor.Domains["base"] = "<domain><!-- persistent --><name>base</name><os/><devices/></domain>";
        _world.Hypervisor.States["base"] = new DomainStatus(state, 1);

        var prepare = () => PrepareAsync(new ImageSource.Domain("base"));

        var failure = (await prepare.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.SourceNotShutOff);
        failure.Message.Should().Contain(expected);
        _world.Hypervisor.Calls.Should().NotContain("shutdown base").And.NotContain("destroy base");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_source_that_may_be_shut_down_is_asked_and_never_destroyed()
    {
        _world.Hypervisor.Domains["base"] = "<domain><!-- persistent --><name>base</name><os><type>hvm</type></os><devices/></domain>";

        await PrepareAsync(new ImageSource.Domain("base") { AllowShutdown = true });

        _world.Hypervisor.Calls.Should().Contain("shutdown base").And.NotContain("destroy base");
        _world.Hypervisor.Domains.Should().ContainKey("base");
        _world.Log.ToString().Should().Contain("asking it to shut down (up to 3m)");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_first_connection_asks_for_the_clones_card_where_guests_share_a_network_and_the_record_has_the_proof(bool shared)
    {
        var mac = "";
        _world.Hypervisor.Before = call =>
        {
            if (call.StartsWith("addresses ", StringComparison.Ordinal))
            {
                mac = CardOf(_world.Hypervisor.Domains[call.Split(' ')[1]]);
                _world.Hypervisor.Addresses[AddressSource.Lease] = new CardAddress(mac, "192.168.122.7");
            }
        };
        GuestProof? asked = null;
        _world.GuestShell.Opened = access => asked = access.Proof;

        await PrepareAsync(network: shared ? new NetworkSettings { Mode = NetworkMode.Libvirt, Name = "ci" } : null);

        asked.Should().BeEquivalentTo(new { Card = shared ? mac : null, Placed = false });
        JobDirectory.Of(_world.StateDir, StageWorld.Key).Read()!.Guest!.Proof.Should().Be(asked! with { Placed = true, BootId = _world.GuestShell.BootId });
    }

    private static string CardOf(string xml) => XElement.Parse(xml).Element("devices")!.Element("interface")!.Element("mac")!.Attribute("address")!.Value;

    private Task PrepareAsync(ImageSource? source = null, NetworkSettings? network = null)
    {
        _world.Source = source;
        _world.Network = network ?? new NetworkSettings();
        return _world.PrepareAsync(_cancel.Token);
    }

    private void FailOnce(string step, Action fail)
    {
        void Look(string call)
        {
            if (call.StartsWith(step, StringComparison.Ordinal))
            {
                step = "\0never again";
                fail();
            }
        }

        _world.Hypervisor.Before = _world.GuestShell.Before = _world.QemuImg.Before = Look;
    }

    private void NothingShouldBeLeft() => _world.Left().Should().BeEmpty();
}

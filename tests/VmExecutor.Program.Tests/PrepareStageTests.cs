using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Stages;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The prepare stage against stand-ins for libvirt, qemu-img and ssh: what fails half-way leaves nothing.</summary>
public sealed class PrepareStageTests : IDisposable
{
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-prepare-").FullName);
    private readonly FakeHypervisor _hypervisor = new();
    private readonly FakeGuestShell _guestShell = new();
    private readonly FakeQemuImg _qemuImg = new();
    private readonly StringWriter _log = new();
    private readonly CancellationTokenSource _cancel = new();

    /// <summary>Every call of prepare that reaches out of the process, in order.</summary>
    public static TheoryData<string> Steps { get; } =
        ["version", "xml vmx-", "create vmx-probe-", "qemu-img info", "qemu-img create", "create vmx-abc-", "monitor", "status", "wait", "open"];

    public void Dispose()
    {
        _hypervisor.Dispose();
        _log.Dispose();
        _cancel.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_prepared_job_has_a_stamped_domain_an_overlay_and_a_record_for_the_other_stages()
    {
        await PrepareAsync();

        var domain = _hypervisor.Domains.Should().ContainSingle().Which;
        domain.Key.Should().StartWith("vmx-abc-1-");
        domain.Value.Should().Contain("urn:vm-executor:job:1").And.Contain("vda.qcow2");
        var record = new JobDirectory(Paths()).Read()!;
        record.Guest!.Port.Should().Be(40643);
        record.Guest.BootId.Should().Be(_guestShell.BootId);
        record.Stamp.Key.Should().Be(Job().Key.Value);
        record.Stamp.Expires.Should().BeAfter(record.Stamp.Created + Job().Timeout);
        File.GetUnixFileMode(Paths().Record.Value).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _guestShell.IsOpen.Should().BeTrue();
        _log.ToString().Should().Contain("image 'base'").And.MatchRegex(@"Ready after \d+\.\d\d s \(source .*, disks .*, start .*, boot .*, ssh ");
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
            _hypervisor.Domains[Job().Key.Domain.Value] = "<domain/>";
            throw FakeHypervisor.Refusal(ErrorCodes.HypervisorCallTimedOut);
        });

        var prepare = () => PrepareAsync();

        await prepare.Should().ThrowAsync<HypervisorException>();
        NothingShouldBeLeft();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_dies_while_it_is_waited_for_ends_the_wait()
    {
        FailOnce("monitor", () => _hypervisor.Domains.Remove(Job().Key.Domain.Value));

        var prepare = () => PrepareAsync();

        await prepare.Should().ThrowAsync<GuestDiedException>();
        NothingShouldBeLeft();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_earlier_attempt_of_the_same_job_is_cleared_away_first()
    {
        await PrepareAsync();
        await File.WriteAllTextAsync(Paths().Directory.Child("left.qcow2").Value, "left");

        await PrepareAsync();

        _hypervisor.Domains.Should().ContainSingle();
        File.Exists(Paths().Directory.Child("left.qcow2").Value).Should().BeFalse();
    }

    [Theory]
    [InlineData(DomainState.Running, "is running")]
    [InlineData(DomainState.Paused, "is paused")]
    public async Task A_source_domain_that_is_not_off_is_refused_with_its_state(DomainState state, string expected)
    {
        _hypervisor.Domains["base"] = "<domain><!-- persistent --><devices/></domain>";
        _hypervisor.States["base"] = new DomainStatus(state, 1);

        var prepare = () => PrepareAsync(new ImageSource.Domain("base"));

        var failure = (await prepare.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.SourceNotShutOff);
        failure.Message.Should().Contain(expected);
        _hypervisor.Calls.Should().NotContain("shutdown base").And.NotContain("destroy base");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_source_that_may_be_shut_down_is_asked_and_never_destroyed()
    {
        _hypervisor.Domains["base"] = "<domain><!-- persistent --><os><type>hvm</type></os><devices/></domain>";

        await PrepareAsync(new ImageSource.Domain("base") { AllowShutdown = true });

        _hypervisor.Calls.Should().Contain("shutdown base").And.NotContain("destroy base");
        _hypervisor.Domains.Should().ContainKey("base");
        _log.ToString().Should().Contain("asking it to shut down (up to 3m)");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task On_a_shared_network_a_guest_with_anothers_card_is_not_taken_for_ours(bool ours)
    {
        var mac = Job().Key.Mac(0).Value;
        _hypervisor.Addresses[AddressSource.Lease] = new CardAddress(mac, "192.168.122.7");
        _guestShell.CommandOutput = $"00:00:00:00:00:00\n{(ours ? mac : "52:54:00:00:00:01")}\n";

        var prepare = () => PrepareAsync(network: new NetworkSettings { Mode = NetworkMode.Libvirt, Name = "ci" });

        if (ours)
        {
            await prepare();
        }
        else
        {
            (await prepare.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.GuestIsAnother);
            NothingShouldBeLeft();
        }
    }

    private static Job Job() => new()
    {
        Key = new JobKey("https://gitlab.example.com", "abc", 1),
        Id = 1,
        Server = "https://gitlab.example.com",
        Image = "base",
        Timeout = TimeSpan.FromHours(1),
    };

    private JobPaths Paths() => JobPaths.For(_state, Job().Key);

    private Task PrepareAsync(ImageSource? source = null, NetworkSettings? network = null)
    {
        File.WriteAllText(_state.Child("key").Value, "key");
        File.WriteAllText(_state.Child("base.qcow2").Value, "disk");
        var stopper = new DomainStopper(_hypervisor, TimeProvider.System);
        var stage = new PrepareStage(
            _hypervisor,
            _guestShell,
            new AcceleratorProbe(_hypervisor, _state),
            new CloneSource(_hypervisor, stopper),
            new CloneMaker(_hypervisor, new QemuImg(_qemuImg), stopper),
            new CloneRemover(_hypervisor, stopper, (_, _) => Task.CompletedTask),
            TimeProvider.System);
        var plan = new ClonePlan
        {
            Job = Job(),
            Paths = Paths(),
            Image = new ImageDefinition
            {
                File = _state.Child("base.yaml"),
                Name = new ImageName("base"),
                Network = network ?? new NetworkSettings(),
                Source = source ?? new ImageSource.DiskFile(_state.Child("base.qcow2")),
                Ssh = new SshSettings { User = "ci", Key = _state.Child("key") },
            },
        };
        return stage.RunAsync(plan, plan.Stamp(new RunnerProcess(1, 1), null, DateTimeOffset.UnixEpoch), new JobLog(_log), _cancel.Token);
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

        _hypervisor.Before = _guestShell.Before = _qemuImg.Before = Look;
    }

    private void NothingShouldBeLeft()
    {
        _hypervisor.Domains.Should().BeEmpty();
        _guestShell.IsOpen.Should().BeFalse();
        Directory.Exists(Paths().Directory.Value).Should().BeFalse();
        Directory.EnumerateFileSystemEntries(_state.Value, "*", SearchOption.AllDirectories)
            .Select(Path.GetFileName).Should().BeSubsetOf(["jobs", "accelerator.json", "key", "base.qcow2"]);
    }
}

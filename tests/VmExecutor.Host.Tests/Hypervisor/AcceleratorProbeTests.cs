using System.Text.Json.Nodes;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

public sealed class AcceleratorProbeTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-accelerator").FullName;
    private readonly FakeHypervisor _hypervisor = new();

    public void Dispose()
    {
        _hypervisor.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task KVM_counts_only_when_a_domain_with_a_processor_started_and_the_probe_is_removed()
    {
        var answer = await Probe().AskAsync(CancellationToken.None);

        answer.Should().Be(new AcceleratorAnswer(Accelerator.Kvm, null));
        _hypervisor.Calls.Should().Contain(call => call.StartsWith("create vmx-probe-"));
        _hypervisor.Domains.Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_processor_without_virtualisation_means_emulation_although_a_domain_starts(bool isRemembered)
    {
        if (isRemembered)
        {
            (await Probe().AskAsync(CancellationToken.None)).Accelerator.Should().Be(Accelerator.Kvm);
        }

        var probe = new AcceleratorProbe(_hypervisor, new AbsolutePath(_directory), TimeProvider.System, () => new KvmFiles(false, true, "kvm", true, null));

        (await probe.AskAsync(CancellationToken.None)).Should().Match<AcceleratorAnswer>(answer => answer.Accelerator == Accelerator.Tcg && answer.WhyNotKvm!.Contains("/proc/cpuinfo"));
    }

    [Fact]
    public async Task A_refused_start_means_emulation_with_the_reason()
    {
        RefuseStarts(ErrorCodes.DomainStartFailed);

        var answer = await Probe().AskAsync(CancellationToken.None);

        answer.Should().Be(new AcceleratorAnswer(Accelerator.Tcg, "libvirt says no"));
    }

    [Fact]
    public async Task The_reason_is_QEMUs_own_sentence()
    {
        _hypervisor.Before = call =>
        {
            if (call.StartsWith("create", StringComparison.Ordinal))
            {
                throw new HypervisorException(
                    ErrorCodes.DomainStartFailed,
                    "libvirt failed virDomainCreateXML: internal error: process exited: 2026-11-22T21:28:57Z qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69\nqemu: kvm_buf_set_msrs: Assertion `ret' failed.",
                    "hint");
            }
        };

        (await Probe().AskAsync(CancellationToken.None)).WhyNotKvm.Should().Be("failed to set MSR 0x10a to 0x69");
    }

    [Fact]
    public async Task The_answer_is_remembered_and_a_damaged_memory_is_asked_anew()
    {
        await Probe().AskAsync(CancellationToken.None);
        RefuseStarts(ErrorCodes.DomainStartFailed);

        (await Probe().AskAsync(CancellationToken.None)).Accelerator.Should().Be(Accelerator.Kvm);
        await File.WriteAllTextAsync(Path.Combine(_directory, "accelerator.json"), "{ \"question\":");
        (await Probe().AskAsync(CancellationToken.None)).Accelerator.Should().Be(Accelerator.Tcg);
    }

    [Fact]
    public async Task A_no_of_KVM_is_remembered_for_minutes_and_a_yes_for_good()
    {
        var time = new FakeTimeProvider(TestPlan.Now);
        Refuse("qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69");
        (await Probe(time).AskAsync(CancellationToken.None)).Accelerator.Should().Be(Accelerator.Tcg);

        _hypervisor.Before = _ => { };
        time.Advance(TimeSpan.FromMinutes(9));
        (await Probe(time).AskAsync(CancellationToken.None)).Accelerator.Should().Be(Accelerator.Tcg, "it is remembered");
        time.Advance(TimeSpan.FromMinutes(2));
        (await Probe(time).AskAsync(CancellationToken.None)).Accelerator.Should().Be(Accelerator.Kvm, "it is asked anew");

        RefuseStarts(ErrorCodes.DomainStartFailed);
        time.Advance(TimeSpan.FromDays(30));
        (await Probe(time).AskAsync(CancellationToken.None)).Accelerator.Should().Be(Accelerator.Kvm);
    }

    [Fact]
    public async Task Doctor_asks_anew_and_what_it_finds_is_remembered()
    {
        Refuse("Could not access KVM kernel module: Permission denied");
        await Probe().AskAsync(CancellationToken.None);
        _hypervisor.Before = _ => { };

        (await Probe().AskAnewAsync(CancellationToken.None)).Accelerator.Should().Be(Accelerator.Kvm);
        (await Probe().AskAsync(CancellationToken.None)).Accelerator.Should().Be(Accelerator.Kvm);
    }

    [Fact]
    public async Task A_look_gets_the_remembered_answer_and_starts_and_writes_nothing()
    {
        (await Probe().RecallAsync(CancellationToken.None)).Should().BeNull();
        _hypervisor.Calls.Should().BeEmpty("nothing is remembered that a version could fit");
        Directory.EnumerateFileSystemEntries(_directory).Should().BeEmpty();

        await Probe().AskAsync(CancellationToken.None);
        (await Probe().RecallAsync(CancellationToken.None))!.Accelerator.Should().Be(Accelerator.Kvm);
        _hypervisor.Calls.Where(call => call.StartsWith("create", StringComparison.Ordinal)).Should().ContainSingle("only who asks starts a domain");

        var probe = new AcceleratorProbe(_hypervisor, new AbsolutePath(_directory), TimeProvider.System, () => new KvmFiles(false, true, "kvm", true, null));
        (await probe.RecallAsync(CancellationToken.None))!.Accelerator.Should().Be(Accelerator.Tcg);
    }

    [Fact]
    public async Task A_start_that_failed_for_another_reason_is_not_remembered()
    {
        Refuse("cannot set up guest memory 'pc.ram': Cannot allocate memory");
        (await Probe().AskAsync(CancellationToken.None)).Accelerator.Should().Be(Accelerator.Tcg);

        _hypervisor.Before = _ => { };
        (await Probe().AskAsync(CancellationToken.None)).Accelerator.Should().Be(Accelerator.Kvm);
    }

    [Fact]
    public async Task A_connection_that_was_lost_during_the_start_says_nothing_about_KVM()
    {
        _hypervisor.Before = call =>
        {
            if (call.StartsWith("create", StringComparison.Ordinal))
            {
                throw new HypervisorException(ErrorCodes.DomainStartFailed, "End of file while reading data: kvm", "hint") { ConnectionLost = true };
            }
        };

        await FluentActions.Awaiting(() => Probe().AskAsync(CancellationToken.None)).Should().ThrowAsync<HypervisorException>();
        File.Exists(Path.Combine(_directory, "accelerator.json")).Should().BeFalse();
    }

    [Theory]
    [InlineData("Kvm", Accelerator.Kvm)]
    [InlineData("Tcg", Accelerator.Kvm)]
    public async Task Of_what_an_older_driver_remembered_only_a_yes_counts(string remembered, Accelerator expected)
    {
        await Probe().AskAsync(CancellationToken.None);
        var file = Path.Combine(_directory, "accelerator.json");
        var old = JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!;
        old.AsObject().Remove("Asked").Should().BeTrue();
        old["Answer"]!["Accelerator"] = remembered;
        await File.WriteAllTextAsync(file, old.ToJsonString(), TestContext.Current.CancellationToken);
        _hypervisor.Calls.Clear();

        (await Probe().AskAsync(CancellationToken.None)).Accelerator.Should().Be(expected);

        _hypervisor.Calls.Any(call => call.StartsWith("create", StringComparison.Ordinal)).Should().Be(remembered == "Tcg");
    }

    [Fact]
    public async Task An_answer_that_cannot_be_remembered_is_an_answer()
    {
        var nowhere = new AbsolutePath(_directory).Child("missing");

        (await new AcceleratorProbe(_hypervisor, nowhere, TimeProvider.System).AskAsync(CancellationToken.None)).Accelerator.Should().Be(Accelerator.Kvm);
    }

    [Fact]
    public async Task A_libvirt_that_does_not_answer_says_nothing_about_KVM()
    {
        RefuseStarts(ErrorCodes.HypervisorCallTimedOut);

        var ask = () => Probe().AskAsync(CancellationToken.None);

        await ask.Should().ThrowAsync<HypervisorException>();
        File.Exists(Path.Combine(_directory, "accelerator.json")).Should().BeFalse();
    }

    private AcceleratorProbe Probe(TimeProvider? time = null) => new(_hypervisor, new AbsolutePath(_directory), time ?? TimeProvider.System);

    private void Refuse(string words) => _hypervisor.Before = call =>
    {
        if (call.StartsWith("create", StringComparison.Ordinal))
        {
            throw new HypervisorException(
                ErrorCodes.DomainStartFailed, $"libvirt failed virDomainCreateXML: internal error: process exited: 2026-11-22T21:28:57Z {words}", "hint");
        }
    };

    private void RefuseStarts(ErrorCode code) => _hypervisor.Before = call =>
    {
        if (call.StartsWith("create", StringComparison.Ordinal))
        {
            throw FakeHypervisor.Refusal(code);
        }
    };
}

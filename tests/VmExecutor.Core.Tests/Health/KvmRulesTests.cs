using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class KvmRulesTests
{
    private static readonly KvmState Good = new()
    {
        Works = true,
        IsOffered = true,
        HasFlag = true,
        IsGuest = false,
        Module = "kvm_intel",
        HasNode = true,
        Daemon = LibvirtDaemon.OfQemu,
        Wanted = [Accelerator.Auto],
    };

    public static TheoryData<string, string, string> Obstacles => new()
    {
        { "flag", "no vmx or svm", "firmware-setup" },
        { "flag of a guest", "is a virtual machine", "options kvm_intel nested=1" },
        { "node", "no /dev/kvm", "modprobe kvm_intel" },
        { "node's mode", "may not open /dev/kvm", "chgrp kvm /dev/kvm && chmod 0660 /dev/kvm" },
        { "offer", "libvirt does not offer it", "systemctl restart virtqemud " },
        { "start", "failed to set MSR", "journalctl -k" },
        { "start in a guest", "failed to set MSR", "nested=1" },
    };

    [Fact]
    public void A_processor_that_starts_is_all_that_counts() =>
        KvmRules.Decide(Good with { HasFlag = false, HasNode = false, IsOffered = false }).Status.Should().Be(CheckStatus.Ok);

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void The_first_missing_part_is_named_with_its_remedy(string missing, string found, string fix)
    {
        var finding = KvmRules.Decide(Broken(missing));

        finding.Status.Should().Be(missing == "node's mode" ? CheckStatus.Problem : CheckStatus.Warning);
        finding.Found.Should().Contain(found);
        finding.Fix.Should().Contain(fix);
    }

    [Theory]
    [InlineData(CheckStatus.Problem, Accelerator.Auto, Accelerator.Kvm)]
    [InlineData(CheckStatus.Warning, Accelerator.Auto, Accelerator.Tcg)]
    [InlineData(CheckStatus.Ok, Accelerator.Tcg)]
    [InlineData(CheckStatus.Warning)]
    public void The_status_depends_on_the_accelerator_that_the_images_want(CheckStatus expected, params Accelerator[] wanted) =>
        KvmRules.Decide(Broken("node") with { Wanted = wanted }).Status.Should().Be(expected);

    [Fact]
    public void A_device_that_QEMU_may_not_open_slows_starts_also_where_the_processor_offers_nothing_and_no_image_wants_it()
    {
        var finding = KvmRules.Decide(Broken("node's mode") with { HasFlag = false, IsGuest = true, Wanted = [Accelerator.Tcg] });

        finding.Status.Should().Be(CheckStatus.Problem);
        finding.Found.Should().Contain("may not open /dev/kvm");
    }

    [Fact]
    public void Nothing_is_claimed_when_libvirt_could_not_be_asked()
    {
        KvmRules.Decide(Good with { Works = null, IsOffered = null }).Status.Should().Be(CheckStatus.Skipped);
        KvmRules.Decide(Broken("node") with { Works = null, IsOffered = null }).Status.Should().Be(CheckStatus.Warning, "that there is no device is certain");
    }

    [Theory]
    [InlineData(true, "Y\n", CheckStatus.Ok, "on:", null)]
    [InlineData(true, "1", CheckStatus.Ok, "on:", null)]
    [InlineData(true, "N\n", CheckStatus.Ok, "off:", "nested=1")]
    [InlineData(true, null, CheckStatus.Ok, "does not say", null)]
    [InlineData(false, "Y", CheckStatus.Skipped, "see 'kvm'", null)]
    [InlineData(null, "Y", CheckStatus.Skipped, "see 'kvm'", null)]
    public void Nested_virtualisation_is_told_as_the_module_has_it(bool? works, string? parameter, CheckStatus status, string found, string? fix)
    {
        var finding = KvmRules.DecideNested(works, "kvm_amd", parameter);

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
        (fix is null ? finding.Fix is null : finding.Fix?.Contains(fix, StringComparison.Ordinal) == true).Should().BeTrue($"'{finding.Fix}' is to be '{fix}'");
    }

    private static KvmState Broken(string missing)
    {
        var look = Good with { Works = false, WhyNot = "failed to set MSR 0x10a" };
        return missing switch
        {
            "flag" => look with { HasFlag = false },
            "flag of a guest" => look with { HasFlag = false, IsGuest = true },
            "node" => look with { HasNode = false },
            "node's mode" => look with { IsNodeOpen = false },
            "offer" => look with { IsOffered = false },
            "start in a guest" => look with { IsGuest = true },
            _ => look,
        };
    }
}

using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class TpmRulesTests
{
    private static readonly TpmAuthority Fine = new("tss", new AbsolutePath("/var/lib/swtpm-localca"));

    [Theory]
    [InlineData("<domain><devices><tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm></devices></domain>", true)]
    [InlineData("<domain><devices><tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm></devices></domain>", false)]
    [InlineData("<domain><devices><tpm model='tpm-tis'/><disk/></devices><metadata><tpm><backend type='emulator'/></tpm></metadata></domain>", false)]
    [InlineData("<domain/>", false)]
    public void An_emulated_TPM_is_known_by_its_backend(string definition, bool expected) => TpmRules.HasEmulatedTpm(definition).Should().Be(expected);

    [Fact]
    public void Nothing_is_said_where_no_image_has_a_TPM() =>
        TpmRules.Decide([], ["swtpm"], Fine with { Refused = Fine.Directory }, LibvirtDaemon.OfQemu).Should().BeEmpty();

    [Fact]
    public void Programs_that_are_not_there_are_named() =>
        TpmRules.Decide(["win"], ["swtpm", "swtpm_setup"], Fine, LibvirtDaemon.OfQemu).Should().Equal(Checks.Tpm.Problem(
            "image win has an emulated TPM, and there is no swtpm and no swtpm_setup: VMs do not start", "apt-get install swtpm swtpm-tools && systemctl restart virtqemud"));

    [Fact]
    public void Files_of_another_owner_are_given_to_the_user_as_whom_libvirt_runs_swtpm() =>
        TpmRules.Decide(["a", "b"], [], Fine with { Refused = Fine.Directory.Child(".lock.swtpm-localca"), RefusedMode = "owner 0, mode 755" }, LibvirtDaemon.OfQemu).Should().Equal(Checks.Tpm.Problem(
            "images a, b have an emulated TPM, but tss, as whom libvirt runs swtpm, may not use /var/lib/swtpm-localca/.lock.swtpm-localca (owner 0, mode 755): swtpm_setup fails, and VMs do not start",
            "chown -R tss:root /var/lib/swtpm-localca"));

    [Fact]
    public void A_directory_that_is_not_there_is_to_be_made() =>
        TpmRules.Decide(["win"], [], Fine with { Directory = new AbsolutePath("/srv/a b"), Refused = new AbsolutePath("/srv/a b") }, LibvirtDaemon.OfQemu).Should().ContainSingle()
            .Which.Should().Match<Finding>(finding => finding.Status == CheckStatus.Problem && finding.Fix == "install -d -m 0750 -o tss -g root '/srv/a b'");

    [Theory]
    [InlineData(true, true, CheckStatus.Ok, "tss, as whom libvirt runs swtpm, may use /var/lib/swtpm-localca")]
    [InlineData(true, false, CheckStatus.Skipped, "only root can see")]
    [InlineData(false, true, CheckStatus.Ok, "swtpm and swtpm_setup are there")]
    public void An_authority_that_can_be_used_is_fine(bool isOfSystem, bool isVisible, CheckStatus status, string found)
    {
        var finding = TpmRules.Decide(["win"], [], isOfSystem ? Fine with { IsVisible = isVisible } : null, LibvirtDaemon.OfQemu).Should().ContainSingle().Which;

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }
}

using FluentAssertions;
using VmExecutor.Core.Health;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class ToolVersionsTests
{
    [Theory]
    [InlineData("OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026\n", CheckStatus.Ok, "9.2")]
    [InlineData("OpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1", CheckStatus.Ok, "10.0")]
    [InlineData("OpenSSH_8.1p1, LibreSSL 2.7.3", CheckStatus.Ok, "8.1")]
    [InlineData("OpenSSH_7.9p1 Debian-10+deb10u4", CheckStatus.Problem, "7.9")]
    [InlineData("Dropbear v2022.83", CheckStatus.Warning, "Dropbear")]
    public void An_ssh_client_must_understand_the_options_it_is_given(string words, CheckStatus status, string found)
    {
        var finding = ToolVersions.DecideSsh(words);

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }

    [Theory]
    [InlineData("9.0.0", CheckStatus.Ok)]
    [InlineData("11.3.0", CheckStatus.Ok)]
    [InlineData("8.0.0", CheckStatus.Warning)]
    [InlineData("odd", CheckStatus.Ok)]
    public void A_libvirt_that_was_never_tried_is_told(string version, CheckStatus status)
    {
        var finding = ToolVersions.DecideLibvirt("qemu:///system", version);

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain($"libvirt {version} answers at qemu:///system");
    }

    [Theory]
    [InlineData("7.2.22", "/usr/bin/qemu-system-x86_64", true, CheckStatus.Ok, "QEMU 7.2.22 (/usr/bin/qemu-system-x86_64)")]
    [InlineData("6.2.0", "/usr/bin/qemu-system-x86_64", true, CheckStatus.Warning, "older than 7.2")]
    [InlineData("7.2.22", "/opt/qemu", false, CheckStatus.Problem, "/opt/qemu")]
    [InlineData("7.2.22", null, false, CheckStatus.Problem, "knows no QEMU for x86_64")]
    public void QEMU_must_be_there_for_the_hosts_processor(string version, string? emulator, bool isThere, CheckStatus status, string found)
    {
        var finding = ToolVersions.DecideQemu(version, emulator, isThere, "x86_64");

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }

    [Theory]
    [InlineData("qemu-img version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright", CheckStatus.Ok, "qemu-img 7.2.22")]
    [InlineData("qemu-img version 5.2.0", CheckStatus.Warning, "5.2.0")]
    [InlineData("what?", CheckStatus.Warning, "what?")]
    public void Qemu_img_tells_its_version(string words, CheckStatus status, string found)
    {
        var finding = ToolVersions.DecideQemuImg(words);

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }
}

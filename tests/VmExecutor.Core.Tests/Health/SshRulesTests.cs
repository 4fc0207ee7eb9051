using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class SshRulesTests
{
    private static readonly Account Root = new(0, "root", ["root"]);
    private static readonly Account Runner = new(999, "gitlab-runner", ["gitlab-runner", "libvirt"]);

    [Theory]
    [InlineData("OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026\n", CheckStatus.Ok, "9.2")]
    [InlineData("OpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1", CheckStatus.Ok, "10.0")]
    [InlineData("OpenSSH_8.1p1, LibreSSL 2.7.3", CheckStatus.Ok, "8.1")]
    [InlineData("OpenSSH_7.9p1 Debian-10+deb10u4", CheckStatus.Problem, "7.9")]
    [InlineData("Dropbear v2022.83", CheckStatus.Warning, "Dropbear")]
    public void An_ssh_client_must_understand_the_options_it_is_given(string words, CheckStatus status, string found)
    {
        var finding = SshRules.DecideSsh(words);

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }

    [Theory]
    [InlineData("root", 0u, "600", true, CheckStatus.Ok, null)]
    [InlineData("root", 0u, "644", true, CheckStatus.Problem, "chmod 600 '/k'")]
    [InlineData("root", 0u, "640", true, CheckStatus.Problem, "chmod 600 '/k'")]
    [InlineData("root", 999u, "640", true, CheckStatus.Ok, null)]
    [InlineData("runner", 999u, "400", true, CheckStatus.Ok, null)]
    [InlineData("runner", 0u, "600", false, CheckStatus.Problem, "chown gitlab-runner '/k' && chmod 600 '/k'")]
    [InlineData("runner", 0u, "600", true, CheckStatus.Warning, "chown gitlab-runner '/k'")]
    [InlineData("runner", null, "0", false, CheckStatus.Problem, "namei -l '/k'")]
    public void A_key_must_be_the_runners_alone(string user, uint? owner, string mode, bool readable, CheckStatus status, string? fix)
    {
        var finding = SshRules.DecideKey(new KeyState(["small"], new AbsolutePath("/k"), owner, (UnixFileMode)Convert.ToInt32(mode, 8), readable, null), user switch { "root" => Root, _ => Runner });

        finding.Status.Should().Be(status, finding.Found);
        finding.Fix.Should().Be(fix);
    }

    [Fact]
    public void A_key_that_ssh_cannot_use_is_a_problem_under_every_owner()
    {
        var look = new KeyState(["small"], new AbsolutePath("/k"), 999, (UnixFileMode)0b110_000_000, IsReadable: true, new KeyTrouble("is a public key", "name the private key: /x"));

        var finding = SshRules.DecideKey(look, Runner);

        finding.Status.Should().Be(CheckStatus.Problem);
        finding.Found.Should().Be("image small: the key /k is a public key");
        finding.Fix.Should().Be("name the private key: /x");
    }
}

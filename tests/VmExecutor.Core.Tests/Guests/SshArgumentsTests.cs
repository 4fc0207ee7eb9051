using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

public sealed class SshArgumentsTests
{
    private static readonly GuestAccess Access = new(
        new DomainName("vmx-abc-7"),
        new GuestAddress("127.0.0.1", 40022),
        new GuestUser("ci"),
        new AbsolutePath("/keys/50% of it"),
        new AbsolutePath("/jobs/7"),
        [HostKey.Parse("ssh-rsa AAAA comment"), HostKey.Parse("ssh-ed25519 BBBB")],
        GuestShell.Bash);

    [Fact]
    public void A_pinned_key_is_demanded_by_name_and_type()
    {
        var arguments = SshArguments.Open(Access, firstContact: false);

        arguments.Should().Contain(["StrictHostKeyChecking=yes", "HostKeyAlias=vmx-abc-7", "HostKeyAlgorithms=rsa-sha2-512,rsa-sha2-256,ssh-ed25519"]);
        Access.KnownHosts.Should().Be("vmx-abc-7 ssh-rsa AAAA\nvmx-abc-7 ssh-ed25519 BBBB\n");
    }

    [Fact]
    public void Only_the_first_contact_takes_an_unknown_key() =>
        SshArguments.Open(Access with { HostKeys = [] }, firstContact: true).Should().Contain("StrictHostKeyChecking=accept-new");

    [Fact]
    public void A_percent_sign_in_the_keys_path_is_no_token_of_ssh() =>
        SshArguments.Open(Access, false).Should().Contain("IdentityFile=\"/keys/50%% of it\"");

    [Fact]
    public void A_run_never_opens_a_connection_of_its_own() =>
        SshArguments.Run(Access, "true").Should().ContainInOrder("-S", "ssh.sock").And.Contain(["ControlMaster=no", "ProxyCommand=false"]).And.EndWith(["--", "127.0.0.1", "true"]);

    [Fact]
    public void A_person_comes_in_over_a_connection_that_is_there_and_never_over_another()
    {
        SshArguments.Enter(Access, terminal: true, commandLine: null).Should()
            .ContainInOrder("-t", "-S", "ssh.sock")
            .And.Contain(["ControlMaster=no", "ProxyCommand=false", "HostKeyAlias=vmx-abc-7", "ForwardAgent=no"])
            .And.EndWith(["--", "127.0.0.1"]);
        SshArguments.Enter(Access, terminal: false, "df -h").Should().StartWith("-T").And.EndWith(["--", "127.0.0.1", "df -h"]);
        SshArguments.Enter(Access.Beside(4711), terminal: true, commandLine: null).Should().ContainInOrder("-S", "4711.ssh.sock").And.Contain("ProxyCommand=false");
    }

    [Fact]
    public void A_connection_beside_the_kept_one_shares_no_file_with_it_but_the_hosts_file()
    {
        var kept = SshArguments.Open(Access, firstContact: false);

        SshArguments.Open(Access.Beside(4711), firstContact: false).Except(kept).Should().BeEquivalentTo("4711.ssh.sock", "4711.ssh.log", "ControlPersist=60");
        kept.Should().NotContain(argument => argument.StartsWith("ControlPersist", StringComparison.Ordinal), "the job needs it for as long as the job lasts");
    }

    [Theory]
    [InlineData("-oProxyCommand=id", 22)]
    [InlineData("", 22)]
    [InlineData("a b", 22)]
    [InlineData("host", 0)]
    [InlineData("host", 65536)]
    public void A_text_that_ssh_could_take_for_an_option_is_no_address(string host, int port) =>
        FluentActions.Invoking(() => new GuestAddress(host, port)).Should().Throw<ArgumentException>();

    [Theory]
    [InlineData("-root")]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("a@b")]
    public void A_text_that_ssh_could_take_for_an_option_is_no_user(string name) =>
        GuestUser.TryParse(name, out _).Should().BeFalse();

    [Theory]
    [InlineData("ssh-ed25519 AAAA\nevil ssh-rsa BBBB")]
    [InlineData("ssh-ed25519")]
    [InlineData("no-key AAAA")]
    [InlineData("ssh-ed25519 not!base64")]
    [InlineData(null)]
    public void A_text_that_is_no_single_public_key_is_refused(string? text) =>
        HostKey.TryParse(text, out _).Should().BeFalse();
}

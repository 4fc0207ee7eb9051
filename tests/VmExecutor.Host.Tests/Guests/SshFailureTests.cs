using FluentAssertions;
using VmExecutor.Host.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

public sealed class SshFailureTests
{
    [Theory]
    [InlineData("ssh: connect to host 127.0.0.1 port 22: Connection refused\r\n", "NotYet")]
    [InlineData("kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 127.0.0.1 port 22\r\n", "NotYet")]
    [InlineData("Connection timed out during banner exchange\r\n", "NotYet")]
    [InlineData("ssh: connect to host 10.0.0.9 port 22: No route to host\r\n", "NotYet")]
    [InlineData("", "NotYet")]
    [InlineData("root@127.0.0.1: Permission denied (publickey).\r\n", "Denied")]
    [InlineData("Received disconnect from 127.0.0.1 port 22:2: Too many authentication failures\r\n", "Denied")]
    [InlineData("@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\nHost key verification failed.\r\n", "HostKeyChanged")]
    [InlineData("No ED25519 host key is known for vmx-1 and you have requested strict checking.\r\nHost key verification failed.\r\n", "HostKeyChanged")]
    [InlineData("Unable to negotiate with 127.0.0.1 port 22: no matching host key type found. Their offer: ssh-ed25519\r\n", "HostKeyChanged")]
    [InlineData("Load key \"/k\": bad permissions\r\nroot@127.0.0.1: Permission denied (publickey).\r\n", "KeyUnusable")]
    [InlineData("Unable to negotiate with 127.0.0.1 port 22: no matching key exchange method found. Their offer: x\r\n", "Incompatible")]
    public void Messages_of_ssh_are_sorted_by_what_can_still_help(string log, string kind) =>
        SshFailure.From(log).Kind.ToString().Should().Be(kind);

    [Theory]
    [InlineData("Connection closed by 127.0.0.1 port 22\r\n", true)]
    [InlineData("Connection reset by UNKNOWN port 65535\r\n", true)]
    [InlineData("System is booting up. Unprivileged users are not permitted to log in yet.\r\nConnection closed by 127.0.0.1 port 22\r\n", true)]
    [InlineData("kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 127.0.0.1 port 22\r\n", false)]
    [InlineData("kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 127.0.0.1 port 22\r\n", false)]
    [InlineData("Connection timed out during banner exchange\r\nConnection to 127.0.0.1 port 22 timed out\r\n", false)]
    [InlineData("ssh: connect to host 127.0.0.1 port 22: Connection refused\r\n", false)]
    [InlineData("", false)]
    public void A_connection_that_is_closed_after_the_greeting_is_no_limit_of_connections(string log, bool closed) =>
        SshFailure.From(log).ClosedInLogin.Should().Be(closed);

    [Fact]
    public void The_evidence_is_the_last_telling_lines_without_the_art() =>
        SshFailure.From("@@@@@@@\r\n@ WARNING: UNPROTECTED PRIVATE KEY FILE! @\r\n@@@@@@@\r\nPermissions 0644 for '/k' are too open.\r\nLoad key \"/k\": bad permissions\r\n")
            .Evidence.Should().Be("Permissions 0644 for '/k' are too open.; Load key \"/k\": bad permissions");
}

using System.Text;
using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Login;
using VmExecutor.Core.Values;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace VmExecutor.Core.Tests.Guests.Login;

public sealed class LoginTextTests
{
    private static readonly DomainName Domain = new("vmx-abc-1-0a1b2c");
    private static readonly HostKey Authorized = HostKey.Parse("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5");
    private static readonly HostKey OfHost = HostKey.Parse("ssh-ed25519 BBBBC3NzaC1lZDI1NTE5");

    [Fact]
    public void User_data_says_who_may_log_in_the_name_and_the_host_key_and_changes_nothing_else()
    {
        var text = CloudInitSeed.UserData(new GuestUser("ci"), Authorized, Domain, "line 1: # \"\\\nline\t2 \u2028\U0001F600\n", OfHost);

        text.Should().StartWith("#cloud-config\n");
        var root = Parse(text);
        root.Children.Keys.Select(key => key.ToString()).Should().Equal("hostname", "preserve_hostname", "users", "ssh_deletekeys", "ssh_keys");
        root["hostname"].ToString().Should().Be(Domain.Value);
        root["ssh_keys"]["ed25519_private"].ToString().Should().Be("line 1: # \"\\\nline\t2 \u2028\U0001F600\n");
        root["ssh_keys"]["ed25519_public"].ToString().Should().Be(OfHost.ToString());
        var user = (YamlMappingNode)root["users"][1];
        user.Children.Keys.Select(key => key.ToString()).Should().Equal("name", "lock_passwd", "ssh_authorized_keys");
        user["name"].ToString().Should().Be("ci");
        user["ssh_authorized_keys"][0].ToString().Should().Be($"{Authorized} {Domain}");
    }

    [Fact]
    public void Root_may_log_in_only_where_the_image_says_that_root_does()
    {
        Parse(CloudInitSeed.UserData(new GuestUser("root"), Authorized, Domain, "x", OfHost))["disable_root"].ToString().Should().Be("false");
    }

    [Fact]
    public void Another_attempt_is_another_instance()
    {
        var one = Parse(CloudInitSeed.MetaData(Domain, OfHost));
        var two = Parse(CloudInitSeed.MetaData(Domain, Authorized));

        one["local-hostname"].ToString().Should().Be(Domain.Value);
        one["instance-id"].ToString().Should().StartWith($"{Domain}-").And.NotBe(two["instance-id"].ToString());
    }

    [Theory]
    [InlineData("ci", "/home/ci/.ssh")]
    [InlineData("root", "/root/.ssh")]
    public void The_credential_has_lines_for_the_users_own_keys_and_the_name(string user, string directory)
    {
        var text = TmpfilesCredential.OemString(new GuestUser(user), Authorized, Domain);

        text.Should().StartWith("io.systemd.credential.binary:tmpfiles.extra=");
        var lines = Encoding.ASCII.GetString(Convert.FromBase64String(text.Split('=', 2)[1])).Split('\n');
        lines.Should().Equal(
            $"d {directory} 0700 {user} - - -",
            $"f+~ {directory}/authorized_keys 0600 {user} - - {Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Authorized} {Domain}\n"))}",
            $"f+ /etc/hostname 0644 root root - {Domain}\\n",
            $"w /proc/sys/kernel/hostname - - - - {Domain}",
            "");
    }

    private static YamlMappingNode Parse(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        return (YamlMappingNode)yaml.Documents.Should().ContainSingle().Which.RootNode;
    }
}

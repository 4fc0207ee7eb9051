using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

/// <summary>ssh's arguments for every access that can come into being.</summary>
public sealed class ArbitraryAccessTests
{
    private static readonly string[] WithValue = ["-o", "-E", "-F", "-S", "-l", "-p", "-O"];

    [Fact]
    public void Every_option_is_one_of_ours_and_what_follows_the_dashes_is_no_option() =>
        ForAny.Value(Accesses().SelectMany(_ => HostileText.Any, (access, command) => (access, command)), given =>
        {
            var (access, command) = given;

            ShouldBeOurs(SshArguments.Open(access, firstContact: false), access, 1);
            ShouldBeOurs(SshArguments.Open(access, firstContact: true), access, 1);
            ShouldBeOurs(SshArguments.Run(access, command), access, 2);
            SshArguments.Run(access, command)[^1].Should().Be(command, "it is the guest's shell that reads it");
        });

    [Fact]
    public void Nothing_of_an_access_but_the_keys_path_can_bring_an_option_of_its_own() =>
        ForAny.Value(Accesses(), access =>
        {
            var options = SshArguments.Open(access, firstContact: false).Where(argument => argument.Contains('=', StringComparison.Ordinal)).ToList();

            options.Should().OnlyHaveUniqueItems(option => option.Split('=', 2)[0]);
            options.Where(option => !option.StartsWith("IdentityFile=", StringComparison.Ordinal)).Should().OnlyContain(option => !option.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '"'));
            options.Should().NotContain(option => option.StartsWith("Proxy", StringComparison.Ordinal) || option.StartsWith("LocalCommand", StringComparison.Ordinal));
        });

    [Fact]
    public void Known_hosts_has_one_line_for_each_pinned_key_under_the_domains_name() =>
        ForAny.Value(Accesses(), access =>
        {
            var lines = access.KnownHosts.Split('\n');

            lines[^1].Should().BeEmpty();
            lines[..^1].Should().Equal(access.HostKeys.Select(key => $"{access.Domain} {key.Type} {key.Base64}"));
            lines[..^1].Should().NotContain(line => line.Count(char.IsWhiteSpace) != 2);
        });

    private static void ShouldBeOurs(IReadOnlyList<string> arguments, GuestAccess access, int operands)
    {
        var end = arguments.ToList().IndexOf("--");
        arguments.Skip(end + 1).Should().HaveCount(operands);
        arguments[end + 1].Should().Be(access.Address.Host).And.NotStartWith("-");
        for (var index = 0; index < end; index++)
        {
            if (!WithValue.Contains(arguments[index]))
            {
                arguments[index].Should().BeOneOf("-f", "-N", "-M");
                continue;
            }

            var value = arguments[++index];
            value.Should().NotStartWith("-");
            if (arguments[index - 1] == "-o")
            {
                value.Should().MatchRegex(@"\A[A-Z][A-Za-z0-9]+=");
            }
        }
    }

    // Whatever can be made of hostile text; what is refused is replaced by something plain.
    private static Gen<GuestAccess> Accesses() =>
        from token in HostileText.Any
        from host in Gen.OneOf(HostileText.Any, Gen.Elements("127.0.0.1", "::1", "guest.example"))
        from port in Gen.Choose(1, 65_535)
        from user in Gen.OneOf(HostileText.Any, Gen.Elements("_-.", "ci"))
        from key in HostileText.Any
        from keys in Gen.OneOf(HostileText.Any, Gen.Elements("ssh-rsa AAAA x", "ssh-ed25519 BBBB")).ListOf()
        from shell in Gen.Elements(GuestShell.Bash, GuestShell.Sh, GuestShell.Pwsh)
        select new GuestAccess(
            new JobKey("https://gitlab.example.com", token, 7).Domain,
            GuestAddress.TryParse(host, port, out var address) ? address : new GuestAddress("10.0.0.1", port),
            GuestUser.TryParse(user, out var name) ? name : new GuestUser("ci"),
            AbsolutePath.TryParse("/" + key, out var path) ? path : new AbsolutePath("/key"),
            new AbsolutePath("/state/jobs/x"),
            [.. keys.Select(text => HostKey.TryParse(text, out var hostKey) ? hostKey : HostKey.Parse("ssh-ed25519 CCCC"))],
            shell);
}

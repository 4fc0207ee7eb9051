using System.Diagnostics;
using System.Text;
using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>The key's path is the one option of ours that is free text; ssh itself says what it understands (<c>ssh -G</c>).</summary>
public sealed class KeyPathTests
{
    [Fact(Timeout = 120_000)]
    public async Task Any_path_of_a_key_is_one_file_to_ssh_and_no_other_option() =>
        await Task.Run(() => ForAny.Value(
            HostileText.Decoded.Select(text => AbsolutePath.TryParse("/" + text, out var path) ? path : new AbsolutePath("/key")),
            ShouldBeTheIdentity));

    [Theory]
    [InlineData("/a\"b")]
    [InlineData("/a\" ProxyCommand=id \"")]
    [InlineData("/a\\")]
    [InlineData("/a\\\\b\\\" #c")]
    public void Quotes_and_backslashes_are_parts_of_the_path(string path) => ShouldBeTheIdentity(new AbsolutePath(path));

    private static void ShouldBeTheIdentity(AbsolutePath key)
    {
        var access = new GuestAccess(
            new DomainName("vmx-a-1"), new GuestAddress("127.0.0.1", 22), new GuestUser("ci"), key, new AbsolutePath("/state"), [], GuestShell.Bash);
        var arguments = SshArguments.Open(access, firstContact: true);
        var identity = arguments.Single(argument => argument.StartsWith("IdentityFile=", StringComparison.Ordinal));

        // Printed before its tokens are replaced.
        Understood(identity).Should().BeEquivalentTo(
            Understood("IdentityFile=/plain").Append($"identityfile {key.Value.Replace("%", "%%", StringComparison.Ordinal)}").Except(["identityfile /plain"]));
    }

    private static string[] Understood(string option)
    {
        using var ssh = Process.Start(new ProcessStartInfo("ssh", ["-G", "-T", "-F", "/dev/null", "-o", option, "--", "127.0.0.1"])
        {
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.UTF8,
        })!;
        var output = ssh.StandardOutput.ReadToEnd();
        ssh.WaitForExit();
        ssh.ExitCode.Should().Be(0, option);
        return output.Split('\n');
    }
}

using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Login;
using VmExecutor.Core.Values;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Guests.Login;

/// <summary>The texts of logins, read by systemd and cloud-init themselves.</summary>
public sealed class LoginTextTests : IDisposable
{
    private static readonly DomainName Domain = new("vmx-abc-1-0a1b2c");
    private static readonly HostKey Authorized = HostKey.Parse("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB4XobzWh5jrNZGF0AKhz9FPgbKhZxHzW0d0nUIuAbCd");
    private static readonly ToolRunner Tools = new(new ToolEnvironment(new Dictionary<string, string>()), TimeProvider.System);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("vmx-login-");

    public void Dispose() => _root.Delete(recursive: true);

    [Theory(Timeout = 60_000)]
    [InlineData("ci", "home/ci")]
    [InlineData("root", "root")]
    public async Task Systemd_tmpfiles_gives_the_user_the_key_and_the_guest_its_name(string user, string home)
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "only root can make another user's files");
        await RequireAsync("systemd-tmpfiles", "systemd");
        Write("etc/passwd", "root:x:0:0::/root:/bin/sh\nci:x:1234:1234::/home/ci:/bin/sh\n");
        Write("etc/group", "root:x:0:\nci:x:1234:\n");
        Write("etc/hostname", "image\n");
        Write("proc/sys/kernel/hostname", "image\n");
        Write($"{home}/.ssh/authorized_keys", "ssh-ed25519 AAAA baked into the image\n");
        await RunAsync("chown", "-R", user == "ci" ? "1234:1234" : "0:0", In(home));
        Write("extra.conf", TmpfilesCredential.Lines(new GuestUser(user), Authorized, Domain));

        var result = await RunAsync("systemd-tmpfiles", $"--root={_root.FullName}", "--create", In("extra.conf"));

        result.StandardError.Should().BeEmpty();
        File.ReadAllText(In($"{home}/.ssh/authorized_keys")).Should().Be($"{Authorized} {Domain}\n");
        (await RunAsync("stat", "-c", "%u:%a", In($"{home}/.ssh/authorized_keys"), In($"{home}/.ssh"))).StandardOutput
            .Should().Be(user == "ci" ? "1234:600\n1234:700\n" : "0:600\n0:700\n");
        File.ReadAllText(In("etc/hostname")).Should().Be($"{Domain}\n");
        File.ReadAllText(In("proc/sys/kernel/hostname")).Trim().Should().Be(Domain.Value);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("ci")]
    [InlineData("root")]
    public async Task Cloud_init_finds_nothing_wrong_with_the_user_data(string user)
    {
        await RequireAsync("cloud-init", "cloud-init");
        Write("user-data", CloudInitSeed.UserData(new GuestUser(user), Authorized, Domain, "-----BEGIN OPENSSH PRIVATE KEY-----\nb3\n-----END OPENSSH PRIVATE KEY-----\n", Authorized));

        var result = await Tools.RunAsync(new ToolCall("cloud-init", ["schema", "--config-file", In("user-data")]), TestContext.Current.CancellationToken);

        result.ExitCode.Should().Be(0, result.StandardOutput + result.StandardError);
        (result.StandardOutput + result.StandardError).Should().Contain("Valid").And.NotContainEquivalentOf("deprecat");
    }

    private static async Task RequireAsync(string tool, string package)
    {
        var found = await Tools.RunAsync(new ToolCall("sh", ["-c", "command -v \"$1\"", "sh", tool]), TestContext.Current.CancellationToken);
        Prerequisite.Require(found.ExitCode == 0, $"{tool} is not installed: apt-get install {package}");
    }

    private static async Task<ToolResult> RunAsync(string tool, params string[] arguments)
    {
        var result = await Tools.RunAsync(new ToolCall(tool, arguments), TestContext.Current.CancellationToken);
        result.EnsureSuccess();
        return result;
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(name))!);
        File.WriteAllText(In(name), text);
    }

    private string In(string name) => Path.Combine(_root.FullName, name);
}

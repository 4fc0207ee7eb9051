using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Users;
using Xunit;

namespace VmExecutor.Host.Tests.Users;

/// <summary>The directory in which swtpm makes the sockets of TPMs, for QEMUs that run as users of their own.</summary>
public sealed class TpmSocketsTests : IDisposable
{
    // No user or group of this host has these numbers.
    private const uint Qemu = 3_800_000_011;
    private const uint SwtpmGroup = 3_800_000_012;
    private const uint Users = 3_800_000_013;
    private const uint Stranger = 3_800_000_014;

    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-tpm-").FullName);

    public TpmSocketsTests()
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "only root gives files to other users");
        File.SetUnixFileMode(_directory.Value, File.GetUnixFileMode(_directory.Value) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    /// <summary>As after each start of the host, when libvirt has not made it yet, and as later.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_directory_that_libvirt_takes_over_is_swtpms_and_lets_the_users_pass(bool isThere)
    {
        var sockets = _directory.Child("swtpm");
        if (isThere)
        {
            await TakeOverAsync(sockets);
        }

        VmUserFiles.LetPassToTpmSockets(sockets, Users);
        await TakeOverAsync(sockets);

        (await AsAsync(SwtpmGroup, $"echo socket > {sockets}/a.sock && chmod 0644 {sockets}/a.sock")).Should().Be(0, "swtpm makes its socket there");
        (await AsAsync(Users, $"cat {sockets}/a.sock")).Should().Be(0, "a VM's user passes through");
        (await AsAsync(Users, $"ls {sockets}")).Should().NotBe(0);
        (await AsAsync(Users, $"echo planted > {sockets}/b.sock")).Should().NotBe(0);
        (await AsAsync(Stranger, $"cat {sockets}/a.sock")).Should().NotBe(0);
    }

    /// <summary>As qemuTPMEmulatorPrepareHost does (qemu_tpm.c): virDirCreate with VIR_DIR_CREATE_ALLOW_EXIST.</summary>
    private static async Task TakeOverAsync(AbsolutePath sockets)
    {
        Directory.CreateDirectory(sockets.Value);
        (await RunAsync("chown", $"{Qemu}:{SwtpmGroup}", sockets.Value)).Should().Be(0);
        (await RunAsync("chmod", "0770", sockets.Value)).Should().Be(0);
    }

    private static Task<int> AsAsync(uint group, string script) => RunAsync("setpriv", "--reuid", "3800000099", "--regid", $"{group}", "--clear-groups", "sh", "-c", $"{{ {script}; }} > /dev/null 2>&1");

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }
}

using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

/// <summary>libvirt tells of a TPM that could not be made only the log's name; the reason is in the log, which goes with the clone.</summary>
public sealed class TpmLogTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("vmx-tpm-");

    private LibvirtDirectories Directories => new(_root.FullName, _root.FullName, _root.FullName);

    public void Dispose() => _root.Delete(recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task The_reason_of_the_real_swtpm_setup_is_told()
    {
        Prerequisite.Require(File.Exists("/usr/bin/swtpm_setup"), "swtpm-tools is not installed");

        // The authority's directory would be below a file.
        var blocked = Path.Combine(_root.FullName, "blocked");
        await File.WriteAllTextAsync(blocked, "", TestContext.Current.CancellationToken);
        var authority = InRoot("ca.conf", $"""
            statedir = {blocked}/ca
            signingkey = {blocked}/ca/signkey.pem
            issuercert = {blocked}/ca/issuercert.pem
            certserial = {blocked}/ca/certserial
            """);
        var setup = InRoot("setup.conf", $"""
            create_certs_tool= /usr/bin/swtpm_localca
            create_certs_tool_config = {authority}
            create_certs_tool_options = {InRoot("options", "")}
            active_pcr_banks = sha256
            """);
        var state = _root.CreateSubdirectory("state").FullName;
        var log = Path.Combine(_root.FullName, "clone-swtpm.log");
        var start = new ProcessStartInfo("/usr/bin/swtpm_setup") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments = ["--tpm2", "--createek", "--create-ek-cert", "--tpmstate", state, "--config", setup, "--logfile", log];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        process.ExitCode.Should().Be(1);
        TpmLog.ReasonBehind(Message(log), Directories).Should().StartWith("Could not create directory for 'statedir': Not a directory; swtpm_localca exit with status 1");
    }

    [Theory]
    [InlineData("operation failed: swtpm died and reported: ", "clone", "Could not open UnixIO socket: Permission denied")]
    [InlineData("operation failed: swtpm died and reported: ", "other", null)]
    [InlineData("operation failed: swtpm died and reported: ", null, null)]
    [InlineData("internal error: process exited while connecting to monitor", "clone", null)]
    public void A_TPM_that_died_without_a_word_is_explained_by_the_domains_log(string message, string? domain, string? reason)
    {
        InRoot("clone-swtpm.log", "Starting vTPM manufacturing as tss:tss\nEnding vTPM manufacturing\nCould not open UnixIO socket: Permission denied\n");

        TpmLog.ReasonBehind(message, Directories, domain).Should().Be(reason);
    }

    [Fact]
    public void A_log_of_steps_that_succeeded_gives_no_reason() =>
        TpmLog.ReasonBehind(Message(InRoot("clone-swtpm.log", "Starting vTPM manufacturing as tss:tss\nSuccessfully authored TPM state.\nEnding vTPM manufacturing\n")), Directories)
            .Should().BeNull();

    [Fact]
    public void A_log_that_is_not_there_gives_no_reason() =>
        TpmLog.ReasonBehind(Message(Path.Combine(_root.FullName, "clone-swtpm.log")), Directories).Should().BeNull();

    [Theory]
    [InlineData("/etc/shadow")]
    [InlineData("/etc/hosts-swtpm.log")]
    [InlineData("../clone-swtpm.log")]
    public void Only_logs_in_the_directory_of_libvirt_are_read(string path) =>
        TpmLog.ReasonBehind(Message(path), Directories).Should().BeNull();

    [Fact]
    public void Lines_are_few_and_short()
    {
        var log = InRoot("clone-swtpm.log", string.Join('\n', Enumerable.Repeat(new string('x', 5_000), 50)));

        TpmLog.ReasonBehind(Message(log), Directories)!.Length.Should().BeInRange(300, 1_000);
    }

    [Theory]
    [InlineData("Could not run '/usr/bin/swtpm_setup'. exitstatus: 1; Check error log 'x' for details. The log says: Need read/write rights on /var/lib/swtpm-localca/.lock.swtpm-localca for user tss.", "chown -R tss:root /var/lib/swtpm-localca")]
    [InlineData("Unable to find 'swtpm' binary in $PATH: No such file or directory", "apt-get install swtpm swtpm-tools")]
    public void The_hint_is_of_the_TPM(string message, string expected) =>
        LibvirtHint.ForStart("qemu:///system", new LibvirtError(LibvirtErrorNumber.InternalError, LibvirtErrorDomain.Qemu, LibvirtErrorLevel.Error, message, 0))
            .Should().Contain(expected);

    private static string Message(string log) => $"internal error: Could not run '/usr/bin/swtpm_setup'. exitstatus: 1; Check error log '{log}' for details.";

    private string InRoot(string name, string text)
    {
        var path = Path.Combine(_root.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}

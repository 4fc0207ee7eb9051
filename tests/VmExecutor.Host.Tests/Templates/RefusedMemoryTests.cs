using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Templates;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Templates;

public sealed class RefusedMemoryTests : IDisposable
{
    private const string Words = "qemu-system-x86_64: can't open backing store /x/ram.img for guest RAM: Permission denied";

    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-refused-").FullName);
    private readonly FakeHypervisor _hypervisor = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private AbsolutePath Ram => _directory.Child("ram.img");

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task A_start_that_failed_for_something_else_is_not_explained() =>
        (await ExplainAsync("qemu-system-x86_64: Could not open '/x/vda.qcow2': Permission denied")).Should().BeNull();

    [Fact(Timeout = 60_000)]
    public async Task A_file_that_QEMUs_user_may_not_write_is_given_to_that_user()
    {
        UseDirectory(open: true);
        File.SetUnixFileMode(Ram.Value, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        var failure = await ExplainAsync(Words);

        failure!.Code.Should().Be(ErrorCodes.TemplateRefused);
        failure.Message.Should().Contain("the user QEMU runs as (64055) may not read and write it");
        failure.Hint.Should().Contain($"chown 64055 {Ram} && chmod 0600 {Ram}");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_directory_that_QEMUs_user_may_not_pass_is_named_first()
    {
        UseDirectory(open: false);

        (await ExplainAsync(Words))!.Message.Should().Contain($"may not pass through {_directory}");
    }

    [Fact(Timeout = 60_000)]
    public async Task Where_owner_and_mode_allow_it_the_security_driver_is_to_blame()
    {
        UseDirectory(open: true);
        File.SetUnixFileMode(Ram.Value, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);

        (await ExplainAsync(Words))!.Message.Should().Contain("AppArmor knows nothing of this file");
    }

    private void UseDirectory(bool open)
    {
        _hypervisor.Capabilities = "<capabilities><host><secmodel><model>dac</model><baselabel type='kvm'>+64055:+64055</baselabel></secmodel></host></capabilities>";
        File.WriteAllText(Ram.Value, "");
        File.SetUnixFileMode(_directory.Value, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | (open ? UnixFileMode.OtherExecute : 0));
    }

    private Task<SystemFailureException?> ExplainAsync(string words) => new RefusedMemory(_hypervisor, () => SecurityDriver.AppArmor)
        .ExplainAsync(new SystemFailureException(ErrorCodes.DomainStartFailed, words, "hint"), Ram, Token);
}

using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Templates;
using Xunit;

namespace VmExecutor.Host.Tests.Templates;

public sealed class TemplateRefusalsTests : IDisposable
{
    private const UnixFileMode Ours = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // As whom no test runs.
    private static readonly QemuUser Qemu = new(64055, 64055);

    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-refused-").FullName);

    public TemplateRefusalsTests()
    {
        File.WriteAllText(Ram.Value, "");
        File.SetUnixFileMode(Ram.Value, Ours);
        File.SetUnixFileMode(_directory.Value, Ours | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
    }

    private AbsolutePath Ram => _directory.Child("ram.img");

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    [Fact]
    public void A_start_that_failed_for_something_else_is_not_explained() =>
        Explain("qemu-system-x86_64: Could not open '/x/vda.qcow2': Permission denied").Should().BeNull();

    [Fact]
    public void A_file_of_another_user_is_given_to_QEMUs_user()
    {
        var failure = Explain();

        failure!.Code.Should().Be(ErrorCodes.TemplateRefused);
        failure.Message.Should().Contain("not to the user QEMU runs as (64055)");
        failure.Hint.Should().Contain($"chown 64055 {Ram}");
    }

    [Fact]
    public void A_directory_that_QEMUs_user_may_not_pass_is_named_first()
    {
        File.SetUnixFileMode(_directory.Value, Ours | UnixFileMode.UserExecute);

        Explain()!.Message.Should().Contain($"may not pass through {_directory}");
    }

    [Fact]
    public void A_user_in_the_access_list_is_not_kept_out_by_the_owner()
    {
        File.SetUnixFileMode(Ram.Value, Ours | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);

        Explain()!.Message.Should().NotContain("64055");
    }

    private SystemFailureException? Explain(string? words = null) => TemplateRefusals.Explain(
        new HypervisorException(
            ErrorCodes.DomainStartFailed, words ?? $"qemu-system-x86_64: can't open backing store {Ram} for guest RAM: Permission denied", "hint"),
        Ram,
        Qemu);
}

using FluentAssertions;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Templates;
using Xunit;

namespace VmExecutor.Host.Tests.Templates;

public sealed class SecurityDriversTests : IDisposable
{
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-security-").FullName);

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    [Theory]
    [InlineData(null, null, SecurityDriver.None)]
    [InlineData("Y\n", null, SecurityDriver.AppArmor)]
    [InlineData("N\n", null, SecurityDriver.None)]
    [InlineData(null, "1", SecurityDriver.SELinux)]
    [InlineData(null, "0", SecurityDriver.None)]
    [InlineData("N\n", "1", SecurityDriver.SELinux)]
    public void The_kernels_files_tell_which_module_refuses(string? appArmor, string? seLinux, SecurityDriver driver) =>
        SecurityDrivers.Active(Write("enabled", appArmor), Write("enforce", seLinux)).Should().Be(driver);

    private AbsolutePath Write(string name, string? text)
    {
        var file = _directory.Child(name);
        if (text is not null)
        {
            File.WriteAllText(file.Value, text);
        }

        return file;
    }
}

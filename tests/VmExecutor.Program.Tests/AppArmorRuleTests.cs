using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The rule in <c>executor/apparmor</c>, installed into directories of the test's own.</summary>
public sealed class AppArmorRuleTests : IDisposable
{
    private readonly AbsolutePath _profiles = new(Directory.CreateTempSubdirectory("vmx-apparmor-").FullName);

    private string Local => $"{_profiles}/local/abstractions/libvirt-qemu";

    private static string Shipped => File.ReadAllText(PathOf("libvirt-qemu"));

    public void Dispose() => Directory.Delete(_profiles.Value, recursive: true);

    [Fact]
    public void The_shipped_rule_is_the_one_that_the_message_tells() =>
        Shipped.Split('\n').Should().Contain(TemplateRefusal.AppArmorRule(new AbsolutePath("/var/lib/vm-executor/images/small/1/warm/f/ram.img")));

    [Fact(Timeout = 60_000)]
    public async Task It_is_installed_once_and_then_nothing_is_left_to_do()
    {
        WriteProfiles(local: null);

        (await InstallAsync("--look")).Should().Be(1);
        (await InstallAsync()).Should().Be(0);

        (await InstallAsync("--look")).Should().Be(0);
        File.ReadAllText(Local).Should().Be(Shipped);
        Directory.EnumerateFiles(Path.GetDirectoryName(Local)!).Should().Equal(Local);
    }

    [Fact(Timeout = 60_000)]
    public async Task Lines_of_the_administrator_stay_also_when_the_rule_changes()
    {
        WriteProfiles($"# mine\n/srv/a rw,\n# begin vm-executor\n/old rw,\n# end vm-executor\n/srv/b rw,\n");

        (await InstallAsync()).Should().Be(0);

        File.ReadAllText(Local).Should().Be($"# mine\n/srv/a rw,\n{Shipped}/srv/b rw,\n");
        File.GetUnixFileMode(Local).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_part_without_an_end_is_left_to_the_administrator()
    {
        const string Broken = "# begin vm-executor\n/old rw,\n/srv/mine rw,\n";
        WriteProfiles(Broken);

        (await InstallAsync()).Should().NotBe(0);

        File.ReadAllText(Local).Should().Be(Broken);
    }

    [Fact(Timeout = 60_000)]
    public async Task Where_libvirt_has_no_profiles_nothing_is_done()
    {
        (await InstallAsync()).Should().Be(0);

        Directory.EnumerateFileSystemEntries(_profiles.Value).Should().BeEmpty();
    }

    private void WriteProfiles(string? local)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Local)!);
        Directory.CreateDirectory($"{_profiles}/abstractions");
        File.WriteAllText($"{_profiles}/abstractions/libvirt-qemu", "  #include <local/abstractions/libvirt-qemu>\n");
        if (local is not null)
        {
            File.WriteAllText(Local, local);
            File.SetUnixFileMode(Local, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private async Task<int> InstallAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(PathOf("install"), [.. arguments, _profiles.Value]) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    private static string PathOf(string file) => Path.Combine(BuiltDriver.Checkout(), "executor/apparmor", file);
}

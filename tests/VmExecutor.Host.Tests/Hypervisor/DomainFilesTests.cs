using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

/// <summary>The logs that libvirt, virtlogd and logrotate leave of a domain go with it, and no others.</summary>
public sealed class DomainFilesTests : IDisposable
{
    private static readonly DomainName Clone = new("vmx-abc-1-0123456789abcdef");
    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-logs-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData(".0")]
    [InlineData(".1")]
    [InlineData(".2")]
    [InlineData(".11")]
    [InlineData(".2.gz")]
    [InlineData(".3.xz")]
    [InlineData("-20261127")]
    [InlineData("-20261127.gz")]
    public void Each_part_of_a_log_goes_also_alone(string part)
    {
        foreach (var name in (string[])[$"{Clone}.log", $"{Clone}-swtpm.log"])
        {
            File.WriteAllText(In(name + part), "");
        }

        Remove();

        Directory.GetFiles(_directory).Should().BeEmpty();
    }

    [Fact]
    public void Logs_of_others_stay()
    {
        string[] others =
        [
            $"{Clone}0.log", $"{Clone}0.log.0", $"{Clone}-2.log", $"{Clone}-2.log.0", $"a{Clone}.log.0", $"{Clone}.logs", $"{Clone}.log0", $"{Clone}.log.log", $"{Clone}.log-2.log.0", "web.log", "web.log.0",
        ];
        foreach (var other in others)
        {
            File.WriteAllText(In(other), "");
        }

        Directory.CreateDirectory(In($"{Clone}.log.d"));

        Remove();

        Directory.GetFiles(_directory).Select(file => Path.GetFileName(file)).Should().BeEquivalentTo(others);
        Directory.Exists(In($"{Clone}.log.d")).Should().BeTrue("it is no log");
    }

    [Fact]
    public void A_directory_that_is_not_there_is_no_failure() =>
        DomainFiles.RemoveLogs(new LibvirtDirectories(In("none"), In("none"), In("none")), Clone);

    private void Remove() => DomainFiles.RemoveLogs(new LibvirtDirectories(_directory, _directory, _directory), Clone);

    private string In(string name) => Path.Combine(_directory, name);
}

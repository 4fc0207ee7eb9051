using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using Xunit;

namespace VmExecutor.Host.Tests.Files;

/// <summary>The file systems that every Linux has.</summary>
public sealed class MountsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-mounts-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("/proc/self", "/proc")]
    [InlineData("/sys/kernel", "/sys")]
    [InlineData("/dev/shm", "/dev/shm")]
    [InlineData("/dev/null", "/dev")]
    public void The_kernels_own_file_systems_and_memory_hold_no_disks(string path, string point)
    {
        var mounted = Mounts.Of(new AbsolutePath(path))!;

        mounted.MountPoint.Value.Should().Be(point);
        mounted.ObstacleForDisks.Should().NotBeNull();
    }

    [Fact]
    public void A_symbolic_link_is_followed()
    {
        var link = Path.Combine(_directory, "link");
        File.CreateSymbolicLink(link, "/dev/shm");

        Mounts.Of(new AbsolutePath(link))!.MountPoint.Value.Should().Be("/dev/shm");
        Mounts.Of(new AbsolutePath(_directory))!.MountPoint.Value.Should().NotBe("/dev/shm");
    }

    [Fact]
    public void Nothing_is_known_of_what_is_not_there() => Mounts.Of(new AbsolutePath("/nonexistent/x")).Should().BeNull();
}

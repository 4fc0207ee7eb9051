using FluentAssertions;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using Xunit;

namespace VmExecutor.Host.Tests.Capacity;

/// <summary>The memory, processors and disk of the machine that the test runs on.</summary>
public sealed class HostRoomTests
{
    private static readonly LimitSettings ForTwo = new() { MaxVms = 2, MemoryHeadroom = ByteSize.FromMebibytes(0) };

    [Fact]
    public void The_host_says_what_it_has_and_has_left()
    {
        var host = HostRoom.Read(new AbsolutePath("/"));

        host.MemoryTotalBytes.Should().BeGreaterThan(64 << 20);
        host.MemoryAvailableBytes.Should().BeInRange(1, host.MemoryTotalBytes);
        host.DiskFreeBytes.Should().BeInRange(1, host.DiskTotalBytes!.Value);
        HostRoom.FreeDisk(new AbsolutePath("/no/such/place")).Should().BeNull();
    }

    [Fact]
    public void A_file_system_that_has_no_size_does_not_say_what_is_free() =>
        HostRoom.Read(new AbsolutePath("/proc")).Should().Match<HostResources>(host => host.DiskTotalBytes == null && host.DiskFreeBytes == null);

    [Fact]
    public void One_VMs_share_is_of_this_hosts_processors_and_memory()
    {
        var share = HostRoom.Share(ForTwo)!;

        share.Cpus.Should().Be(Math.Max(1, Environment.ProcessorCount / 2));
        share.Memory.Bytes.Should().BeInRange(64L << 20, HostRoom.Read(new AbsolutePath("/")).MemoryTotalBytes / 2);
        HostRoom.Share(new LimitSettings { MaxVms = null }).Should().BeNull("nothing says among how many VMs the host is divided");
    }

    [Fact]
    public void The_kernels_kB_are_of_1024_bytes() =>
        HostRoom.Share(ForTwo, ["MemFree:  1 kB", "MemTotal:       16777216 kB"])!.Memory.Should().Be(new ByteSize(8L << 30));

    [Theory]
    [InlineData("MemFree: 1 kB")]
    [InlineData("MemTotal: much kB")]
    [InlineData("")]
    public void Where_the_kernel_does_not_tell_the_memory_no_share_is_made_up(string line) =>
        FluentActions.Invoking(() => HostRoom.Share(ForTwo, [line])).Should().Throw<SystemFailureException>()
            .Which.Should().Match<SystemFailureException>(failure => failure.Code == ErrorCodes.HostFileFailed && failure.Hint.Contains("'auto'"));
}

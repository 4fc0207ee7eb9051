using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Processes;

public sealed class HostSizeTests
{
    [Fact]
    public void This_host_has_processors_and_memory()
    {
        var host = HostSize.Read();

        host.Cpus.Should().BeGreaterThan(0);
        host.Memory.Should().BeGreaterThan(ByteSize.FromMebibytes(64));
    }

    [Fact]
    public void The_kernels_kB_are_of_1024_bytes() =>
        HostSize.MemoryIn(["MemFree:  1 kB", "MemTotal:       16313084 kB"]).Should().Be(new ByteSize(16313084L * 1024));

    [Fact]
    public void Without_that_line_there_is_no_size() => FluentActions.Invoking(() => HostSize.MemoryIn(["MemFree: 1 kB"])).Should().Throw<FormatException>();
}

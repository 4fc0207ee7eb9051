using FluentAssertions;
using VmExecutor.Core.Diagnosis;
using Xunit;

namespace VmExecutor.Core.Tests.Diagnosis;

public sealed class HostPressureTests
{
    private static readonly string[] Meminfo = ["MemTotal:       24683900 kB", "MemAvailable:   1048576 kB", "SwapTotal: x kB", "HugePages_Total:       0"];

    [Theory]
    [InlineData("3.21 2.80 1.00 1/80 11206\n", 3.21)]
    [InlineData("", null)]
    [InlineData("-", null)]
    public void The_load_is_that_of_the_last_minute(string text, double? load) => PressureText.Load(text).Should().Be(load);

    [Theory]
    [InlineData("some avg10=12.50 avg60=1.00 avg300=0.10 total=123\nfull avg10=3.00 avg60=0 avg300=0 total=1\n", 12.5)]
    [InlineData("full avg10=3.00 avg60=0 avg300=0 total=1\n", null)]
    [InlineData("", null)]
    public void Stalls_are_those_of_some_in_ten_seconds(string text, double? stalled) => PressureText.SomeOfTenSeconds(text).Should().Be(stalled);

    [Theory]
    [InlineData("MemTotal", 24683900L * 1024)]
    [InlineData("MemAvailable", 1L << 30)]
    [InlineData("SwapTotal", 0)]
    [InlineData("SwapFree", 0)]
    [InlineData("HugePages_Total", 0)]
    public void Memory_is_in_bytes(string name, long bytes) => PressureText.Memory(Meminfo, name).Should().Be(bytes);

    [Fact]
    public void All_of_it_fits_a_line() => new HostPressure
    {
        Cpus = 2,
        Load = 3.21,
        MemoryTotalBytes = 8L << 30,
        MemoryAvailableBytes = 1L << 30,
        SwapTotalBytes = 2L << 30,
        SwapFreeBytes = 1L << 30,
        MemoryStalled = 12.4,
        CpuStalled = 80,
        DiskStalled = 0,
        DiskFreeBytes = 5L << 30,
    }.ToString().Should().Be("1GiB of 8GiB memory available; 1GiB swapped out; load 3.2 on 2 CPUs; stalled in the last 10 s for memory 12 %, CPU 80 %, disk 0 %; 5GiB disk free");

    [Fact]
    public void Facts_that_the_kernel_does_not_tell_are_left_out() =>
        new HostPressure { MemoryTotalBytes = 8L << 30, MemoryAvailableBytes = 1L << 30 }.ToString().Should().Be("1GiB of 8GiB memory available; free disk unknown");
}

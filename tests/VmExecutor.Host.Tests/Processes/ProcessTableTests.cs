using System.Globalization;
using FluentAssertions;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Processes;

public sealed class ProcessTableTests
{
    // proc(5): state, ppid, pgrp, session, tty_nr, tpgid, flags, 4 faults, 4 times, priority, nice, num_threads, itrealvalue, starttime.
    private const string Behind = "S 42 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 10";

    [Fact]
    public void A_process_may_be_called_anything() =>
        ForAny.Value(HostileText.Any, name =>
        {
            var fields = ProcessTable.FieldsBehindCommand($"4711 ({name}) {Behind}\n");

            fields.Should().Equal(Behind.Split(' '));
        });

    [Theory]
    [InlineData(") R 1 1 1 0 0 0")]
    [InlineData("a) S 1 (b")]
    [InlineData("\n1 (x) R 1")]
    [InlineData("")]
    public void A_name_that_looks_like_the_end_of_itself_is_a_name(string name) =>
        ProcessTable.FieldsBehindCommand($"4711 ({name}) {Behind}\n")[1].Should().Be("42");

    [Fact]
    public void The_parent_of_this_process_is_the_one_that_proc_tells_of_and_it_has_begun()
    {
        var status = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("PPid:", StringComparison.Ordinal));

        var parent = ProcessTable.Parent();

        parent.Pid.Should().Be(int.Parse(status["PPid:".Length..], CultureInfo.InvariantCulture));
        parent.StartTicks.Should().BeGreaterThan(0);
    }

    [Fact]
    public void A_process_has_used_time_and_one_that_is_gone_tells_nothing()
    {
        ProcessTable.CpuTime(Environment.ProcessId).Should().BePositive().And.BeCloseTo(System.Diagnostics.Process.GetCurrentProcess().TotalProcessorTime, TimeSpan.FromSeconds(5));
        ProcessTable.CpuTime(int.MaxValue).Should().BeNull();
    }
}

using System.Globalization;
using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Core.Tests.Conventions;

/// <summary>
/// A test measures the tested code and not the machine. On a machine that others use too, an upper limit of time proves a hang and nothing else; and the
/// memory that a process allocates is that of all tests that run at the moment.
/// </summary>
public sealed partial class MeasuringTests
{
    private const int Hang = 30;

    [Fact]
    public void An_upper_limit_of_time_is_one_of_a_hang() =>
        Lines().Where(line => Limit(line.Text) is < Hang).Should().BeEmpty($"less than {Hang} seconds are too few on a busy machine; a clock of the test measures patience");

    [Theory]
    [InlineData("time.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(2));", 2.0)]
    [InlineData("run.Duration.Should().BeLessThanOrEqualTo(TimeSpan.FromMilliseconds(1500), \"why\");", 1.5)]
    [InlineData("call.Should().CompleteWithinAsync(TimeSpan.FromSeconds(60))", 60.0)]
    [InlineData("a.ExecutionTime().Should().BeLessThan(1.Seconds());", 1.0)]
    [InlineData("list.Count.Should().BeLessThan(5);", null)]
    public void A_limit_of_time_is_found(string line, double? seconds) => Limit(line).Should().Be(seconds);

    [Fact]
    public void A_test_that_measures_the_memory_of_the_process_runs_alone()
    {
        var measuring = Repository.Sources("tests").Where(file => !IsThis(file) && File.ReadAllText(file).Contains("GC.GetTotal", StringComparison.Ordinal)).ToList();

        measuring.Should().NotBeEmpty();
        measuring.Where(file => !File.ReadAllText(file).Contains("[Collection(AloneCollection.Name)]", StringComparison.Ordinal)).Select(Repository.Relative).Should().BeEmpty();
    }

    private static IEnumerable<(string File, string Text)> Lines() =>
        from file in Repository.Sources("tests")
        where !IsThis(file)
        from line in File.ReadLines(file)
        select (Repository.Relative(file), line.Trim());

    private static bool IsThis(string file) => Path.GetFileName(file) == nameof(MeasuringTests) + ".cs";

    private static double? Limit(string line) =>
        UpperLimit().Match(line) is { Success: true } found
            ? double.Parse(found.Groups["count"].Value, CultureInfo.InvariantCulture) / (found.Groups["unit"].Value == "Milliseconds" ? 1000 : 1)
            : null;

    [GeneratedRegex(@"\.(BeLess\w+|CompleteWithin\w*)\((TimeSpan\.From(?<unit>Milliseconds|Seconds)\((?<count>[\d.]+)\)|(?<count>\d+)\.(?<unit>Milliseconds|Seconds)\(\))")]
    private static partial Regex UpperLimit();
}

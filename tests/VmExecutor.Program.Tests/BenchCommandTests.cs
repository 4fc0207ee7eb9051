using System.Text.Json;
using FluentAssertions;
using VmExecutor.Benchmarks;
using VmExecutor.Core.Benchmarks;
using Xunit;

namespace VmExecutor.Program.Tests;

public sealed class BenchCommandTests
{
    [Theory(Timeout = 60_000)]
    [InlineData("--budget", "warm=soon", "warm=2s")]
    [InlineData("--budget", "tepid=2s", "warm=2s")]
    [InlineData("--memory", "much", "2GiB")]
    [InlineData("--contents", "much", "2GiB")]
    [InlineData("-n", "0", "from 1 to")]
    [InlineData("--concurrency", "1000000", "from 1 to")]
    public async Task An_option_that_is_not_understood_is_refused_with_its_form(string option, string value, string form)
    {
        using var bench = new StageBench();

        var exit = await bench.RunAsync("bench", "small", option, value);

        exit.ShouldFail(StageBench.SystemFailure, "VMX1901", option, form);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_unknown_image_is_named_with_those_there_are()
    {
        using var bench = new StageBench();

        var exit = await bench.RunAsync("bench", "smal", "--json");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1901", "'smal'", "other, small");
        exit.Output.Should().BeEmpty("stdout is for the report");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_stage_that_fails_is_shown_and_ends_the_bench()
    {
        using var bench = new StageBench();

        var exit = await bench.RunAsync("bench", "small", "-n", "1", "--json");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1501", "cold start of image 'small': the stage prepare failed with exit code 2", "warm: {enabled: true}");
        exit.Output.Should().BeEmpty();
        Directory.GetFileSystemEntries(bench.PathOf("state/jobs")).Should().BeEmpty("cleanup follows");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(false, false, "'warm' is off in ")]
    [InlineData(true, false, "'warm' is off in ")]
    [InlineData(false, true, "the image was never published, so it has no templates (run 'vm-executor image publish small')")]
    [InlineData(true, true, "image 'small' has no template for its current generation: run 'vm-executor image warm small'")]
    public async Task The_reason_why_only_cold_starts_are_measured_is_that_of_other_commands(bool isPublished, bool isWarm, string reason)
    {
        using var bench = new StageBench();
        if (isPublished)
        {
            bench.Publish("small", 3);
        }

        if (isWarm)
        {
            await File.AppendAllTextAsync(bench.PathOf("images/small.yaml"), "warm: {enabled: true}\n", TestContext.Current.CancellationToken);
        }

        var exit = await bench.RunAsync("bench", "small", "-n", "1");

        exit.Error.Should().Contain($"note: only cold starts are measured: {reason}");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("", "1", "no clone of the image's own size is wanted ahead ('standby' in ")]
    [InlineData("standby: {sizes: [{memory: 1GiB, count: 2}]}", "1", "no clone of the image's own size is wanted ahead ('standby' in ")]
    [InlineData("standby: {count: 2}", "3", "3 at once need 'standby: {count: 3}' in ")]
    public async Task The_reason_why_no_standby_starts_are_measured_is_told(string standby, string atOnce, string reason)
    {
        using var bench = new StageBench();
        bench.Publish("small", 3);
        await File.AppendAllTextAsync(bench.PathOf("images/small.yaml"), $"{standby}\n", TestContext.Current.CancellationToken);

        var exit = await bench.RunAsync("bench", "small", "-n", "1", "--concurrency", atOnce);

        exit.Error.Should().Contain($"note: no standby start is measured: {reason}");
    }

    [Fact]
    public void A_start_from_standby_is_compared_with_the_next_best_and_with_one_command()
    {
        using var output = new StringWriter();
        var report = Report() with
        {
            Starts = [Summary.Of("cold", [Start(4.5)]), Summary.Of("warm", [Start(1.5)]), Summary.Of("standby", [Start(0.25)])],
            Floor = Floor.Of([new FloorMeasurement(0.1, [0.2, 0.2, 0.2, 0.2], 0.3)]),
        };

        BenchTable.Print(report, output);

        output.ToString().Should().Contain("A start from standby is 6.0 times faster than a warm one.")
            .And.Contain("prepare takes cold 45.0 times, warm 15.0 times, standby 2.5 times one 'ssh true' over the same connection.");
        (report with { Starts = [.. report.Starts.Where(start => start.Start != "warm")] }).StandbyIsFasterBy.Should().Be(18);
        Report().StandbyIsFasterBy.Should().BeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task Prepare_is_told_of_two_starts_only()
    {
        using var bench = new StageBench();

        (await bench.RunAsync("prepare", "--start", "lukewarm")).ShouldFail(StageBench.SystemFailure, "VMX1901", "lukewarm", "cold", "warm");
        (await bench.RunAsync("prepare", "--help")).Output.Should().NotContain("--start", "it is for bench");
    }

    [Fact]
    public void The_report_compares_medians()
    {
        var report = Report();

        report.WarmIsFasterBy.Should().Be(12);
        var json = JsonDocument.Parse(report.ToJson()).RootElement;
        json.GetProperty("starts")[1].GetProperty("phases")[0].GetProperty("seconds").GetProperty("median").GetDouble().Should().Be(0.25);
        json.GetProperty("starts")[1].GetProperty("own_guest_memory_bytes").GetProperty("max").GetDouble().Should().Be(5 << 20);
        json.GetProperty("starts")[0].GetProperty("own_guest_memory_bytes").ValueKind.Should().Be(JsonValueKind.Null);
        json.GetProperty("warm_is_faster_by").GetDouble().Should().Be(12);
    }

    [Fact]
    public void The_table_has_a_column_for_each_start_and_says_how_they_compare()
    {
        using var output = new StringWriter();

        BenchTable.Print(Report(), output);

        output.ToString().Should().MatchRegex(@"cold\s+warm\s")
            .And.MatchRegex(@"load \(s\)\s+-\s+0\.25 \(0\.20\.\.0\.30\)")
            .And.MatchRegex(@"guest memory of its own \(MiB\)\s+-\s+4\.5 \(4\.0\.\.5\.0\)")
            .And.Contain("12.0 times faster").And.Contain("Note: remarked");
    }

    [Fact]
    public void Rows_of_their_own_tell_what_a_projects_disk_takes_at_cleanup()
    {
        using var output = new StringWriter();
        var report = Report() with { Starts = [Summary.Of("cold", [Start(4.5) with { CleanupSeconds = 0.5, UnmountSeconds = 0.25, PromoteSeconds = 0.125 }])] };

        BenchTable.Print(report, output);
        using var without = new StringWriter();
        BenchTable.Print(Report(), without);

        output.ToString().Should().MatchRegex(@"unmount \(s\)\s+0\.25 \S+\s+promote \(s\)\s+0\.1[23] \S+\s+cleanup \(s\)\s+0\.50 ");
        var json = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("starts")[0];
        json.GetProperty("unmount_seconds").GetProperty("median").GetDouble().Should().Be(0.25);
        json.GetProperty("promote_seconds").GetProperty("median").GetDouble().Should().Be(0.125);
        report.ToSvg().Should().Contain("promote");
        without.ToString().Should().NotContain("promote");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("{projects: [{projects: group/**, size: 64MiB}]}", "note: no project disk is measured: 'project_disk: projects' in ")]
    [InlineData("{size: 64MiB, write: never}", "note: no new version of the project disk is measured, since 'project_disk: write' is never")]
    public async Task The_reason_why_no_project_disk_is_measured_is_said(string disk, string remark)
    {
        using var bench = new StageBench();
        await File.AppendAllTextAsync(bench.PathOf("images/small.yaml"), $"project_disk: {disk}\n", TestContext.Current.CancellationToken);

        var exit = await bench.RunAsync("bench", "small", "-n", "1");

        exit.Error.Should().Contain(remark);
        Directory.Exists(bench.PathOf("state/disks")).Should().BeFalse();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("project_disk: {size: 64MiB}", "--contents 64MiB does not fit: a project disk of image 'small' has 64MiB")]
    [InlineData("", "--contents is for an image with 'project_disk', which 'small' does not have")]
    public async Task Contents_that_do_not_fit_on_a_project_disk_are_refused_before_anything_starts(string disk, string reason)
    {
        using var bench = new StageBench();
        await File.AppendAllTextAsync(bench.PathOf("images/small.yaml"), $"{disk}\n", TestContext.Current.CancellationToken);

        var exit = await bench.RunAsync("bench", "small", "-n", "1", "--contents", "64MiB");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1901", reason);
        exit.Error.Should().NotContain("making a project disk");
    }

    [Fact]
    public void A_whole_job_is_compared_with_its_floor()
    {
        using var output = new StringWriter();
        var warm = Start(1.5) with { ConfigSeconds = 0.02, ScriptSeconds = [0.25, 0.25, 0.3, 0.3], CleanupSeconds = 0.38 };
        var report = Report() with
        {
            Starts = [Summary.Of("cold", [warm with { PrepareSeconds = 4.5 }]), Summary.Of("warm", [warm])],
            Floor = Floor.Of([new FloorMeasurement(0.1, [0.2, 0.2, 0.2, 0.2], 0.3)]),
        };

        BenchTable.Print(report, output);

        output.ToString().Should().MatchRegex(@"cold\s+warm\s+floor\s")
            .And.MatchRegex(@"prepare, whole \(s\)\s+4\.50 \S+\s+1\.50 \S+\s+0\.10 ")
            .And.MatchRegex(@"sub-stage, empty script \(s\)\s+0\.28 \S+\s+0\.28 \S+\s+0\.20 ")
            .And.MatchRegex(@"whole job that does nothing \(s\)\s+6\.00 \S+\s+3\.00 \S+\s+1\.20 ")
            .And.MatchRegex(@"config \(s\)\s+0\.02 \S+\s+0\.02 \S+\s+-")
            .And.Contain("A whole job that does nothing takes cold 5.0 times, warm 2.5 times its floor.");
        var json = JsonDocument.Parse(report.ToJson()).RootElement;
        json.GetProperty("floor").GetProperty("job").GetProperty("median").GetDouble().Should().BeApproximately(1.2, 0.001);
        json.GetProperty("starts")[1].GetProperty("job_seconds").GetProperty("median").GetDouble().Should().BeApproximately(3, 0.001);
        json.GetProperty("starts")[1].GetProperty("script_seconds").GetProperty("count").GetInt32().Should().Be(4);
    }

    private static BenchReport Report() => new()
    {
        Image = "small",
        Driver = "1",
        Host = "host",
        HostCpus = 2,
        Measured = DateTimeOffset.UnixEpoch,
        Pairs = 2,
        Concurrency = 1,
        Starts =
        [
            Summary.Of("cold", [Start(11), Start(13)]),
            Summary.Of("warm", [Warm(0.5, 0.2, 4), Warm(1.5, 0.3, 5)]),
        ],
        OverBudget = [],
        Remarks = ["remarked"],
    };

    private static Measurement Start(double prepare) => new() { PrepareSeconds = prepare };

    private static Measurement Warm(double prepare, double load, long mebibytes) =>
        Start(prepare) with { Phases = [KeyValuePair.Create("load", load)], OwnGuestMemoryBytes = mebibytes << 20 };
}

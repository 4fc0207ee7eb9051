using FluentAssertions;
using Spectre.Console;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Observing;
using VmExecutor.Observing;
using VmExecutor.Reports;
using Xunit;

namespace VmExecutor.Program.Tests.Observing;

public sealed class TopTableTests
{
    private const long Mebibyte = 1 << 20;
    private static readonly JobKey First = new("https://gitlab.example.com", "abc", 1);
    private static readonly JobKey Second = new("https://gitlab.example.com", "abc", 2);

    private static readonly TopView View = new(
        DateTimeOffset.UnixEpoch,
        [
            new TopRow(Job(First, "running", "build_script") with { Claim = new ClaimRecord(2048 * Mebibyte, 1) }, 1.256),
            new TopRow(Job(First, "idle", "between scripts", service: "postgres") with { Claim = new ClaimRecord(256 * Mebibyte, 1) }, 0.1),
            new TopRow(Job(Second, "waiting", "waiting for a free VM (1 of 1 in use): next in line", hasVm: false), null),
        ],
        new HostResources(24L << 30, 10L << 30, 100L << 30, 50L << 30),
        ["no\u001bwhere"]);

    [Fact]
    public void Each_job_has_its_work_and_use_and_its_services_below_it()
    {
        var lines = TopTable.Lines(View, 240);

        lines[0].Should().Be("1 running, 0 starting, 1 waiting; VMs: 1.4 processors, 200MiB of memory, 2.3GiB reserved; host: 10GiB of 24GiB available, 50GiB of disk free");
        lines.Should().ContainSingle(line => line.Contains(First.Value, StringComparison.Ordinal)).Which.Should().MatchRegex(@"group/project\s+debian\s+build_script\s+1m05s\s+126 %\s+100MiB\s+2GiB\s+5MiB$");
        lines.Should().ContainSingle(line => line.Contains("  service postgres", StringComparison.Ordinal)).Which.Should().NotContain("between scripts").And.MatchRegex(@"10 %\s+100MiB\s+256MiB\s+5MiB$");
        lines.Should().ContainSingle(line => line.Contains(Second.Value, StringComparison.Ordinal)).Which.Should().MatchRegex(@"waiting for a free VM \(1 of 1 in use\): next in line\s+1m05s\s+-\s+-\s+-\s+-$");
    }

    [Fact]
    public void The_memory_that_is_kept_for_a_VM_is_shown_before_its_size_where_it_is_less()
    {
        var job = Job(First, "running", "build_script") with { Claim = new ClaimRecord(2048 * Mebibyte, 1) { LearnedBytes = 500 * Mebibyte } };

        var lines = TopTable.Lines(View with { Rows = [new TopRow(job, 1)] }, 240);

        lines[0].Should().Contain(" 500MiB reserved; ");
        lines.Should().ContainSingle(line => line.Contains(First.Value, StringComparison.Ordinal)).Which.Should().MatchRegex(@"100MiB\s+500MiB / 2GiB\s+5MiB$");
    }

    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    public void No_line_is_wider_than_the_terminal_and_each_job_has_one(int width)
    {
        var lines = TopTable.Lines(View, width);

        lines.Should().OnlyContain(line => line.Length <= width);
        lines.SkipWhile(line => !line.StartsWith('─')).Skip(1).Should().HaveCount(3).And.Contain(line => line.Contains(" 126 %", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(160)]
    public void Each_of_many_jobs_has_one_line_that_ends_with_its_numbers(int width)
    {
        var view = View with
        {
            Rows =
            [
                .. Enumerable.Range(1, 200).Select(number => new TopRow(
                    Job(new JobKey("https://gitlab.example.com", "abc", number), "running", $"build_script {new string('w', number)}") is var job ? job with { Job = job.Job with { Project = $"group/{new string('漢', number)}" } } : job,
                    number / 100.0)),
            ],
        };

        var lines = TopTable.Lines(view, width);

        lines.SkipWhile(line => !line.StartsWith('─')).Skip(1).Where(line => line.Length > 0).Should().HaveCount(200).And.OnlyContain(line => line.EndsWith(" 5MiB", StringComparison.Ordinal));
        lines.Should().OnlyContain(line => line.GetCellWidth() <= width);
        lines.Should().Contain(line => line.Contains("200 %", StringComparison.Ordinal) && line.Contains('…'));
    }

    [Fact]
    public void Remarks_go_to_the_standard_error_and_cannot_steer_a_terminal()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        TopTable.Print(View, output, error);

        error.ToString().Should().Be("warning: no\\u001bwhere\n");
        output.ToString().Should().NotContain("\u001b");
    }

    private static RunningJob Job(JobKey key, string state, string words, string? service = null, bool hasVm = true) => new(
        new ListedJob
        {
            Job = key,
            Key = key,
            Service = service,
            Project = "group/project",
            Image = "debian",
            Age = TimeSpan.FromSeconds(65),
            HasDomain = hasVm,
            Usage = hasVm ? new DomainUsage(TimeSpan.FromSeconds(3), 100 * Mebibyte) : null,
            DiskBytes = hasVm ? 5 * Mebibyte : null,
        },
        new JobActivity(state, words),
        null);
}

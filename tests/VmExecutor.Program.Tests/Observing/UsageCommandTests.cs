using System.Text;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Observing;
using Xunit;

namespace VmExecutor.Program.Tests.Observing;

/// <summary>The real program's tables of what jobs have used, from ledgers with known contents.</summary>
public sealed class UsageCommandTests : IDisposable
{
    private const long Mebibyte = 1 << 20;
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 300_000)]
    public async Task A_row_for_each_job_tells_what_it_used_and_what_would_have_been_enough()
    {
        WriteLedger(
            Entry("build") with { GuestPeakBytes = 200 * Mebibyte, HostMemoryBytes = 700 * Mebibyte, CpuSeconds = 12, DiskBytes = 50 * Mebibyte, Prepare = new Dictionary<string, double> { ["capacity"] = 42 } },
            Entry("build") with { Result = "timedout", Start = "cold", CpuSeconds = 8 },
            Entry("test: \u001b[31m\n") with { HostMemoryBytes = 300 * Mebibyte },
            Entry("old") with { Removed = DateTimeOffset.UtcNow.AddDays(-15) });

        var all = await _bench.RunAsync("usage");
        var late = await _bench.RunAsync("usage", "--since", "1d", "--project", "other/*");

        all.ExitCode.Should().Be(0, all.ToString());
        var rows = all.Output.Split('\n').Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Where(row => row.Length > 5).ToList();
        rows.Should().HaveCount(3);
        rows[0].Should().Equal("project", "job", "image", "runs", "failed", "starts", "waits", "memory", "on the host", "of", "enough", "cpu", "disk", "enough");
        rows[1].Should().Equal("group/project", "build", "base", "2", "1", "1 warm, 1 cold", "1, 42.0 s at most", "200MiB", "700MiB", "1GiB", "256MiB", "10.0 s", "50MiB", "256MiB");
        rows[2].Should().Equal("group/project", "test: \\u001b[31m\\u000a", "base", "1", "0", "1 warm", "-", "-", "300MiB", "1GiB", "384MiB", "0.0 s", "-", "-");
        late.Should().Be(new ProgramExit(0, "no job has ended in this time\n", ""));
    }

    [Fact(Timeout = 300_000)]
    public async Task Scripts_get_the_same_as_one_document()
    {
        WriteLedger(Entry("build") with { GuestPeakBytes = 200 * Mebibyte, CpuSeconds = 12 });

        var told = await _bench.RunAsync("usage", "--json", "--image", "base", "--project", "group/*", "--since", "1h");

        told.ExitCode.Should().Be(0, told.ToString());
        var document = JsonDocument.Parse(told.Output).RootElement;
        (DateTimeOffset.UtcNow - document.GetProperty("since").GetDateTimeOffset()).Should().BeCloseTo(TimeSpan.FromHours(1), TimeSpan.FromMinutes(10));
        document.GetProperty("others").ValueKind.Should().Be(JsonValueKind.Null);
        document.GetProperty("jobs").EnumerateArray().Should().ContainSingle().Which.GetRawText().Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal).Should().Be(
            """{"project":"group/project","job_name":"build","image":"base","runs":1,"failures":0,"starts":{"standby":0,"warm":1,"cold":0},"waits":0,"wait_seconds":0,"longest_wait_seconds":0,"""
            + """ "memory_bytes":1073741824,"guest_peak_bytes":209715200,"host_memory_bytes":null,"enough_memory_bytes":268435456,"cpu_seconds":12,"most_cpu_seconds":12,"disk_bytes":null,"enough_disk_bytes":null,"egress_refused":0}""".TrimStart());
    }

    [Fact(Timeout = 300_000)]
    public async Task A_hundred_thousand_lines_are_added_up_in_little_memory()
    {
        // Five files of some 8 MiB are what the driver itself keeps.
        const int Lines = 100_000;
        for (var file = 0; file < 5; file++)
        {
            var text = new StringBuilder();
            for (var number = file; number < Lines; number += 5)
            {
                text.Append(Entry($"job {number % 300}").ToLine());
            }

            _bench.Write(file == 0 ? "state/ledger.jsonl" : $"state/ledger.{file}.jsonl", text.ToString());
        }

        _bench.Environment["DOTNET_GCHeapHardLimit"] = "0x3000000";
        var told = await _bench.RunAsync("usage", "--json");

        told.ExitCode.Should().Be(0, told.ToString());
        var jobs = JsonDocument.Parse(told.Output).RootElement.GetProperty("jobs").EnumerateArray().ToList();
        jobs.Should().HaveCount(300);
        jobs.Sum(job => job.GetProperty("runs").GetInt32()).Should().Be(Lines);
    }

    [Theory(Timeout = 300_000)]
    [InlineData("--since", "soon", "'--since soon' is no time")]
    [InlineData("--project", "/a", "'/a' is no project")]
    [InlineData("--image", "A B", "A B")]
    public async Task A_value_that_means_nothing_is_named(string option, string value, string message) =>
        (await _bench.RunAsync("usage", option, value)).ShouldFail(StageBench.SystemFailure, "VMX1901", message);

    private void WriteLedger(params IEnumerable<LedgerEntry> entries) => _bench.Write("state/ledger.jsonl", string.Concat(entries.Select(entry => entry.ToLine())));

    private static LedgerEntry Entry(string name) => new()
    {
        Job = "abc-1-ffffff",
        JobName = name,
        Project = "group/project",
        Image = "base",
        Start = "warm",
        Result = "success",
        RemovedBy = "cleanup",
        Ready = DateTimeOffset.UtcNow.AddMinutes(-2),
        Removed = DateTimeOffset.UtcNow.AddMinutes(-1),
        CleanupSeconds = 1,
        MemoryBytes = 1024 * Mebibyte,
        RemovedParts = [],
    };
}

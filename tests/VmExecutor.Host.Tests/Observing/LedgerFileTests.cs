using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Observing;
using Xunit;

namespace VmExecutor.Host.Tests.Observing;

public sealed class LedgerFileTests : IDisposable
{
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-ledger-").FullName);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_state.Value, recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task A_line_reads_back_as_it_was_written()
    {
        var entry = Entry("abc-1-ffffff") with
        {
            Project = "group/projéct \"quoted\"\nand broken",
            Prepare = new Dictionary<string, double> { ["boot"] = 3.25 },
            Scripts = [new ScriptRecord("build_script", 1.5, 0, null) { GuestPeakBytes = 1 << 29 }, new ScriptRecord("after_script", 0.1, null, "cancelled")],
            JobName = "test: [\u001b[31m, 𝄞]\n",
            MemoryBytes = 1 << 30,
            Cpus = 2,
            GuestPeakBytes = 1 << 29,
            HostMemoryBytes = 600 << 20,
            CpuSeconds = 4.5,
            PeakMemoryBytes = 1 << 28,
        };

        await AppendAsync(entry);

        Lines().Should().ContainSingle();
        LedgerEntry.TryParse(Lines()[0]).Should().BeEquivalentTo(entry);
    }

    [Fact]
    public void A_line_of_an_older_driver_is_read_without_what_it_did_not_have()
    {
        var entry = LedgerEntry.TryParse("""{"job":"abc-1-ffffff","image":"base","result":"success","removed_by":"cleanup","removed":"2026-11-24T17:38:21+00:00","scripts":[{"sub_stage":"build_script","seconds":1,"exit_code":0}],"cleanup_seconds":1,"removed_parts":[]}""");

        entry.Should().NotBeNull();
        (entry!.JobName, entry.MemoryBytes, entry.Cpus, entry.GuestPeakBytes, entry.HostMemoryBytes).Should().Be((null, null, null, null, null));
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_who_write_at_once_tear_no_line_also_while_files_are_exchanged()
    {
        // An open file description each, as processes have: their locks keep them apart, nothing else does.
        await Task.WhenAll(Enumerable.Range(1, 20).Select(writer => Task.Run(
            async () =>
            {
                for (var number = 1; number <= 20; number++)
                {
                    await AppendAsync(Entry($"abc-{(writer * 100) + number}-ffffff"), longest: 40_000);
                }
            },
            Token)));

        var lines = Directory.GetFiles(_state.Value, "ledger*.jsonl").SelectMany(File.ReadAllLines).ToList();
        lines.Should().HaveCount(400);
        lines.Select(line => LedgerEntry.TryParse(line)?.Job).Should().OnlyHaveUniqueItems().And.NotContainNulls();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_full_file_is_exchanged_and_only_the_last_ones_are_kept()
    {
        for (var number = 1; number <= 10; number++)
        {
            await AppendAsync(Entry($"abc-{number}-ffffff"), longest: 1);
        }

        Directory.GetFiles(_state.Value, "ledger*.jsonl").Select(Path.GetFileName).Order()
            .Should().Equal("ledger.1.jsonl", "ledger.2.jsonl", "ledger.3.jsonl", "ledger.4.jsonl", "ledger.jsonl");
        Lines().Should().ContainSingle().Which.Should().Contain("abc-10-");
        File.ReadAllText(_state.Child("ledger.1.jsonl").Value).Should().Contain("abc-9-");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_line_that_a_power_failure_cut_does_not_spoil_the_next()
    {
        await AppendAsync(Entry("abc-1-ffffff"));
        await File.AppendAllTextAsync(_state.Child("ledger.jsonl").Value, "{\"job\": \"abc-2-ff", Token);

        await AppendAsync(Entry("abc-3-ffffff"));

        Lines().Select(line => LedgerEntry.TryParse(line)?.Job).Should().Equal("abc-1-ffffff", null, "abc-3-ffffff");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_ledger_that_cannot_be_written_is_named()
    {
        Directory.CreateDirectory(_state.Child("ledger.jsonl").Value);

        var append = () => AppendAsync(Entry("abc-1-ffffff"));

        (await append.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("ledger.jsonl");
    }

    private static LedgerEntry Entry(string job) => new()
    {
        Job = job,
        Result = "success",
        RemovedBy = "cleanup",
        Removed = new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero),
        CleanupSeconds = 0.5,
        RemovedParts = [$"domain vmx-{job}"],
    };

    private async Task AppendAsync(LedgerEntry entry, long longest = LedgerFile.LongestBytes)
    {
        using var locks = new StateLocks(_state, TimeProvider.System);
        await new LedgerFile(_state, locks, longest).AppendAsync(entry, Token);
    }

    private string[] Lines() => File.ReadAllLines(_state.Child("ledger.jsonl").Value);
}

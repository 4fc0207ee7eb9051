using FluentAssertions;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Observing;
using Xunit;

namespace VmExecutor.Host.Tests.Observing;

[Collection(AloneCollection.Name)]
public sealed class LedgerReaderTests : IDisposable
{
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-ledger-").FullName);

    public void Dispose() => Directory.Delete(_state.Value, recursive: true);

    [Fact]
    public void Without_a_ledger_there_is_nothing_to_read() => LedgerReader.Read(_state).Should().BeEmpty();

    [Fact(Timeout = 60_000)]
    public async Task Earlier_files_are_read_too_the_oldest_first()
    {
        using var locks = new StateLocks(_state, TimeProvider.System);
        var ledger = new LedgerFile(_state, locks, longestBytes: 1);
        for (var number = 1; number <= 7; number++)
        {
            await ledger.AppendAsync(Entry(number), TestContext.Current.CancellationToken);
        }

        LedgerReader.Read(_state).Select(entry => entry.Job).Should().Equal("abc-3-f", "abc-4-f", "abc-5-f", "abc-6-f", "abc-7-f");
    }

    [Fact]
    public void A_line_that_a_power_failure_cut_is_left_out()
    {
        File.WriteAllText(_state.Child("ledger.jsonl").Value, Entry(1).ToLine() + Entry(2).ToLine()[..20] + "\n" + Entry(3).ToLine() + "null\n\n" + Entry(4).ToLine()[..9]);

        LedgerReader.Read(_state).Select(entry => entry.Job).Should().Equal("abc-1-f", "abc-3-f");
    }

    [Fact]
    public async Task A_line_without_end_is_left_out_and_counted_once()
    {
        File.WriteAllText(_state.Child("ledger.jsonl").Value, Entry(1).ToLine() + new string('x', 3 << 20) + "\n" + Entry(2).ToLine() + new string('y', 3 << 20));

        LedgerReader.Read(_state).Select(entry => entry.Job).Should().Equal("abc-1-f", "abc-2-f");
        using var locks = new StateLocks(_state, TimeProvider.System);
        var totals = await new LedgerTotals(_state, locks).CatchUpAsync(TestContext.Current.CancellationToken);
        totals.Offset.Should().Be(Entry(1).ToLine().Length + (3 << 20) + 1 + Entry(2).ToLine().Length + (3 << 20), "none of it is looked at again");
    }

    [Theory]
    [InlineData(1L << 30)]
    [InlineData(1L << 40)]
    public async Task Of_a_file_that_something_else_has_blown_up_the_lines_at_both_ends_count(long bytes)
    {
        var path = _state.Child("ledger.jsonl").Value;
        File.WriteAllText(path, Entry(1).ToLine() + Entry(2).ToLine());
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(bytes);
            file.Seek(0, SeekOrigin.End);
            file.Write(System.Text.Encoding.UTF8.GetBytes("\n" + Entry(3).ToLine()));
        }

        var before = GC.GetTotalAllocatedBytes();
        LedgerReader.Read(_state).Select(entry => entry.Job).Should().Equal("abc-1-f", "abc-2-f", "abc-3-f");
        using var locks = new StateLocks(_state, TimeProvider.System);
        var totals = await new LedgerTotals(_state, locks).CatchUpAsync(TestContext.Current.CancellationToken);
        totals.Totals.Where(pair => pair.Key.StartsWith("vm_executor_jobs_total", StringComparison.Ordinal)).Sum(pair => pair.Value).Should().Be(3);
        (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(64 << 20);

        // The next line begins a new file, and counts as well.
        await new LedgerFile(_state, locks).AppendAsync(Entry(4), TestContext.Current.CancellationToken);
        totals = await new LedgerTotals(_state, locks).CatchUpAsync(TestContext.Current.CancellationToken);
        totals.Totals.Where(pair => pair.Key.StartsWith("vm_executor_jobs_total", StringComparison.Ordinal)).Sum(pair => pair.Value).Should().Be(4);
        LedgerFile.Overgrown(_state).Should().Equal(_state.Child("ledger.1.jsonl"));
    }

    [Fact]
    public async Task A_file_without_any_line_holds_up_no_other()
    {
        File.WriteAllText(_state.Child("ledger.1.jsonl").Value, new string('x', 3 << 20));
        File.WriteAllText(_state.Child("ledger.jsonl").Value, Entry(1).ToLine());
        using var locks = new StateLocks(_state, TimeProvider.System);

        for (var time = 0; time < 2; time++)
        {
            var totals = await new LedgerTotals(_state, locks).CatchUpAsync(TestContext.Current.CancellationToken);
            totals.Totals.Where(pair => pair.Key.StartsWith("vm_executor_jobs_total", StringComparison.Ordinal)).Sum(pair => pair.Value).Should().Be(1);
        }

        LedgerReader.Read(_state).Select(entry => entry.Job).Should().Equal("abc-1-f");
    }

    private static LedgerEntry Entry(int number) => new()
    {
        Job = $"abc-{number}-f",
        Result = "success",
        RemovedBy = "cleanup",
        Removed = DateTimeOffset.UnixEpoch,
        CleanupSeconds = 0,
        RemovedParts = [],
    };
}

using FluentAssertions;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Observing;
using Xunit;

namespace VmExecutor.Host.Tests.Observing;

/// <summary>Each line of the ledger counts once, whatever became of its file meanwhile.</summary>
public sealed class LedgerTotalsTests : IDisposable
{
    private const string Jobs = "vm_executor_jobs_total{result=\"success\",class=\"none\",image=\"base\"}";
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-totals-").FullName);
    private int _number;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_state.Value, recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task A_host_without_a_ledger_has_counted_nothing()
    {
        (await CatchUpAsync()).Totals.Should().NotBeEmpty().And.OnlyContain(pair => pair.Value == 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task Each_line_counts_once_however_often_it_is_read()
    {
        await AppendAsync(3);
        (await CountAsync()).Should().Be(3);
        (await CountAsync()).Should().Be(3);

        await AppendAsync(2);

        (await CountAsync()).Should().Be(5);
    }

    [Fact(Timeout = 60_000)]
    public async Task Files_that_were_exchanged_meanwhile_are_read_to_their_end()
    {
        await AppendAsync(3, longest: 100_000);
        (await CountAsync()).Should().Be(3);

        // One more into the file that was read, then two new files.
        await AppendAsync(1, longest: 100_000);
        await AppendAsync(2, longest: 1);
        await AppendAsync(1, longest: 100_000);

        (await CountAsync()).Should().Be(7);
    }

    [Fact(Timeout = 60_000)]
    public async Task Counts_stay_when_their_file_is_gone()
    {
        await AppendAsync(3);
        await CountAsync();

        await AppendAsync(8, longest: 1);

        Directory.GetFiles(_state.Value, "ledger*.jsonl").Should().HaveCount(5);
        (await CountAsync()).Should().Be(3 + 5, "three lines were in files that came and went unread");
        await AppendAsync(1);
        (await CountAsync()).Should().Be(9);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_line_that_is_being_written_counts_when_it_is_whole()
    {
        await AppendAsync(1);
        var ledger = _state.Child("ledger.jsonl").Value;
        var line = Entry().ToLine();
        await File.AppendAllTextAsync(ledger, line[..20], Token);
        (await CountAsync()).Should().Be(1);

        await File.AppendAllTextAsync(ledger, line[20..], Token);

        (await CountAsync()).Should().Be(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_damaged_count_begins_anew_with_what_the_ledger_still_has()
    {
        await AppendAsync(2);
        await CountAsync();
        await File.WriteAllTextAsync(_state.Child("metrics.json").Value, "{\"version\": 1, \"tot", Token);

        (await CountAsync()).Should().Be(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_readers_at_once_count_no_line_twice()
    {
        await AppendAsync(5);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(
            async () =>
            {
                await CountAsync();
                if (number % 2 == 0)
                {
                    await AppendAsync(1, longest: 200);
                }
            },
            Token)));

        (await CountAsync()).Should().Be(9);
        Directory.GetFiles(_state.Value, "*.tmp").Should().BeEmpty();
    }

    private async Task<double> CountAsync() => (await CatchUpAsync()).Totals[Jobs];

    private async Task<MetricTotals> CatchUpAsync()
    {
        using var locks = new StateLocks(_state, TimeProvider.System);
        return await new LedgerTotals(_state, locks).CatchUpAsync(Token);
    }

    private async Task AppendAsync(int count, long longest = LedgerFile.LongestBytes)
    {
        using var locks = new StateLocks(_state, TimeProvider.System);
        for (var i = 0; i < count; i++)
        {
            await new LedgerFile(_state, locks, longest).AppendAsync(Entry(), Token);
        }
    }

    private LedgerEntry Entry() => new()
    {
        Job = $"abc-{Interlocked.Increment(ref _number)}-ffffff",
        Image = "base",
        Result = "success",
        RemovedBy = "cleanup",
        Removed = DateTimeOffset.UnixEpoch,
        CleanupSeconds = 1,
        RemovedParts = [],
    };
}

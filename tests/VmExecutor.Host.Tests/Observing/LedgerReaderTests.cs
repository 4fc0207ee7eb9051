using FluentAssertions;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Observing;
using Xunit;

namespace VmExecutor.Host.Tests.Observing;

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
        totals.Offset.Should().Be(Entry(1).ToLine().Length + (3 << 20) + 1 + Entry(2).ToLine().Length);
    }

    [Fact]
    public async Task A_file_of_a_TiB_is_named_and_not_read()
    {
        using (var file = File.Create(_state.Child("ledger.jsonl").Value))
        {
            file.SetLength(1L << 40);
        }

        var read = () => LedgerReader.Read(_state).ToList();
        read.Should().Throw<HostFileException>().WithMessage("*ledger.jsonl*1099511627776 bytes*");
        using var locks = new StateLocks(_state, TimeProvider.System);
        var count = () => new LedgerTotals(_state, locks).CatchUpAsync(TestContext.Current.CancellationToken);
        await count.Should().ThrowAsync<HostFileException>().WithMessage("*1099511627776 bytes*");
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

using FluentAssertions;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
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

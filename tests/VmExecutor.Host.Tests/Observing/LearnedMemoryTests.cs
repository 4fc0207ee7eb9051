using FluentAssertions;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Usage;
using VmExecutor.Core.Values;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Observing;
using Xunit;

namespace VmExecutor.Host.Tests.Observing;

public sealed class LearnedMemoryTests : IDisposable
{
    private static readonly JobKind Kind = new("group/project", "build", "base", 1 << 30, IsWoken: false);
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-learned-").FullName);
    private readonly StateLocks _locks;

    public LearnedMemoryTests() => _locks = new StateLocks(_state, TimeProvider.System);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _locks.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task Each_line_of_the_ledger_counts_once_also_when_its_files_are_exchanged()
    {
        for (var run = 1; run <= 4; run++)
        {
            await AppendAsync(run, longest: 400);
            (await AskAsync()).Should().BeNull();
        }

        await AppendAsync(5, longest: 400);

        (await AskAsync()).Should().Be(5);
        (await AskAsync()).Should().Be(5);
        Directory.GetFiles(_state.Value, "ledger*").Should().HaveCountGreaterThan(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_ledger_from_before_and_a_damaged_memory_are_read_anew()
    {
        for (var run = 1; run <= 6; run++)
        {
            await AppendAsync(run);
        }

        (await AskAsync()).Should().Be(6);
        await File.WriteAllTextAsync(_state.Child("learned.json").Value, "{\"version\":", Token);
        (await AskAsync()).Should().Be(6);
        File.Delete(_state.Child("learned.json").Value);
        (await AskAsync()).Should().Be(6);
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_a_ledger_nothing_is_known() => (await AskAsync()).Should().BeNull();

    [Fact(Timeout = 60_000)]
    public async Task Two_that_ask_at_once_count_each_line_once()
    {
        for (var run = 1; run <= 5; run++)
        {
            await AppendAsync(run);
        }

        using var other = new StateLocks(_state, TimeProvider.System);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(() => new LearnedMemory(_state, number % 2 == 0 ? _locks : other).MostOfAsync(Kind, Token), Token)));

        answers.Should().AllBeEquivalentTo(5L);
        LearnedNeeds.TryParse(await File.ReadAllTextAsync(_state.Child("learned.json").Value, Token))!.Jobs.Values.Should().ContainSingle().Which.Bytes.Should().Equal(1, 2, 3, 4, 5);
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_a_large_ledger_the_newest_lines_count_at_the_first_time()
    {
        // A line of an old run of 9 bytes, and then more than is read at once.
        await AppendAsync(9);
        var line = (await File.ReadAllTextAsync(_state.Child("ledger.jsonl").Value, Token)).Replace("\"host_memory_bytes\":9", "\"host_memory_bytes\":3", StringComparison.Ordinal);
        await File.AppendAllTextAsync(_state.Child("ledger.jsonl").Value, string.Concat(Enumerable.Repeat(line, (6 << 20) / line.Length)), Token);
        var whole = new FileInfo(_state.Child("ledger.jsonl").Value).Length;

        (await AskAsync()).Should().Be(3);

        LearnedNeeds.TryParse(await File.ReadAllTextAsync(_state.Child("learned.json").Value, Token))!.Offset.Should().Be(whole);
        await AppendAsync(7);
        (await AskAsync()).Should().Be(7);
    }

    [Fact(Timeout = 60_000)]
    public async Task Lines_beyond_what_is_read_at_once_are_left_out_over_the_borders_of_files()
    {
        var old = new LedgerEntry { Job = "abc-0-ffffff", JobName = "other", Project = "group/project", Image = "base", Result = "success", RemovedBy = "cleanup", Removed = DateTimeOffset.UtcNow, CleanupSeconds = 1, Start = "cold", MemoryBytes = 1 << 30, HostMemoryBytes = 5, RemovedParts = [] }.ToLine();
        await File.WriteAllTextAsync(_state.Child("ledger.1.jsonl").Value, string.Concat(Enumerable.Repeat(old, (5 << 20) / old.Length)), Token);
        for (var run = 1; run <= 5; run++)
        {
            await AppendAsync(run);
        }

        (await AskAsync()).Should().Be(5);

        // The other job's newest lines are in the part that is read.
        (await new LearnedMemory(_state, _locks).MostOfAsync(Kind with { JobName = "other" }, Token)).Should().Be(5);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_memory_that_cannot_be_written_is_told_all_the_same()
    {
        for (var run = 1; run <= 5; run++)
        {
            await AppendAsync(run);
        }

        // Also root cannot put a file in the place of a directory.
        Directory.CreateDirectory(_state.Child("learned.json").Child("full").Value);

        (await AskAsync()).Should().Be(5);
        (await AskAsync()).Should().Be(5);
    }

    private Task<long?> AskAsync() => new LearnedMemory(_state, _locks).MostOfAsync(Kind, Token);

    private Task AppendAsync(long bytes, long longest = LedgerFile.LongestBytes) => new LedgerFile(_state, _locks, longest).AppendAsync(
        new LedgerEntry
        {
            Job = $"abc-{bytes}-ffffff",
            JobName = "build",
            Project = "group/project",
            Image = "base",
            Result = "success",
            RemovedBy = "cleanup",
            Removed = DateTimeOffset.UtcNow,
            CleanupSeconds = 1,
            Start = "cold",
            MemoryBytes = 1 << 30,
            HostMemoryBytes = bytes,
            RemovedParts = [],
        },
        Token);
}

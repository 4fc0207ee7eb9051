using System.Globalization;
using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Clones;

public sealed class JobRecordUpdateTests : IDisposable
{
    private static readonly JobKey Key = new("https://gitlab.example.com", "abc", 1);
    private readonly AbsolutePath _state = new(System.IO.Directory.CreateTempSubdirectory("vmx-update-").FullName);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private JobDirectory Job => JobDirectory.Of(_state, Key);

    public void Dispose() => System.IO.Directory.Delete(_state.Value, recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task Writers_at_the_same_time_lose_nothing_of_each_other()
    {
        const int Writers = 4;
        const int Changes = 10;
        Job.Create(TestRecord.Of(Key, _state));

        // Each with locks of its own, as processes have.
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(
            async () =>
            {
                using var locks = Locks();
                for (var change = 0; change < Changes; change++)
                {
                    var name = string.Create(CultureInfo.InvariantCulture, $"{writer}-{change}");
                    await Job.UpdateAsync(locks, record => record with { Phases = new Dictionary<string, double>(record.Phases) { [name] = 1 } }, Cancellation);
                }
            },
            Cancellation)));

        Job.Read()!.Phases.Should().HaveCount(Writers * Changes);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_stop_while_prepare_is_at_work_stays_in_the_record()
    {
        using var prepare = Locks();
        using var administrator = Locks();
        Job.Create(TestRecord.Of(Key, _state));
        await Job.UpdateAsync(prepare, record => record with { Claim = new ClaimRecord(1, 1) }, Cancellation);

        await Job.UpdateAsync(administrator, record => record with { Stopped = StopRecord.ByHand("root", DateTimeOffset.UnixEpoch, 1) }, Cancellation);
        await Job.UpdateAsync(prepare, record => record with { Ready = DateTimeOffset.UnixEpoch }, Cancellation);

        Job.Read().Should().BeEquivalentTo(new { Claim = new ClaimRecord(1, 1), Stopped = new { DiskBytes = 1L }, Ready = DateTimeOffset.UnixEpoch });
    }

    [Fact(Timeout = 60_000)]
    public async Task A_change_of_nothing_is_not_written()
    {
        using var locks = Locks();
        Job.Create(TestRecord.Of(Key, _state));
        var before = System.IO.File.GetLastWriteTimeUtc(Job.Paths.Record.Value);

        (await Job.UpdateAsync(locks, _ => null, Cancellation)).Should().BeNull();

        System.IO.File.GetLastWriteTimeUtc(Job.Paths.Record.Value).Should().Be(before);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(null, "removed")]
    [InlineData("{", "damaged")]
    public async Task A_record_that_is_gone_or_damaged_is_not_made_anew(string? content, string reason)
    {
        using var locks = Locks();
        if (content is not null)
        {
            Job.Create(TestRecord.Of(Key, _state));
            await System.IO.File.WriteAllTextAsync(Job.Paths.Record.Value, content, Cancellation);
        }

        var update = () => Job.UpdateAsync(locks, record => record, Cancellation);

        (await update.Should().ThrowAsync<HostFileException>()).Which.Message.Should().Contain(Job.Paths.Record.Value).And.Contain(reason);
        System.IO.File.Exists(Job.Paths.Record.Value).Should().Be(content is not null);
    }

    private StateLocks Locks() => new(_state, TimeProvider.System);
}

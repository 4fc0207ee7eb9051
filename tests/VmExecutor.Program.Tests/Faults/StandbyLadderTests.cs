using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>The first rung of the ladder: a job gets the standby clone that it would get if it were started now, or none, and the reason.</summary>
public sealed class StandbyLadderTests : IDisposable
{
    private readonly StageWorld _world = new() { Standby = new StandbySettings { Count = 1 } };

    public enum Damage
    {
        VmGone,
        ResumedByHand,
        MasterGone,
        OverlayWritten,
        OfAnotherBoot,
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_clone_of_a_generation_that_was_rolled_back_is_not_taken_and_the_next_fill_exchanges_it()
    {
        await _world.PublishAsync(number: 2);
        await _world.FillAsync(cancellationToken: Token);
        var rolledBack = _world.Waiting.Single().Record.Domain;
        await _world.PublishAsync(number: 1);

        await _world.PrepareAsync(Token);

        ShouldHaveNone("generation");
        _world.Log.ToString().Should().Contain("no standby clone: it is of generation 2, and jobs get generation 1");
        (await _world.FillAsync(cancellationToken: Token)).Should().BeTrue();
        _world.Hypervisor.Domains.Should().NotContainKey(rolledBack);
        _world.Waiting.Should().ContainSingle().Which.Record.Stamp.Generation.Should().Be(1);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(null, 1)]
    [InlineData("2", 2)]
    [InlineData("3", null)]
    public async Task A_job_gets_a_clone_of_its_own_size_and_none_of_another(string? wanted, int? taken)
    {
        _world.Sizes = new SizeSettings { MaxCpus = 4 };
        _world.Standby = new StandbySettings { Count = 1, Sizes = [new StandbySize(2, null, 1)] };
        await _world.PublishAsync();
        (await _world.FillAsync(cancellationToken: Token)).Should().BeTrue();
        _world.Waiting.Should().HaveCount(2);
        _world.Wanted = new RequestedSizes { Cpus = wanted };

        await _world.PrepareAsync(Token);

        if (taken is { } cpus)
        {
            Taken().Standby!.SizeName.Should().StartWith($"{cpus} CPU");
        }
        else
        {
            ShouldHaveNone("size");
        }

        _world.Wanted = new RequestedSizes();
        _world.Faults().Should().BeEmpty();
        _world.Waiting.Should().HaveCount(taken is null ? 2 : 1, "those of other sizes stay");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(Damage.VmGone, "none")]
    [InlineData(Damage.ResumedByHand, "stopped")]
    [InlineData(Damage.MasterGone, "connection")]
    [InlineData(Damage.OverlayWritten, "disk")]
    [InlineData(Damage.OfAnotherBoot, "none")]
    public async Task A_clone_that_is_not_as_it_was_left_is_given_to_no_job_and_the_next_fill_exchanges_it(Damage damage, string word)
    {
        await _world.PublishAsync();
        await _world.FillAsync(cancellationToken: Token);
        var clone = _world.Waiting.Single();
        Do(damage, clone.Record, clone.Directory);

        await _world.PrepareAsync(Token);

        ShouldHaveNone(word);
        _world.Standby = new StandbySettings { Count = 1 };
        (await _world.FillAsync(cancellationToken: Token)).Should().BeTrue();
        _world.Waiting.Should().ContainSingle().Which.Key.Should().NotBe(clone.Key);
        _world.Faults().Should().BeEmpty();
        _world.Hypervisor.Domains.Should().NotContainKey(clone.Record.Domain);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_clone_that_has_waited_for_too_long_is_given_to_no_job_and_a_fill_whose_clones_grow_old_at_once_ends()
    {
        await _world.PublishAsync();
        await _world.FillAsync(cancellationToken: Token);
        var old = _world.Waiting.Single();
        _world.Standby = _world.Standby with { MaxAge = TimeSpan.FromTicks(1) };

        await _world.PrepareAsync(Token);
        (await _world.FillAsync(cancellationToken: Token)).Should().BeFalse();

        ShouldHaveNone("too_old");
        _world.Hypervisor.Domains.Should().NotContainKey(old.Record.Domain);
        _world.Log.ToString().Should().Contain("grow older than 'standby: max_age', as fast as they are made");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_ledger_has_the_jobs_name_and_the_size_of_its_VM_whether_it_waited_or_not(bool isStandby)
    {
        await _world.PublishAsync();
        await _world.FillAsync(cancellationToken: Token);
        _world.Start = isStandby ? StartChoice.Standby : StartChoice.Cold;
        _world.Waiting.Single().Record.JobName.Should().BeNull("no job has it yet");

        await _world.PrepareAsync(Token);
        await _world.CleanupAsync(Token);

        var entry = _world.Ledger().Should().ContainSingle().Which;
        entry.Start.Should().Be(isStandby ? "standby" : "cold");
        (entry.JobName, entry.MemoryBytes, entry.Cpus).Should().Be((StageWorld.JobName, 1L << 30, 1));
    }

    private void Do(Damage damage, JobRecord record, JobDirectory directory)
    {
        switch (damage)
        {
            case Damage.VmGone:
                _world.Hypervisor.Domains.Remove(record.Domain);
                break;
            case Damage.ResumedByHand:
                _world.Hypervisor.States.Remove(record.Domain);
                break;
            case Damage.MasterGone:
                using (var master = System.Diagnostics.Process.GetProcessById(record.Standby!.Master!.Pid))
                {
                    master.Kill();
                    master.WaitForExit();
                }

                break;
            case Damage.OverlayWritten:
                File.AppendAllText(directory.Paths.Overlay("vda").Value, "x");
                break;
            default:
                Host.Tests.Fakes.TestRecord.Put(directory, record with { Stamp = record.Stamp with { Made = record.Stamp.Made with { Boot = "another" } } });
                break;
        }
    }

    private JobRecord Taken() =>
        JobDirectory.Of(_world.StateDir, new Host.Standby.TakenLinks(_world.StateDir).CloneOf(StageWorld.Key)).Read()!;

    private void ShouldHaveNone(string word)
    {
        var record = _world.JobDirectory.Read()!;
        (record.StandbyMiss, record.Start).Should().Be((word, "cold"));
        _world.Log.ToString().Should().Contain("no standby clone: ");
        _world.Hypervisor.Domains.Should().ContainKey(StageWorld.Key.Domain.Value);
    }
}

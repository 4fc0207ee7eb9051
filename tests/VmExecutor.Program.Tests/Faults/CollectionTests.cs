using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Observing;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>The leftovers that gc removes, and the things that it never touches.</summary>
public sealed class CollectionTests : IDisposable
{
    private static readonly JobKey Other = new("https://gitlab.example.com", "abc", 2);
    private readonly StageWorld _world = new();

    public CollectionTests() => _world.Keys.Add(Other);

    private string Directory_ => _world.JobDirectory.Paths.Directory.Value;

    public void Dispose() => _world.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_job_in_use_is_left_alone()
    {
        await _world.PrepareAsync();
        var before = _world.Left();

        var collection = await _world.CollectAsync();

        collection.Leftovers.Should().BeEmpty();
        collection.InUse.Should().Be(1);
        _world.Left().Should().Equal(before);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_whose_runner_is_gone_is_removed_with_all_that_belongs_to_it()
    {
        await PreparedAndAbandonedAsync();

        var collected = (await _world.CollectAsync()).Leftovers.Should().ContainSingle().Which;

        collected.Should().Match<CollectedLeftover>(leftover => leftover.Name == StageWorld.Key.Value && leftover.Outcome == CollectionOutcome.Removed);
        collected.Reason.Should().Be(LeftoverReason.RunnerGone);
        collected.Parts.Should().HaveCount(3);
        _world.Left().Should().BeEmpty();
        var entry = _world.Ledger().Should().ContainSingle().Which;
        entry.Should().Match<LedgerEntry>(line => line.Result == "leftover" && line.Reason == "runner_gone" && line.RemovedBy == "gc" && line.Project == "group/project");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_ledger_that_cannot_be_written_keeps_no_leftover()
    {
        await PreparedAndAbandonedAsync();
        Directory.CreateDirectory(_world.StateDir.Child("ledger.jsonl").Value);

        var collected = (await _world.CollectAsync()).Leftovers.Should().ContainSingle().Which;

        collected.Outcome.Should().Be(CollectionOutcome.Removed);
        collected.Failure.Should().Contain("ledger.jsonl");
        _world.Left().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_dry_run_only_tells()
    {
        await PreparedAndAbandonedAsync();
        var before = _world.Left();

        var collected = (await _world.CollectAsync(dryRun: true)).Leftovers.Should().ContainSingle().Which;

        collected.Outcome.Should().Be(CollectionOutcome.WouldBeRemoved);
        collected.Parts.Should().Contain($"domain {StageWorld.Key.Domain}");
        _world.Left().Should().Equal(before);
        _world.Ledger().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_domain_is_found_by_its_stamp_although_its_files_are_gone()
    {
        await PreparedAndAbandonedAsync();
        _world.Processes.Running.Clear();
        Directory.Delete(Directory_, recursive: true);

        (await _world.CollectAsync()).Removed.Should().Be(1);

        _world.Left().Should().BeEmpty();
        _world.Ledger().Single().Image.Should().Be("base", "the stamp tells");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_domain_in_use_whose_files_are_gone_is_left_to_its_runner()
    {
        await _world.PrepareAsync();
        Directory.Delete(Directory_, recursive: true);

        (await _world.CollectAsync()).Leftovers.Should().BeEmpty();

        _world.Hypervisor.Domains.Should().ContainSingle();
    }

    [Fact(Timeout = 60_000)]
    public async Task Files_are_found_although_their_domain_is_gone()
    {
        await PreparedAndAbandonedAsync();
        _world.Processes.Running.Clear();
        _world.Hypervisor.Domains.Clear();

        (await _world.CollectAsync()).Removed.Should().Be(1);

        _world.Left().Should().BeEmpty();
    }

    [Theory(Timeout = 60_000)]
    [InlineData(null)]
    [InlineData("{ \"stamp\": ")]
    [InlineData("")]
    public async Task Overlays_whose_record_is_missing_or_damaged_are_removed_once_no_VM_runs_on_them(string? record)
    {
        await PreparedAndAbandonedAsync();
        _world.Processes.Running.Clear();
        _world.Hypervisor.Domains.Clear();
        File.Delete(_world.JobDirectory.Paths.Record.Value);
        if (record is not null)
        {
            await File.WriteAllTextAsync(_world.JobDirectory.Paths.Record.Value, record);
        }

        (await _world.CollectAsync()).Leftovers.Should().ContainSingle().Which.Reason.Should().Be(LeftoverReason.NoRecord);

        _world.Left().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_VM_in_use_is_judged_by_its_own_stamp_while_its_record_is_damaged()
    {
        await _world.PrepareAsync();
        await File.WriteAllTextAsync(_world.JobDirectory.Paths.Record.Value, "");

        (await _world.CollectAsync()).Leftovers.Should().BeEmpty();

        _world.Hypervisor.Domains.Should().ContainSingle();
        Directory.Exists(Directory_).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task Half_made_and_half_removed_parts_go_and_foreign_ones_stay()
    {
        var jobs = JobPaths.Jobs(_world.StateDir);
        foreach (var name in new[] { $".new-{Other}-0123abcd", $".gone-{Other}-89abcdef", "notes-of-an-administrator", "abc-1-xyz" })
        {
            Directory.CreateDirectory(jobs.Child(name).Value);
            await File.WriteAllTextAsync(jobs.Child(name).Child("vda.qcow2").Value, "disk");
        }

        var collection = await _world.CollectAsync();

        collection.Leftovers.Should().ContainSingle().Which.Reason.Should().Be(LeftoverReason.HalfMade);
        Directory.GetDirectories(jobs.Value).Select(Path.GetFileName).Should().BeEquivalentTo("notes-of-an-administrator", "abc-1-xyz");
        collection.Doubts.Should().HaveCount(2).And.Contain(doubt => doubt.Contains("notes-of-an-administrator"));
        Directory.Delete(jobs.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_directory_with_foreign_files_in_it_and_no_record_stays_and_is_named()
    {
        Directory.CreateDirectory(Directory_);
        await File.WriteAllTextAsync(Path.Combine(Directory_, "thesis.tex"), "years of work");

        var collection = await _world.CollectAsync();

        collection.Leftovers.Should().BeEmpty();
        collection.Doubts.Should().ContainSingle().Which.Should().Contain("thesis.tex");
        Directory.Delete(Directory_, recursive: true);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("<domain/>")]
    [InlineData("<domain><metadata><other xmlns='urn:other'/></metadata></domain>")]
    [InlineData("<domain><metadata><vmx:job xmlns:vmx='urn:vm-executor:job:1' key='abc-1-ffffff'/></metadata></domain>")]
    public async Task A_domain_without_a_whole_stamp_is_never_touched_nor_are_the_files_of_its_name(string xml)
    {
        await PreparedAndAbandonedAsync();
        _world.Hypervisor.Domains[StageWorld.Key.Domain.Value] = xml;
        File.Delete(_world.JobDirectory.Paths.Record.Value);

        var collection = await _world.CollectAsync();

        collection.Leftovers.Should().BeEmpty();
        collection.Doubts.Should().ContainSingle().Which.Should().Contain(StageWorld.Key.Domain.Value);
        _world.Hypervisor.Domains.Should().ContainSingle();
        Directory.Exists(Directory_).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_copy_of_our_domain_with_its_stamp_is_not_ours()
    {
        await PreparedAndAbandonedAsync();
        _world.Hypervisor.Domains["copy-of-a-clone"] = _world.Hypervisor.Domains[StageWorld.Key.Domain.Value];

        await _world.CollectAsync();

        _world.Hypervisor.Domains.Keys.Should().Equal("copy-of-a-clone");
        (await _world.CollectAsync()).Leftovers.Should().BeEmpty("the copy makes no job");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_clone_of_another_state_directory_is_that_ones_to_judge_while_it_is_there()
    {
        await PreparedAndAbandonedAsync();
        var elsewhere = Directory.CreateDirectory(_world.Root.Child("elsewhere").Value).FullName;
        var domain = _world.Hypervisor.Domains[StageWorld.Key.Domain.Value];
        _world.Hypervisor.Domains.Clear();
        _world.Hypervisor.Domains[Other.Domain.Value] = domain.Replace(StageWorld.Key.Value, Other.Value, StringComparison.Ordinal)
            .Replace($"state-dir=\"{_world.StateDir}\"", $"state-dir=\"{elsewhere}\"", StringComparison.Ordinal);

        await _world.CollectAsync();
        _world.Hypervisor.Domains.Should().ContainSingle();
        Directory.Delete(elsewhere);
        await _world.CollectAsync();

        _world.Hypervisor.Domains.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_process_of_a_job_of_which_nothing_else_is_there_is_ended()
    {
        _world.Processes.Add(JobProcessKind.Ssh, Other);
        _world.Processes.Add(JobProcessKind.Qemu, Other);

        (await _world.CollectAsync()).Leftovers.Should().ContainSingle().Which.Reason.Should().Be(LeftoverReason.NoJob);

        _world.Left().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_another_process_is_at_work_on_is_left_alone()
    {
        await PreparedAndAbandonedAsync();
        using var locks = new StateLocks(_world.StateDir, TimeProvider.System);
        using var held = locks.TryTake(StageWorld.Key);

        (await _world.CollectAsync()).Leftovers.Should().ContainSingle().Which.Outcome.Should().Be(CollectionOutcome.Busy);

        _world.Hypervisor.Domains.Should().ContainSingle();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_was_tried_again_meanwhile_is_in_use_again()
    {
        await PreparedAndAbandonedAsync();
        _world.Gate = async (call, after, token) =>
        {
            // The survey has seen the old attempt; before its turn comes the runner tries again.
            if (call == "list" && after)
            {
                _world.Gate = null;
                _world.Runner = ProcessTable.Self();
                await _world.PrepareAsync(token);
            }
        };

        (await _world.CollectAsync()).Leftovers.Should().ContainSingle().Which.Outcome.Should().Be(CollectionOutcome.Busy);

        _world.Hypervisor.Domains.Should().ContainSingle();
        Directory.Exists(Directory_).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task One_job_that_cannot_be_removed_does_not_keep_the_others()
    {
        await PreparedAndAbandonedAsync();
        var gone = TestRecord.Of(Other, _world.StateDir);
        JobDirectory.Of(_world.StateDir, Other).Create(gone with { Stamp = gone.Stamp with { Runner = TestRecord.Gone } });
        _world.Hypervisor.Before = call =>
        {
            if (call.StartsWith($"destroy {StageWorld.Key.Domain}", StringComparison.Ordinal))
            {
                throw FakeHypervisor.Refusal(ErrorCodes.DomainWouldNotStop);
            }
        };

        var collection = await _world.CollectAsync();

        collection.Failed.Should().BeTrue();
        collection.Leftovers.Select(leftover => leftover.Outcome).Should().BeEquivalentTo([CollectionOutcome.Failed, CollectionOutcome.Removed]);
        collection.Leftovers.Single(leftover => leftover.Outcome == CollectionOutcome.Failed).Failure.Should().Contain("libvirt says no");
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_an_answer_of_libvirt_nothing_is_judged_and_nothing_removed()
    {
        await PreparedAndAbandonedAsync();
        var before = _world.Left();
        _world.Hypervisor.Before = _ => throw FakeHypervisor.Refusal(ErrorCodes.HypervisorUnreachable);

        var collect = () => _world.CollectAsync();

        await collect.Should().ThrowAsync<SystemFailureException>();
        _world.Left().Should().Equal(before);
    }

    [Fact(Timeout = 60_000)]
    public async Task Collections_at_the_same_time_remove_each_leftover_once()
    {
        await ManyAsync(30);

        var collections = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => _world.CollectAsync())));

        collections.Should().OnlyContain(collection => !collection.Failed);
        _world.Left().Should().BeEmpty();
        _world.Ledger().Where(entry => entry.RemovedParts.Count > 0).Select(entry => entry.Job).Should().HaveCount(30).And.OnlyHaveUniqueItems();
    }

    [Fact(Timeout = 60_000)]
    public async Task Five_hundred_leftover_directories_are_no_matter()
    {
        await ManyAsync(500);

        var collection = await _world.CollectAsync();

        collection.Removed.Should().Be(500);
        _world.Left().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_prepare_takes_away_what_others_left_and_says_how_much()
    {
        await ManyAsync(3);

        await _world.PrepareAsync();

        _world.Log.ToString().Should().Contain("Removed what 3 earlier jobs left on this host");
        Directory.GetDirectories(JobPaths.Jobs(_world.StateDir).Value).Should().ContainSingle();
    }

    [Fact(Timeout = 300_000)]
    public async Task Twenty_jobs_at_once_and_collections_between_them_do_not_disturb_each_other()
    {
        _world.Keys.Clear();
        _world.Keys.AddRange(Enumerable.Range(1, 20).Select(id => new JobKey("https://gitlab.example.com", "abc", id)));
        await ManyAsync(10);

        await Task.WhenAll(_world.Keys.Select(key => Task.Run(() => _world.PrepareAsync(key, CancellationToken.None)))
            .Append(Task.Run(() => _world.CollectAsync())));
        _world.Hypervisor.Domains.Keys.Should().BeEquivalentTo(_world.Keys.Select(key => key.Domain.Value));
        await Task.WhenAll(_world.Keys.Select(key => Task.Run(() => _world.CleanupAsync(key, CancellationToken.None)))
            .Append(Task.Run(() => _world.CollectAsync())));

        _world.Left().Should().BeEmpty();
        _world.Ledger().Where(entry => entry.RemovedBy == "cleanup").Select(entry => entry.Job).Should().BeEquivalentTo(_world.Keys.Select(key => key.Value));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_kept_VM_stays_until_its_time_is_over()
    {
        await PreparedAndAbandonedAsync();
        TestRecord.Put(_world.JobDirectory, _world.JobDirectory.Read()! with { Kept = true });

        (await _world.CollectAsync()).Leftovers.Should().BeEmpty();

        _world.Hypervisor.Domains.Should().ContainSingle();
    }

    /// <summary>As after a runner's SIGKILL.</summary>
    private async Task PreparedAndAbandonedAsync()
    {
        await _world.PrepareAsync();
        var record = _world.JobDirectory.Read()!;
        TestRecord.Put(_world.JobDirectory, record with { Stamp = record.Stamp with { Runner = TestRecord.Gone } });
        var name = StageWorld.Key.Domain.Value;
        _world.Hypervisor.Domains[name] = Regex.Replace(_world.Hypervisor.Domains[name], "runner-start=\"[0-9]+\"", "runner-start=\"1\"");
    }

    private async Task ManyAsync(int count)
    {
        for (var id = 1000; id < 1000 + count; id++)
        {
            var key = new JobKey("https://gitlab.example.com", "abc", id);
            var directory = JobDirectory.Of(_world.StateDir, key);
            var record = TestRecord.Of(key, _world.StateDir);
            directory.Create(record with { Stamp = record.Stamp with { Runner = TestRecord.Gone } });
            await File.WriteAllTextAsync(directory.Paths.Overlay("vda").Value, "overlay");
        }
    }
}

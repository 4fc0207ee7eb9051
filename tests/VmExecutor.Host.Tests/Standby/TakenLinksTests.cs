using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Standby;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Standby;

/// <summary>The way from a job to the clone that it took: the record decides, and the link alone means nothing.</summary>
public sealed class TakenLinksTests : IDisposable
{
    private static readonly JobKey Job = new("https://gitlab.example.com", "abc", 1);
    private static readonly JobKey Other = new("https://gitlab.example.com", "abc", 2);
    private static readonly JobKey Clone = StandbyKey.Of(17);

    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-taken-").FullName);
    private readonly TakenLinks _links;
    private readonly StateLocks _locks;

    public TakenLinksTests()
    {
        _links = new TakenLinks(_state);
        _locks = new StateLocks(_state, TimeProvider.System);
    }

    public void Dispose()
    {
        _locks.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact]
    public void A_job_without_a_link_has_the_clone_of_its_own_key() => _links.CloneOf(Job).Should().Be(Job);

    [Fact]
    public void A_link_to_a_clone_that_still_waits_or_is_gone_or_has_another_job_leads_nowhere()
    {
        _links.Make(Job, Clone);
        _links.CloneOf(Job).Should().Be(Job, "the clone is gone");
        Put(job: null);
        _links.CloneOf(Job).Should().Be(Job, "the clone waits");
        Put(Other);
        _links.CloneOf(Job).Should().Be(Job, "the clone is another job's");
        _links.JobOf(Clone).Should().Be(Other);
    }

    [Fact]
    public void A_link_to_a_clone_whose_record_names_the_job_leads_to_it_and_back()
    {
        Put(Job);
        _links.Make(Job, Clone);

        _links.CloneOf(Job).Should().Be(Clone);
        _links.JobOf(Clone).Should().Be(Job);
        new DirectoryInfo(JobPaths.Taken(_state).Child(Job.Value).Value).ResolveLinkTarget(returnFinalTarget: true)!.FullName.Should().Be(JobPaths.For(_state, Clone).Directory.Value);
    }

    [Fact]
    public void Making_a_link_replaces_one_that_an_earlier_attempt_left()
    {
        _links.Make(Job, StandbyKey.Of(16));
        Put(Job);

        _links.Make(Job, Clone);

        _links.CloneOf(Job).Should().Be(Clone);
    }

    [Fact]
    public void Links_that_mean_nothing_are_removed_and_the_others_and_those_of_jobs_at_work_stay()
    {
        Put(Job);
        _links.Make(Job, Clone);
        _links.Make(Other, StandbyKey.Of(16));
        var busy = new JobKey("https://gitlab.example.com", "abc", 3);
        _links.Make(busy, StandbyKey.Of(15));
        using var held = new StateLocks(_state, TimeProvider.System);
        held.TryTake(busy).Should().NotBeNull();

        _links.RemoveIdle(_locks, dryRun: true).Should().Equal((Other, null));
        Links().Should().HaveCount(3);
        _links.RemoveIdle(_locks, dryRun: false).Should().Equal((Other, null));
        Links().Should().BeEquivalentTo(Job.Value, busy.Value);
        _links.Remove(Job);
        _links.Remove(Job);
        Links().Should().Equal(busy.Value);
    }

    [Theory]
    [MemberData(nameof(Troubles))]
    public void A_link_that_cannot_be_looked_at_or_removed_is_told_with_its_reason_and_stays(FileTrouble trouble)
    {
        using var small = SmallFileSystem.Make();
        Directory.CreateSymbolicLink(JobPaths.Taken(_state).Value, small.Root.Child("state").Value);
        _links.Make(Job, Clone);
        _links.Make(Other, Clone);
        small.Cause(trouble);

        var told = new List<string>();
        try
        {
            told.AddRange(_links.RemoveIdle(_locks, dryRun: false).Select(link => link.Failure!));
            told.Should().HaveCount(2, "the second is tried although the first was refused");
        }
        catch (HostFileException unlisted)
        {
            told.Add(unlisted.Message);
        }

        told.Should().OnlyContain(text => text.Contains(JobPaths.Taken(_state).Value, StringComparison.Ordinal) && text.Contains(SmallFileSystem.Words(trouble), StringComparison.Ordinal));
        small.Mend();
        Links().Should().HaveCount(2);
        _links.RemoveIdle(_locks, dryRun: false).Should().HaveCount(2).And.OnlyContain(link => link.Failure == null);
        Links().Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(Unreachable))]
    public void A_link_to_a_clone_whose_record_is_out_of_reach_stays_and_the_others_go(FileTrouble trouble)
    {
        using var small = SmallFileSystem.Make();
        Put(Job);
        var record = JobPaths.For(_state, Clone).Directory.Value;
        Directory.CreateSymbolicLink(small.Root.Child("state").Child("clone").Value, record);
        var far = StandbyKey.Of(18);
        Directory.CreateSymbolicLink(JobPaths.For(_state, far).Directory.Value, small.Root.Child("state").Child("clone").Value);
        _links.Make(Job, far);
        _links.Make(Other, StandbyKey.Of(16));
        small.Cause(trouble);

        var found = _links.RemoveIdle(_locks, dryRun: false);

        found.Should().HaveCount(2).And.Contain((Other, null));
        found.Single(link => link.Job == Job).Failure.Should().Contain(SmallFileSystem.Words(trouble));
        Links().Should().Equal(Job.Value);
    }

    public static TheoryData<FileTrouble> Troubles { get; } = new(Enum.GetValues<FileTrouble>().Where(trouble => trouble != FileTrouble.Full));

    public static TheoryData<FileTrouble> Unreachable { get; } = new(FileTrouble.Foreign, FileTrouble.ServerGone, FileTrouble.Broken, FileTrouble.Stale);

    private void Put(JobKey? job)
    {
        var directory = JobDirectory.Of(_state, Clone);
        var record = TestRecord.Of(Clone, _state);
        record = record with
        {
            Stamp = record.Stamp with { Job = job?.Value },
            Standby = new StandbyRecord("ab", "1 CPU", "warm", DateTimeOffset.UtcNow, TimeSpan.Zero),
        };
        if (directory.Exists)
        {
            TestRecord.Put(directory, record);
        }
        else
        {
            directory.Create(record);
        }
    }

    private string[] Links() => [.. Directory.GetFileSystemEntries(JobPaths.Taken(_state).Value).Select(link => Path.GetFileName(link)!)];
}

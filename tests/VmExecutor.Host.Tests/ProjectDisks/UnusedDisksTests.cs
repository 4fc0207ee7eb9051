using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Locks;
using VmExecutor.Host.ProjectDisks;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.ProjectDisks;

/// <summary>The disks that go where the host lacks room, on a file system whose room nothing else takes; and those that go with their time.</summary>
public sealed class UnusedDisksTests : IDisposable
{
    private const int MiB = 1 << 20;
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private readonly SmallFileSystem _files = SmallFileSystem.Make(size: "64m");
    private readonly StateLocks _locks;
    private readonly UnusedDisks _disks;

    public UnusedDisksTests()
    {
        _locks = new StateLocks(State, TimeProvider.System);
        _disks = new UnusedDisks(State, _locks);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private AbsolutePath State => _files.Root.Child("state");

    private long Free => HostRoom.FreeDisk(State)!.Value;

    public void Dispose()
    {
        _locks.Dispose();
        _files.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task Where_there_is_room_no_file_is_opened_for_it()
    {
        StoredDisk.Put(State, 1, Now);
        using var opened = new OpenedFiles(State.Value);

        (await _disks.MakeRoomAsync(new ByteSize(1), Token)).Should().BeEmpty();

        opened.Take().Should().BeEmpty();
        (await _disks.MakeRoomAsync(new ByteSize(long.MaxValue), Token)).Should().ContainSingle();
        opened.Take().Should().NotBeEmpty("else this test would see nothing");
    }

    [Fact(Timeout = 60_000)]
    public async Task Those_that_are_of_no_use_go_first_then_the_least_recently_used_as_many_as_it_takes_and_never_one_in_use()
    {
        StoredDisk.Put(State, 1, Now.AddDays(-1), bytes: 8 * MiB);
        StoredDisk.Put(State, 2, Now.AddDays(-2), bytes: 8 * MiB);
        StoredDisk.Put(State, 3, Now, version: 0, bytes: 2 * MiB);
        StoredDisk.PutAside(State, 4, Now.AddDays(-1), bytes: 4 * MiB);
        var inUse = StoredDisk.Put(State, 4, Now.AddDays(-9), bytes: 8 * MiB);
        GiveTo(1, inUse);

        (await RemovedAsync(3 * MiB)).Should().Equal((4, 4));
        (await RemovedAsync(3 * MiB)).Should().Equal((3, 2), (2, 8));
        (await RemovedAsync(60 * MiB)).Should().Equal((1, 8));
        (await RemovedAsync(60 * MiB)).Should().BeEmpty();
        inUse.Read().Should().NotBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task On_a_file_system_of_their_own_disks_do_not_go_for_the_room_of_jobs_but_where_it_is_nearly_full()
    {
        using var files = SmallFileSystem.Make("mkdir -m 700 state/disks && mount -t tmpfs -o size=32m none state/disks", size: "64m");
        var state = files.Root.Child("state");
        using var locks = new StateLocks(state, TimeProvider.System);
        var disks = new UnusedDisks(state, locks);
        StoredDisk.Put(state, 1, Now.AddDays(-2), bytes: 15 * MiB);
        StoredDisk.Put(state, 2, Now.AddDays(-1), bytes: 4 * MiB);
        files.Cause(FileTrouble.Full);

        (await disks.MakeRoomAsync(new ByteSize(long.MaxValue), Token)).Should().BeEmpty("it would give no room to jobs");

        StoredDisk.Put(state, 3, Now, bytes: 12 * MiB);
        (await disks.MakeRoomAsync(new ByteSize(long.MaxValue), Token)).Select(one => one.Disk.State!.ProjectId).Should().Equal(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_disk_that_another_process_is_just_taking_stays_and_nothing_waits_for_it()
    {
        var folder = StoredDisk.Put(State, 1, Now);
        using var other = new StateLocks(State, TimeProvider.System);
        using (other.TryTake(folder.Key))
        {
            (await _disks.MakeRoomAsync(new ByteSize(long.MaxValue), Token)).Should().BeEmpty();
        }

        folder.Read().Should().NotBeNull();
        (await _disks.MakeRoomAsync(new ByteSize(long.MaxValue), Token)).Should().ContainSingle();
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_two_processes_that_want_room_the_second_removes_nothing_once_the_first_has_made_it()
    {
        var first = StoredDisk.Put(State, 1, Now.AddDays(-2), bytes: 8 * MiB);
        var second = StoredDisk.Put(State, 2, Now.AddDays(-1), bytes: 8 * MiB);
        using var other = new StateLocks(State, TimeProvider.System);
        var atWork = await other.TakeRoomAsync(TimeSpan.FromSeconds(30), Token);
        var waiting = _disks.MakeRoomAsync(new ByteSize(Free + MiB), Token);
        first.Remove();

        atWork!.Dispose();

        (await waiting).Should().BeEmpty();
        second.Read().Should().NotBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_line_for_a_jobs_log_names_no_other_project()
    {
        StoredDisk.Put(State, 1, Now, bytes: MiB);
        var told = new List<string>();

        (await _disks.TryMakeRoomAsync(new ByteSize(long.MaxValue), told.Add, Token)).Should().BeTrue();

        told.Should().Equal("the disk of this host is nearly full: removed 1 project disk that no job uses (1MiB)");
    }

    [Fact(Timeout = 60_000)]
    public void Disks_and_those_that_were_put_aside_go_with_their_time_also_when_the_clock_was_set_back()
    {
        var image = new ImageDefinition { File = State.Child("x"), Name = new ImageName("base"), Source = new ImageSource.DiskFile(State.Child("x")), Ssh = new SshSettings { User = "ci", Key = State.Child("x") }, ProjectDisk = new ProjectDiskSettings { Keep = TimeSpan.FromDays(10) } };
        var settings = new Settings { File = State.Child("x"), StateDir = State, Images = [image] };
        var keeper = new DiskKeeper(State, new DiskStore(State, _locks, new DiskImages(null!), TimeProvider.System), _locks, TimeProvider.System);
        StoredDisk.Put(State, 1, Now.AddDays(-9));
        StoredDisk.Put(State, 2, Now.AddDays(-11));
        StoredDisk.Put(State, 3, Now.AddYears(70));
        StoredDisk.PutAside(State, 4, Now.AddDays(-9));
        StoredDisk.PutAside(State, 5, Now.AddDays(-11));
        var anew = StoredDisk.Put(State, 5, Now);
        StoredDisk.Put(State, 6, Now.AddDays(-13), image: "other");
        var damaged = StoredDisk.Put(State, 7, Now);
        File.WriteAllText(damaged.File("disk.json").Value, "{}");

        var removed = keeper.Collect(settings);

        removed.Select(disk => (Project(disk.Disk.Key), disk.Why.Split(' ')[0])).Should().BeEquivalentTo([(2L, "no"), (3L, "no"), (5L, "a"), (7L, "its")]);
        anew.Read().Should().NotBeNull();
        keeper.List().Select(disk => Project(disk.Key)).Should().BeEquivalentTo([1L, 4L, 5L, 6L]);
        keeper.Collect(settings).Should().BeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task Disks_that_another_process_removes_meanwhile_disturb_no_list_and_no_collection()
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var keeper = new DiskKeeper(State, new DiskStore(State, _locks, new DiskImages(null!), TimeProvider.System), _locks, TimeProvider.System);
        var settings = new Settings { File = State.Child("x"), StateDir = State, Images = [] };
        var others = Task.Run(() =>
        {
            using var locks = new StateLocks(State, TimeProvider.System);
            for (var round = 0; !over.IsCancellationRequested; round++)
            {
                var folder = StoredDisk.Put(State, round, Now);
                using var held = locks.TryTake(folder.Key);
                _ = held is not null && folder.Remove();
            }
        });

        for (var round = 0; round < 300; round++)
        {
            keeper.List();
            keeper.Collect(settings);
        }

        await over.CancelAsync();
        await others;
    }

    private async Task<IEnumerable<(long Project, long MiB)>> RemovedAsync(long more) =>
        (await _disks.MakeRoomAsync(new ByteSize(Free + more), Token)).Select(disk => (Project(disk.Disk.Key), disk.Disk.Bytes / MiB));

    private static long Project(Core.ProjectDisks.ProjectDiskKey key) => long.Parse(key.Value.Split('-')[0], null);

    private void GiveTo(int id, DiskFolder folder)
    {
        var key = new JobKey("https://gitlab.example.com", "abc", id);
        JobDirectory.Of(State, key).Create(TestRecord.Of(key, State) with { ProjectDisk = StoredDisk.UseOf(folder) });
    }
}

using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Host.ProjectDisks;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.ProjectDisks;

/// <summary>Versions of disks with the installed qemu-img and mke2fs; qemu-io writes in place of guests.</summary>
public sealed class DiskStoreTests : IDisposable
{
    private static readonly ProjectDiskOwner Owner = new("https://gitlab.test", 42, "group/project", "small", ProjectDiskScope.Project, "");

    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-disks-").FullName);
    private readonly StateLocks _locks;
    private readonly DiskStore _store;
    private readonly StoppingTools _tools = new(new ToolRunner(new ToolEnvironment(QemuTool.Environment()), TimeProvider.System));
    private int _jobs;

    public DiskStoreTests()
    {
        _locks = new StateLocks(_state, TimeProvider.System);
        _store = new DiskStore(_state, _locks, new DiskImages(_tools), TimeProvider.System);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ProjectDiskPlan Plan => new(Owner, ByteSize.FromMebibytes(64), null) { BuildsDir = "/builds", CacheDir = "/cache" };

    private DiskFolder Folder => new(_state, Plan.Key);

    private DiskKeeper Keeper => new(_state, _store, _locks, TimeProvider.System);

    public void Dispose()
    {
        _locks.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_new_disk_is_an_empty_clean_ext4_that_only_the_drivers_user_may_read()
    {
        var (job, use) = await TakeAsync();

        var raw = _state.Child("raw");
        QemuTool.Img("convert", "-f", "qcow2", "-O", "raw", job.Paths.ProjectDisk.Value, raw.Value);
        QemuTool.Run("e2fsck", "-f", "-n", raw.Value).Should().Contain("vmx-project: 11/");
        use.Should().BeEquivalentTo(new { Version = 0, IsMounted = false, Refusal = (string?)null });
        File.GetUnixFileMode(Folder.File(use.Files[0]).Value).Should().Be(UnixFileMode.UserRead);
        File.GetUnixFileMode(Folder.Path.Value).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.GetUnixFileMode(job.Paths.ProjectDisk.Value).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        job.Read()!.ProjectDisk.Should().BeEquivalentTo(use);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(500)]
    public async Task Taking_a_disk_opens_the_same_few_files_however_many_there_are(int others)
    {
        (await TakeAsync()).Job.Remove();
        foreach (var id in Enumerable.Range(100, others))
        {
            StoredDisk.Put(_state, id, DateTimeOffset.UtcNow);
        }

        using var opened = new OpenedFiles(DiskFolder.All(_state).Value);
        await TakeAsync();

        // The old record, the new one, and the directory, which is flushed.
        opened.Take().Select(path => Path.GetFileName(path.TrimEnd('/')).Split('.')[0]).Should().OnlyContain(name => name == "disk" || name == Folder.Key.Value).And.HaveCountLessThanOrEqualTo(4);
    }

    [Fact(Timeout = 120_000)]
    public async Task Remains_of_a_killed_process_that_made_a_disk_go_when_the_next_one_makes_it()
    {
        var half = DiskFolder.All(_state).Child($".new-{Plan.Key}-0123abcd");
        Directory.CreateDirectory(half.Value);

        await TakeAsync();

        Directory.GetDirectories(DiskFolder.All(_state).Value).Should().Equal(Folder.Path.Value);
    }

    [Fact(Timeout = 120_000)]
    public async Task Each_version_has_what_its_job_and_the_jobs_before_left_and_a_job_in_flight_keeps_its_own()
    {
        // So large that the later overlays stay overlays.
        await PromoteAsync("1", offset: "10M", length: "20M");
        var (reader, _) = await TakeAsync();
        foreach (var pattern in (string[])["2", "3", "4"])
        {
            (await PromoteAsync(pattern, offset: $"{30 + int.Parse(pattern, null)}M", length: "64k")).Promoted.Should().Be(int.Parse(pattern, null));
        }

        var state = Folder.Read()!;
        state.Version.Should().BeEquivalentTo(new { Number = 4, Files = new[] { $"v1-{state.Lineage}.qcow2", $"v4-{state.Lineage}.qcow2" } });
        Directory.GetFiles(Folder.Path.Value).Select(Path.GetFileName).Should().BeEquivalentTo(["disk.json", .. state.Version.Files]);
        var (job, _) = await TakeAsync();
        Holds(job, "1", "10M", "20M");
        Holds(job, "2", "32M", "64k");
        Holds(job, "3", "33M", "64k");
        Holds(job, "4", "34M", "64k");
        Holds(reader, "1", "10M", "20M");
        Holds(reader, "0", "34M", "64k");
    }

    [Fact(Timeout = 120_000)]
    public async Task The_last_writer_wins_and_nothing_of_the_other_is_mixed_in()
    {
        var (first, ofFirst) = await TakeAsync();
        var (second, ofSecond) = await TakeAsync();
        Write(first, "1", "20M", "64k");
        Write(second, "2", "21M", "64k");

        (await _store.PromoteAsync(ofSecond, second, second.Key, default, Token)).Promoted.Should().Be(1);
        (await _store.PromoteAsync(ofFirst, first, first.Key, default, Token)).Promoted.Should().Be(2);

        var (job, _) = await TakeAsync();
        Holds(job, "1", "20M", "64k");
        Holds(job, "0", "21M", "64k");
    }

    [Theory(Timeout = 120_000)]
    [InlineData("dd", false)]
    [InlineData("rebase", false)]
    [InlineData("convert", true)]
    public async Task A_promotion_that_ends_at_any_tool_leaves_the_old_version_whole(string tool, bool isLarge)
    {
        await PromoteAsync("1", offset: "10M", length: "2M");
        await PromoteAsync("2", offset: "14M", length: "64k");
        var before = Folder.Read()!;
        before.Version.Files.Should().HaveCount(2);
        var (job, use) = await TakeAsync();
        Write(job, "3", "50M", isLarge ? "5M" : "64k");

        _tools.StopAt = tool;
        var promote = () => _store.PromoteAsync(use, job, job.Key, default, Token);
        await promote.Should().ThrowAsync<OperationCanceledException>();
        _tools.StopAt = null;
        job.Remove();

        Folder.Read().Should().BeEquivalentTo(before, options => options.Excluding(state => state.Used));
        var (next, _) = await TakeAsync();
        Holds(next, "1", "10M", "2M");
        Holds(next, "2", "14M", "64k");
        Holds(next, "0", "50M", "64k");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_promotion_that_ends_before_the_pointer_leaves_a_file_that_the_next_one_replaces()
    {
        await PromoteAsync("1", offset: "10M", length: "64k");
        var orphan = Folder.File($"v2-{Folder.Read()!.Lineage}.qcow2");
        File.WriteAllText(orphan.Value, "half");

        (await PromoteAsync("2", offset: "11M", length: "64k")).Promoted.Should().Be(2);

        var (job, _) = await TakeAsync();
        Holds(job, "1", "10M", "64k");
        Holds(job, "2", "11M", "64k");
    }

    [Fact(Timeout = 120_000)]
    public async Task An_overlay_that_is_not_clean_or_not_as_it_was_made_is_refused_and_no_tool_opens_a_file_that_QEMU_named()
    {
        var (unclean, ofUnclean) = await TakeAsync();
        QemuTool.Run("qemu-io", "-f", "qcow2", "-c", "write -P 0x46 1120 1", unclean.Paths.ProjectDisk.Value);
        (await _store.PromoteAsync(ofUnclean, unclean, unclean.Key, default, Token)).Should().BeEquivalentTo(new { Promoted = (int?)null, Refused = "unclean" });

        var (damaged, ofDamaged) = await TakeAsync();
        QemuTool.Run("qemu-io", "-f", "qcow2", "-c", "write -P 7 1024 1k", damaged.Paths.ProjectDisk.Value);
        (await _store.PromoteAsync(ofDamaged, damaged, damaged.Key, default, Token)).Refused.Should().Be("damaged");

        var (foreign, ofForeign) = await TakeAsync();
        var secret = _state.Child("secret.qcow2");
        File.Copy(Folder.File(ofForeign.Files[0]).Value, secret.Value);
        QemuTool.Img("rebase", "-u", "-f", "qcow2", "-F", "qcow2", "-b", secret.Value, foreign.Paths.ProjectDisk.Value);
        _tools.Calls.Clear();
        (await _store.PromoteAsync(ofForeign, foreign, foreign.Key, default, Token)).Refused.Should().Be("damaged");
        _tools.Calls.Should().BeEmpty();

        Folder.Read()!.Version.Number.Should().Be(0);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_disk_that_was_removed_or_begun_anew_takes_nothing_of_a_job_that_had_the_old_one()
    {
        var keeper = Keeper;
        var (job, use) = await TakeAsync();
        (await keeper.RemoveAsync(Plan.Key, Token)).Should().BeTrue();
        (await _store.PromoteAsync(use, job, job.Key, default, Token)).Refused.Should().Be("removed");

        await TakeAsync();
        (await _store.PromoteAsync(use, job, job.Key, default, Token)).Refused.Should().Be("removed");
        keeper.List().Should().ContainSingle().Which.Should().BeEquivalentTo(new { Jobs = 1, HasDamaged = false });
    }

    [Fact(Timeout = 120_000)]
    public async Task A_disk_that_is_put_aside_is_begun_anew_and_only_by_the_version_that_failed()
    {
        await PromoteAsync("1", offset: "10M", length: "64k");
        var (_, old) = await TakeAsync();
        await PromoteAsync("2", offset: "11M", length: "64k");
        (await _store.PutAsideAsync(old, Token)).Should().BeFalse("another version is there by now");

        var (_, use) = await TakeAsync();
        (await _store.PutAsideAsync(use, Token)).Should().BeTrue();

        var (_, fresh) = await TakeAsync();
        fresh.Version.Should().Be(0);
        fresh.Lineage.Should().NotBe(use.Lineage);
        Keeper.List().Should().ContainSingle().Which.HasDamaged.Should().BeTrue();
    }

    [Fact(Timeout = 120_000)]
    public async Task Too_little_room_on_the_host_keeps_the_old_version()
    {
        var (job, use) = await TakeAsync();

        (await _store.PromoteAsync(use, job, job.Key, new ByteSize(long.MaxValue), Token)).Refused.Should().Be("no_room");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_collection_removes_what_is_unused_and_half_made_and_no_disk_of_a_job()
    {
        var keeper = Keeper;
        var unused = new UnusedDisks(_state, _locks);
        var settings = new Settings { File = _state.Child("vm-executor.yaml"), StateDir = _state, Images = [] };
        var (job, _) = await TakeAsync();
        var half = DiskFolder.All(_state).Child($".new-{Plan.Key}-0123abcd");
        Directory.CreateDirectory(half.Value);
        var orphan = Folder.File("v7-ffffffff.qcow2");
        File.WriteAllText(orphan.Value, "");
        var record = Folder.File("disk.json.0123456789abcdef0123456789abcdef.tmp");
        File.WriteAllText(record.Value, "{");

        keeper.Collect(settings).Should().BeEmpty();
        (await unused.MakeRoomAsync(new ByteSize(long.MaxValue), Token)).Should().BeEmpty("a job has it");
        Directory.Exists(half.Value).Should().BeFalse();
        File.Exists(orphan.Value).Should().BeFalse();
        File.Exists(record.Value).Should().BeFalse();

        job.Remove();
        keeper.Collect(settings).Should().BeEmpty();
        (await unused.MakeRoomAsync(new ByteSize(long.MaxValue), Token)).Should().ContainSingle().Which.Why.Should().Contain("nearly full");
        keeper.List().Should().BeEmpty();
    }

    private async Task<(JobDirectory Job, ProjectDiskUse Use)> TakeAsync()
    {
        var key = new JobKey("https://gitlab.test", "abc", ++_jobs);
        var directory = JobDirectory.Of(_state, key);
        directory.Create(TestRecord.Of(key, _state));
        var (use, _) = await _store.TakeAsync(Plan, directory, Token);
        return (directory, use);
    }

    private async Task<ProjectDiskNote> PromoteAsync(string pattern, string offset, string length)
    {
        var (job, use) = await TakeAsync();
        Write(job, pattern, offset, length);
        var note = await _store.PromoteAsync(use, job, job.Key, default, Token);
        job.Remove();
        return note;
    }

    private static void Write(JobDirectory job, string pattern, string offset, string length) => QemuTool.Write(job.Paths.ProjectDisk.Value, "qcow2", pattern, offset, length);

    private static void Holds(JobDirectory job, string pattern, string offset, string length) =>
        QemuTool.Run("qemu-io", "-r", "-f", "qcow2", "-c", $"read -P {pattern} {offset} {length}", job.Paths.ProjectDisk.Value).Should().NotContain("Pattern verification failed");

    /// <summary>Real tools, of which one call ends as if the driver had been ended in it.</summary>
    private sealed class StoppingTools(IToolRunner tools) : IToolRunner
    {
        public string? StopAt { get; set; }

        public List<ToolCall> Calls { get; } = [];

        public Task<ToolResult> RunAsync(ToolCall call, CancellationToken cancellationToken)
        {
            Calls.Add(call);
            return call.Arguments[0] == StopAt ? throw new OperationCanceledException() : tools.RunAsync(call, cancellationToken);
        }
    }
}

using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Host.ProjectDisks;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.ProjectDisks;

/// <summary>Versions on a file system that gets full, on one whose host loses its power, and on one that is mounted for them alone.</summary>
public sealed class FullDiskTests
{
    private const int MiB = 1 << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_merge_is_not_begun_where_its_room_would_be_missing_and_a_version_stays_two_files_where_one_has_no_room()
    {
        using var files = SmallFileSystem.Make(size: "128m");
        using var world = new World(files.Root.Child("state"));
        await world.PromoteAsync("1", "10M", "20M");
        await world.PromoteAsync("2", "40M", "8M");
        world.Folder.Read()!.Version.Files.Should().HaveCount(2);
        var free = HostRoom.FreeDisk(world.State)!.Value;

        (await world.PromoteAsync("3", "50M", "64k", keepFree: free - (4 * MiB))).Refused.Should().Be("no_room", "8 MiB would be merged");
        (await world.PromoteAsync("4", "52M", "11M", keepFree: free - (30 * MiB))).Promoted.Should().Be(3, "its room is there but for one file of all");

        var (job, _) = await world.TakeAsync();
        world.Folder.Read()!.Version.Files.Should().HaveCount(2);
        World.Holds(job, "1", "10M", "20M");
        World.Holds(job, "2", "40M", "8M");
        World.Holds(job, "0", "50M", "64k");
        World.Holds(job, "4", "52M", "11M");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_file_system_without_any_room_refuses_each_step_and_leaves_the_version_whole_and_nothing_half_made()
    {
        using var files = SmallFileSystem.Make(size: "128m");
        using var world = new World(files.Root.Child("state"));
        await world.PromoteAsync("1", "10M", "20M");
        await world.PromoteAsync("2", "40M", "2M");
        var (first, ofFirst) = await world.TakeAsync();
        World.Write(first, "3", "50M", "64k");
        var unwritten = world.Begin();
        files.Cause(FileTrouble.Full);

        var promote = () => world.Store.PromoteAsync(ofFirst, first, first.Key, default, Token);
        var take = () => world.Store.TakeAsync(World.Plan, unwritten, Token);
        var make = () => world.Store.TakeAsync(World.Plan with { Owner = World.Plan.Owner with { ProjectId = 43 } }, unwritten, Token);
        (await promote()).Refused.Should().Be("no_room", "2 MiB would be merged");
        await take.Should().ThrowAsync<DriverException>();
        await make.Should().ThrowAsync<DriverException>();

        files.Mend();
        first.Remove();
        unwritten.Remove();
        Directory.GetFileSystemEntries(DiskFolder.All(world.State).Value).Should().Equal(world.Folder.Path.Value);
        Directory.GetFiles(world.Folder.Path.Value).Should().HaveCount(3, "the record and two files");
        var (job, _) = await world.TakeAsync();
        World.Holds(job, "1", "10M", "20M");
        World.Holds(job, "2", "40M", "2M");
        World.Holds(job, "0", "50M", "64k");
    }

    [Theory(Timeout = 120_000)]
    [InlineData("truncate -s 64M image && mkfs.ext4 -q -F image && mount -o loop image state/disks")]
    public async Task On_a_file_system_of_their_own_versions_are_made_and_where_it_gets_full_the_version_stays(string mount)
    {
        using var files = SmallFileSystem.Make($"mkdir -m 700 state/disks && {mount}", size: "256m");
        using var world = new World(files.Root.Child("state"));
        await world.PromoteAsync("1", "10M", "2M");
        world.Folder.IsBesideJobs().Should().BeFalse();
        (await world.PromoteAsync("2", "20M", "64k")).Promoted.Should().Be(2);
        (await world.PromoteAsync("3", "40M", "8M")).Promoted.Should().Be(3);
        (await world.PromoteAsync("4", "12M", "50M")).Refused.Should().Be("no_room");

        Directory.GetFiles(world.Folder.Path.Value).Should().HaveCount(1 + world.Folder.Read()!.Version.Files.Count, "the record and the version");
        File.GetUnixFileMode(world.Folder.File(world.Folder.Read()!.Version.Files[^1]).Value).Should().Be(UnixFileMode.UserRead);
        var (job, _) = await world.TakeAsync();
        World.Holds(job, "1", "10M", "2M");
        World.Holds(job, "2", "20M", "64k");
        World.Holds(job, "3", "40M", "8M");
        World.Holds(job, "0", "50M", "1M");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_file_that_was_coming_from_another_file_system_when_its_cleanup_was_killed_goes_when_no_job_has_the_disk()
    {
        using var files = SmallFileSystem.Make("mkdir -m 700 state/disks && mount -t tmpfs -o size=64m none state/disks", size: "128m");
        using var world = new World(files.Root.Child("state"));
        await world.PromoteAsync("1", "10M", "64k");
        var (other, use) = await world.TakeAsync();
        var half = world.Folder.HalfFile(use);
        await File.WriteAllTextAsync(half.Value, "half", Token);

        await world.PromoteAsync("2", "10M", "64k");
        File.Exists(half.Value).Should().BeTrue("it may be that of the job that has the disk");
        other.Remove();
        await world.PromoteAsync("3", "10M", "64k");

        File.Exists(half.Value).Should().BeFalse();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_link_in_place_of_the_directory_of_disks_is_refused_by_its_name()
    {
        using var files = SmallFileSystem.Make("mkdir other && ln -s ../other state/disks", size: "64m");
        using var world = new World(files.Root.Child("state"));

        var take = () => world.TakeAsync();

        (await take.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Be($"{DiskFolder.All(world.State)} is a link, and the files of a version name each other by this directory");
        Directory.GetFileSystemEntries(files.Root.Child("other").Value).Should().BeEmpty();
    }

    [Theory(Timeout = 300_000)]
    [InlineData("dd")]
    [InlineData("rebase")]
    [InlineData("convert")]
    [InlineData(null)]
    public async Task A_power_cut_at_any_tool_of_a_promotion_or_right_after_it_leaves_a_whole_version(string? tool)
    {
        using var disk = PowerCutDisk.Make();
        using (var world = new World(disk.State))
        {
            await world.PromoteAsync("1", "10M", "20M");
            if (tool is not null)
            {
                // On a version of one file no tool writes, and none flushes.
                await world.PromoteAsync("2", "40M", "2M");
            }

            var (job, use) = await world.TakeAsync();
            World.Write(job, "3", "44M", tool == "convert" ? "16M" : "2M");
            if (tool is null)
            {
                (await world.Store.PromoteAsync(use, job, job.Key, default, Token)).Promoted.Should().Be(2);
                disk.CutPower();
            }
            else
            {
                world.Tools.Before = call =>
                {
                    if (call == tool)
                    {
                        disk.CutPower();
                    }
                };
                var promote = () => world.Store.PromoteAsync(use, job, job.Key, default, Token);
                await promote.Should().ThrowAsync<DriverException>();
            }
        }

        disk.Restart();
        using var after = new World(disk.State);
        after.Folder.Read()!.Version.Number.Should().Be(2);
        var (next, _) = await after.TakeAsync();
        World.Holds(next, "1", "10M", "20M");
        if (tool is not null)
        {
            World.Holds(next, "2", "40M", "2M");
        }

        World.Holds(next, tool is null ? "3" : "0", "44M", "2M");
    }

    /// <summary>A state directory with one project's disk; qemu-io writes in place of guests, whose QEMU flushes nothing.</summary>
    private sealed class World : IDisposable
    {
        private readonly StateLocks _locks;

        public World(AbsolutePath state)
        {
            State = state;
            _locks = new StateLocks(state, TimeProvider.System);
            Store = new DiskStore(state, _locks, new DiskImages(Tools), TimeProvider.System);
        }

        public static ProjectDiskPlan Plan { get; } =
            new(new ProjectDiskOwner("https://gitlab.test", 42, "group/project", "small", ProjectDiskScope.Project, ""), ByteSize.FromMebibytes(64), null) { BuildsDir = "/builds", CacheDir = "/cache" };

        public AbsolutePath State { get; }

        public ToldTools Tools { get; } = new(new ToolRunner(new ToolEnvironment(QemuTool.Environment()), TimeProvider.System));

        public DiskStore Store { get; }

        public DiskFolder Folder => new(State, Plan.Key);

        public static void Write(JobDirectory job, string pattern, string offset, string length) =>
            QemuTool.Run("qemu-io", "-t", "unsafe", "-f", "qcow2", "-c", $"write -P {pattern} {offset} {length}", job.Paths.ProjectDisk.Value);

        public static void Holds(JobDirectory job, string pattern, string offset, string length) =>
            QemuTool.Run("qemu-io", "-r", "-f", "qcow2", "-c", $"read -P {pattern} {offset} {length}", job.Paths.ProjectDisk.Value).Should().NotContain("Pattern verification failed");

        public JobDirectory Begin()
        {
            var key = new JobKey("https://gitlab.test", "abc", Random.Shared.NextInt64(1, long.MaxValue));
            var directory = JobDirectory.Of(State, key);
            directory.Create(TestRecord.Of(key, State));
            return directory;
        }

        public async Task<(JobDirectory Job, ProjectDiskUse Use)> TakeAsync()
        {
            var directory = Begin();
            return (directory, (await Store.TakeAsync(Plan, directory, Token)).Use);
        }

        public async Task<ProjectDiskNote> PromoteAsync(string pattern, string offset, string length, long keepFree = 0)
        {
            var (job, use) = await TakeAsync();
            Write(job, pattern, offset, length);
            var note = await Store.PromoteAsync(use, job, job.Key, new ByteSize(keepFree), Token);
            job.Remove();
            return note;
        }

        public void Dispose() => _locks.Dispose();
    }

    /// <summary>Real tools, of which the test is told before each.</summary>
    private sealed class ToldTools(IToolRunner tools) : IToolRunner
    {
        public Action<string>? Before { get; set; }

        public Task<ToolResult> RunAsync(ToolCall call, CancellationToken cancellationToken)
        {
            Before?.Invoke(call.Arguments[0]);
            return tools.RunAsync(call, cancellationToken);
        }
    }

    /// <summary>An ext4 in a file, whose host can lose its power: nothing that was not flushed is on it then (FS_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH).</summary>
    private sealed class PowerCutDisk : IDisposable
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("vmx-power-").FullName;
        private int _starts;

        public AbsolutePath State => new(Path.Combine(Place, "state"));

        private string Place => Path.Combine(_directory, $"place-{_starts}");

        private string Image => Path.Combine(_directory, $"image-{_starts}");

        public static PowerCutDisk Make()
        {
            Prerequisite.Require(Environment.IsPrivilegedProcess, "root, to mount a file system");
            var disk = new PowerCutDisk();
            Run("truncate", "-s", "256M", disk.Image);
            Run("mkfs.ext4", "-q", "-F", disk.Image);
            disk.Mount();
            Directory.CreateDirectory(disk.State.Value);
            Run("sync", "-f", disk.State.Value);
            return disk;
        }

        public void CutPower() =>
            Run("python3", "-c", "import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))", Place);

        /// <summary>The bytes that reached the disk are mounted as another one: a mount namespace that some process has made meanwhile keeps the first one as it is.</summary>
        public void Restart()
        {
            var before = Image;
            _starts++;
            Run("cp", "--sparse=always", before, Image);
            Mount();
        }

        public void Dispose()
        {
            for (; _starts >= 0; _starts--)
            {
                if (Directory.Exists(Place))
                {
                    Run("umount", "--lazy", Place);
                }
            }

            Directory.Delete(_directory, recursive: true);
        }

        private void Mount()
        {
            Directory.CreateDirectory(Place);
            Run("mount", "-o", "loop", Image, Place);
        }

        private static void Run(string program, params string[] arguments)
        {
            using var tool = Process.Start(program, arguments);
            tool.WaitForExit();
            tool.ExitCode.Should().Be(0, "{0} {1}", program, string.Join(' ', arguments));
        }
    }
}

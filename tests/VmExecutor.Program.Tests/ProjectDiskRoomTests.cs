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
using VmExecutor.Program.Tests.Faults;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Projects' disks in the way of jobs that have none, of a host that gets full, and of a collection beside jobs.</summary>
public sealed class ProjectDiskRoomTests
{
    private const int MiB = 1 << 20;
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task The_prepare_of_a_job_that_has_no_disk_opens_no_file_of_any()
    {
        using var world = new StageWorld();
        foreach (var project in Enumerable.Range(1, 10))
        {
            StoredDisk.Put(world.StateDir, project, Now.AddDays(-100));
        }

        using var opened = new OpenedFiles(DiskFolder.All(world.StateDir).Value);
        await world.PrepareAsync(Token);

        opened.Take().Should().BeEmpty();
        DiskFolder.List(world.StateDir).Disks.Should().HaveCount(10);
        opened.Take().Should().NotBeEmpty("else this test would see nothing");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_does_not_wait_for_room_that_a_disk_without_a_job_takes_and_its_log_does_not_name_the_other_project()
    {
        using var files = SmallFileSystem.Make(size: "64m");
        using var world = new StageWorld(files.Root.Child("state"));
        world.Limits = new LimitSettings { DiskHeadroom = new ByteSize(40 * MiB), DiskWatermark = new ByteSize(MiB), WaitForCapacity = TimeSpan.FromSeconds(30) };
        var old = StoredDisk.Put(world.StateDir, 1, Now.AddDays(-2), bytes: 20 * MiB);
        var recent = StoredDisk.Put(world.StateDir, 2, Now.AddDays(-1), bytes: 20 * MiB);

        await world.PrepareAsync(Token);

        old.Read().Should().BeNull();
        recent.Read().Should().NotBeNull("there is room enough");
        world.Log.ToString().Should().Contain("nearly full: removed 1 project disk that no job uses (20MiB)").And.Contain("Ready after").And.NotContain("secret/");
    }

    [Fact(Timeout = 300_000)]
    public async Task A_gc_in_another_process_that_wants_all_room_never_takes_a_disk_from_a_job()
    {
        using var bench = new StageBench();
        var state = new AbsolutePath(bench.PathOf("state"));
        Directory.CreateDirectory(state.Value);
        bench.Write("vm-executor.yaml", $"state_dir: {state}\nimages_dir: images\ndefault_image: small\nlibvirt:\n  uri: test:///default\nlimits: {{disk_headroom: 9999999GiB}}\n");
        using var locks = new StateLocks(state, TimeProvider.System);
        var store = new DiskStore(state, locks, new DiskImages(new FileMaker()), TimeProvider.System);
        var owner = new ProjectDiskOwner("https://gitlab.example.com", 42, "group/project", "small", ProjectDiskScope.Project, "");
        var plan = new ProjectDiskPlan(owner, ByteSize.FromMebibytes(64), null) { BuildsDir = "/builds", CacheDir = "/cache" };
        var job = 0;

        foreach (var round in Enumerable.Range(1, 3))
        {
            StoredDisk.Put(state, round, Now);
            var gc = bench.RunAsync("gc");
            do
            {
                var (directory, use) = await TakeAsync();
                EnsureThere(use);
                directory.Remove();
            }
            while (!gc.IsCompleted);

            (await gc).Error.Should().Contain($"Removed the project disk of secret/project-{round} (image 'base')");
        }

        var (_, held) = await TakeAsync();
        (await bench.RunAsync("gc")).ExitCode.Should().Be(0);
        EnsureThere(held);

        async Task<(JobDirectory Directory, ProjectDiskUse Use)> TakeAsync()
        {
            var key = new JobKey("https://gitlab.example.com", "abc", ++job);
            var directory = JobDirectory.Of(state, key);
            directory.Create(TestRecord.Of(key, state, "test:///default"));
            return (directory, (await store.TakeAsync(plan, directory, Token)).Use);
        }

        void EnsureThere(ProjectDiskUse use) => use.Files.Should().OnlyContain(file => File.Exists(new DiskFolder(state, plan.Key).File(file).Value), "a job has it");
    }

    /// <summary>Makes the files that qemu-img would make.</summary>
    private sealed class FileMaker : IToolRunner
    {
        public Task<ToolResult> RunAsync(ToolCall call, CancellationToken cancellationToken)
        {
            if (call.Program == "qemu-img")
            {
                File.WriteAllText(call.Arguments[0] == "create" ? call.Arguments[^2] : call.Arguments[^1], "");
            }

            return Task.FromResult(new ToolResult(call, 0, "", ""));
        }
    }
}

using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>
/// Lets the file system of <c>state_dir</c> begin to refuse before each call that a stage makes. The stage then says which path it was and what to do, and
/// a VM that is to go goes. Once the file system is mended nothing stays.
/// </summary>
public sealed class FileTroubleMatrixTests
{
    private static readonly Func<StageWorld, Task> Nothing = _ => Task.CompletedTask;
    private static readonly Func<StageWorld, Task> Prepared = world => world.PrepareAsync();

    public static TheoryData<int, string, FileTrouble> Prepare { get; } = Rows(Nothing, Prepared);

    public static TheoryData<int, string, FileTrouble> WarmPrepare { get; } = Rows(Warmed, Prepared);

    public static TheoryData<int, string, FileTrouble> Run { get; } = Rows(Prepared, world => world.RunScriptAsync());

    public static TheoryData<int, string, FileTrouble> Cleanup { get; } = Rows(Failed, world => world.CleanupWithKeepingAsync());

    public static TheoryData<int, string, FileTrouble> Collection { get; } = Rows(Abandoned, world => world.CollectAsync());

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Prepare))]
    public Task A_prepare_says_what_it_was_and_leaves_no_VM(int number, string call, FileTrouble trouble) => PrepareAsync(Nothing, number, call, trouble);

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(WarmPrepare))]
    public Task A_warm_prepare_says_what_it_was_and_leaves_no_VM(int number, string call, FileTrouble trouble) => PrepareAsync(Warmed, number, call, trouble);

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Run))]
    public async Task A_script_has_its_own_exit_once_it_has_begun(int number, string call, FileTrouble trouble)
    {
        using var place = new Place(trouble);
        await Prepared(place.World);
        var exit = -1;

        var failure = await place.PlayAsync(number, call, async world => exit = await world.RunScriptAsync());

        if (number < 0 && failure is not null)
        {
            place.ShouldTell(failure);
        }
        else
        {
            failure.Should().BeNull();
            exit.Should().Be(0);
        }
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Cleanup))]
    public async Task A_cleanup_ends_the_VM_and_its_connection_all_the_same(int number, string call, FileTrouble trouble)
    {
        using var place = new Place(trouble);
        await Failed(place.World);

        var failure = await place.PlayAsync(number, call, world => world.CleanupWithKeepingAsync());

        if (failure is not null)
        {
            place.ShouldTell(failure);
        }

        place.ShouldHaveNoVm();
        await place.MendAsync(world => world.CleanupAsync());
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Collection))]
    public async Task A_collection_takes_nothing_for_gone_and_comes_to_its_end(int number, string call, FileTrouble trouble)
    {
        using var place = new Place(trouble);
        await Abandoned(place.World);

        var failure = await place.PlayAsync(number, call, world => world.CollectAsync());

        if (failure is not null)
        {
            place.ShouldTell(failure);
        }

        await place.MendAsync(async world => (await world.CollectAsync()).Failed.Should().BeFalse());
    }

    [Theory(Timeout = 60_000)]
    [InlineData(FileTrouble.Foreign)]
    [InlineData(FileTrouble.ServerGone)]
    [InlineData(FileTrouble.Broken)]
    [InlineData(FileTrouble.Stale)]
    public async Task A_template_that_is_out_of_reach_makes_the_start_cold(FileTrouble trouble)
    {
        using var small = SmallFileSystem.Make(size: "2m");
        using var world = new StageWorld();
        await world.WarmAsync();
        var (template, place) = (world.Template!.Directory.Value, small.Root.Child("state").Child("template").Value);
        await CopyAsync(template, place);
        Directory.Delete(template, recursive: true);
        Directory.CreateSymbolicLink(template, place);
        small.Cause(trouble);

        await world.PrepareAsync(TestContext.Current.CancellationToken);

        world.JobDirectory.Read()!.Start.Should().Be("cold");
        world.Hypervisor.Domains.Values.Should().ContainSingle().Which.Should().NotContain("mem-path");
        world.Log.ToString().Should().Contain("cold start").And.NotContain("has a bug");
    }

    [Fact]
    public void The_matrix_has_hundreds_of_rows() =>
        (Prepare.Count + WarmPrepare.Count + Run.Count + Cleanup.Count + Collection.Count).Should().BeGreaterThan(200);

    private static async Task CopyAsync(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            await File.WriteAllBytesAsync(Path.Combine(to, Path.GetFileName(file)), await File.ReadAllBytesAsync(file));
        }
    }

    private static Task Warmed(StageWorld world) => world.WarmAsync();

    private static async Task Failed(StageWorld world)
    {
        await world.PrepareAsync();
        world.KeepScripts = world.KeepScripts with { For = TimeSpan.FromDays(1) };
        world.Metrics = world.Metrics with { File = world.StateDir.Child("metrics.prom") };
    }

    private static async Task Abandoned(StageWorld world)
    {
        await world.PrepareAsync();
        world.DeleteTemporaryDirectory();
    }

    private static async Task PrepareAsync(Func<StageWorld, Task> arrange, int number, string call, FileTrouble trouble)
    {
        using var place = new Place(trouble);
        await arrange(place.World);

        var failure = await place.PlayAsync(number, call, world => world.PrepareAsync());

        if (failure is not null)
        {
            place.ShouldTell(failure);
            place.ShouldHaveNoVm();
        }

        await place.MendAsync(world => world.CleanupAsync());
    }

    /// <summary>The rows: before anything (-1) all troubles; before each call one of each kind: readable, without room, out of reach, and failing.</summary>
    private static TheoryData<int, string, FileTrouble> Rows(Func<StageWorld, Task> arrange, Func<StageWorld, Task> act)
    {
        var rows = new TheoryData<int, string, FileTrouble>();
        var calls = FaultMatrix.Record(arrange, act);
        for (var number = -1; number < calls.Count; number++)
        {
            foreach (var trouble in number < 0 ? Enum.GetValues<FileTrouble>() : [FileTrouble.ReadOnly, FileTrouble.Full, FileTrouble.Foreign, FileTrouble.Broken])
            {
                rows.Add(number, number < 0 ? "" : calls[number], trouble);
            }
        }

        return rows;
    }

    /// <summary>A world whose <c>state_dir</c> is on a file system of its own.</summary>
    private sealed class Place : IDisposable
    {
        private readonly FileTrouble _trouble;
        private readonly SmallFileSystem _small = SmallFileSystem.Make(size: "2m");
        private int _calls;

        public Place(FileTrouble trouble)
        {
            _trouble = trouble;
            World = new StageWorld(_small.Root.Child("state")) { Limits = new LimitSettings { DiskHeadroom = new ByteSize(0), DiskWatermark = new ByteSize(0) } };
        }

        public StageWorld World { get; }

        /// <summary>Lets the trouble begin before a call, or before the first; and go on.</summary>
        /// <returns>What the stage failed with.</returns>
        public async Task<Exception?> PlayAsync(int number, string call, Func<StageWorld, Task> act)
        {
            if (number < 0)
            {
                _small.Cause(_trouble);
            }

            World.Gate = (now, after, _) =>
            {
                if (!after && Interlocked.Increment(ref _calls) == number + 1)
                {
                    now.Should().StartWith(call.Split(' ')[0], "the calls come in the same order each time");
                    _small.Cause(_trouble);
                }

                return Task.CompletedTask;
            };
            try
            {
                await act(World);
                return null;
            }
            catch (Exception e)
            {
                return e;
            }
        }

        public void ShouldTell(Exception failure)
        {
            var told = failure.Should().BeAssignableTo<DriverException>().Which;
            told.Code.Should().NotBe(ErrorCodes.Bug);
            told.Message.Should().Contain(_small.Root.Value).And.Contain(SmallFileSystem.Words(_trouble));
            told.Hint.Should().NotBeEmpty();
        }

        public void ShouldHaveNoVm()
        {
            World.Hypervisor.Domains.Keys.Should().NotContain(name => name.StartsWith("vmx-", StringComparison.Ordinal));
            World.Processes.Running.Should().BeEmpty();
        }

        /// <summary>The file system works again, and then nothing stays.</summary>
        public async Task MendAsync(Func<StageWorld, Task> then)
        {
            World.Bury();
            World.Gate = null;
            _small.Mend();
            await then(World);
            World.Left().Should().BeEmpty();
        }

        public void Dispose()
        {
            World.Dispose();
            _small.Dispose();
        }
    }
}

using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Locks;
using Xunit;

namespace VmExecutor.Host.Tests.Locks;

public sealed class StateLocksTests : IDisposable
{
    private static readonly JobKey Job = new("https://gitlab.example.com", "abc", 1);
    private static readonly JobKey Other = new("https://gitlab.example.com", "abc", 2);
    private readonly AbsolutePath _state = new(Path.Combine(Directory.CreateTempSubdirectory("vmx-locks-").FullName, "state"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_state.Parent().Value, recursive: true);

    [Fact]
    public void A_job_is_one_holders_at_a_time_and_another_job_is_another_lock()
    {
        using var first = new StateLocks(_state, TimeProvider.System);
        using var second = new StateLocks(_state, TimeProvider.System);

        var held = first.TryTake(Job);

        held.Should().NotBeNull();
        second.TryTake(Job).Should().BeNull();
        second.TryTake(Other).Should().NotBeNull();
        held!.Dispose();
        second.TryTake(Job).Should().NotBeNull();
    }

    /// <summary>As the starts of a job's VMs side by side, and the watches beside its script.</summary>
    [Fact(Timeout = 120_000)]
    public async Task Many_that_take_and_give_back_at_once_leave_only_what_is_held_and_the_end_gives_that_back()
    {
        using var locks = new StateLocks(_state, TimeProvider.System);
        using var others = new StateLocks(_state, TimeProvider.System);
        var keys = Enumerable.Range(1, 8).Select(number => new JobKey("https://gitlab.example.com", "abc", number)).ToList();
        using var together = new Barrier(keys.Count);

        await Task.WhenAll(keys.Select(key => Task.Factory.StartNew(
            () =>
            {
                together.SignalAndWait(Token);
                for (var time = 0; time < 200; time++)
                {
                    locks.TakeRecordAsync(key, TimeSpan.FromMinutes(1), Token).GetAwaiter().GetResult()!.Dispose();
                }

                locks.TryTake(key).Should().NotBeNull();
            },
            Token,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

        locks.Held.Should().Be(keys.Count, "a lock that was given back is not kept in mind");
        keys.Should().OnlyContain(key => others.IsHeld(key));
        locks.Dispose();
        keys.Should().OnlyContain(key => !others.IsHeld(key));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_waiting_process_gets_it_when_the_holder_is_done_and_gives_up_at_the_limit()
    {
        using var first = new StateLocks(_state, TimeProvider.System);
        using var second = new StateLocks(_state, TimeProvider.System);
        var held = first.TryTake(Job)!;

        (await second.TakeAsync(Job, TimeSpan.FromMilliseconds(200), Token)).Should().BeNull();
        var waiting = second.TakeAsync(Job, TimeSpan.FromSeconds(50), Token);
        waiting.IsCompleted.Should().BeFalse();
        held.Dispose();

        (await waiting).Should().NotBeNull();
    }

    [Fact]
    public void Nothing_is_left_but_one_empty_file_however_many_jobs_there_were()
    {
        for (var id = 1; id <= 50; id++)
        {
            using var locks = new StateLocks(_state, TimeProvider.System);
            locks.TryTake(new JobKey("https://gitlab.example.com", "abc", id)).Should().NotBeNull();
        }

        var file = Directory.GetFileSystemEntries(_state.Child("locks").Value).Should().ContainSingle().Which;
        new FileInfo(file).Length.Should().Be(0);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_kernel_releases_it_when_its_holder_is_killed()
    {
        using var locks = new StateLocks(_state, TimeProvider.System);
        locks.TryTake(Job)!.Dispose();
        var file = _state.Child("locks").Child("jobs").Value;

        // Another program takes a lock on the whole file, as a stage of ours would on one byte of it: fcntl's F_OFD_SETLK is 37, F_WRLCK 1.
        const string Program = "import fcntl,struct,sys,time; f=open(sys.argv[1],'r+'); fcntl.fcntl(f,37,struct.pack('hhqqi4x',1,0,0,0,0)); print('held',flush=True); time.sleep(100)";
        using var holder = Process.Start(new ProcessStartInfo("python3", ["-c", Program, file]) { RedirectStandardOutput = true })!;
        (await holder.StandardOutput.ReadLineAsync(Token)).Should().Be("held");
        locks.TryTake(Job).Should().BeNull();

        holder.Kill();
        await holder.WaitForExitAsync(Token);

        (await locks.TakeAsync(Job, TimeSpan.FromSeconds(10), Token)).Should().NotBeNull();
    }

    [Fact]
    public void A_place_where_no_lock_can_be_is_said_with_its_path()
    {
        Directory.CreateDirectory(_state.Value);
        File.WriteAllText(_state.Child("locks").Value, "a file where the directory should be");
        using var locks = new StateLocks(_state, TimeProvider.System);

        var take = () => locks.TryTake(Job);

        take.Should().Throw<SystemFailureException>().Which.Message.Should().Contain(_state.Value);
    }
}

using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Locks;
using Xunit;

namespace VmExecutor.Host.Tests.Locks;

public sealed class QueuePlaceTests : IDisposable
{
    private readonly AbsolutePath _state = new(Path.Combine(Directory.CreateTempSubdirectory("vmx-queue-").FullName, "state"));
    private readonly List<StateLocks> _processes = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _processes.ForEach(locks => locks.Dispose());
        Directory.Delete(_state.Parent().Value, recursive: true);
    }

    [Fact]
    public void The_first_to_come_is_in_front_whatever_the_order_of_leaving()
    {
        var places = new[] { 5, 1, 3, 2, 4 }.Select(second => Arrive(TimeSpan.FromSeconds(second))).ToList();

        Ahead().Should().Equal(4, 0, 2, 1, 3);
        places[3].Dispose();
        Ahead(0, 1, 2, 4).Should().Equal(3, 0, 1, 2);
        places[1].Dispose();
        Ahead(0, 2, 4).Should().Equal(2, 0, 1);

        IEnumerable<int> Ahead(params int[] of) => (of.Length == 0 ? Enumerable.Range(0, 5) : of).Select(index => places[index].CountAhead());
    }

    [Fact]
    public void Of_those_who_come_at_the_same_moment_each_has_a_place_of_its_own()
    {
        var places = Enumerable.Range(0, 20).Select(_ => Arrive(TimeSpan.FromDays(900))).ToList();

        places.Select(place => place.CountAhead()).Should().Equal(Enumerable.Range(0, 20));
    }

    [Fact]
    public void A_long_queue_is_counted_too()
    {
        var places = Enumerable.Range(1, 200).Select(number => Arrive(TimeSpan.FromMilliseconds(number * 7919 % 1009))).ToList();

        places.Select(place => place.CountAhead()).Order().Should().Equal(Enumerable.Range(0, 200));
    }

    [Fact]
    public void No_place_is_in_front_of_the_very_first_moment()
    {
        using var place = Arrive(TimeSpan.Zero);
        Arrive(TimeSpan.FromSeconds(1));

        place.CountAhead().Should().Be(0);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_killed_waiter_has_left_the_queue_and_nothing_was_ever_written()
    {
        Arrive(TimeSpan.FromSeconds(1)).Dispose();
        var file = _state.Child("locks").Child("queue").Value;

        // Another program waits at the fifth second: fcntl's F_OFD_SETLK is 37, F_WRLCK 1.
        const string Program = "import fcntl,struct,sys,time; f=open(sys.argv[1],'r+'); fcntl.fcntl(f,37,struct.pack('hhqqi4x',1,0,5000000,1,0)); print('held',flush=True); time.sleep(100)";
        using var waiter = Process.Start(new ProcessStartInfo("python3", ["-c", Program, file]) { RedirectStandardOutput = true })!;
        (await waiter.StandardOutput.ReadLineAsync(Token)).Should().Be("held");
        var place = Arrive(TimeSpan.FromSeconds(9));
        place.CountAhead().Should().Be(1);

        waiter.Kill();
        await waiter.WaitForExitAsync(Token);

        place.CountAhead().Should().Be(0);
        new FileInfo(file).Length.Should().Be(0);
    }

    private QueuePlace Arrive(TimeSpan moment)
    {
        var locks = new StateLocks(_state, TimeProvider.System);
        _processes.Add(locks);
        return locks.TakePlace(moment);
    }
}

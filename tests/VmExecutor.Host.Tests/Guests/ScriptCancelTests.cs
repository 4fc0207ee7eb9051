using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

public class ScriptCancelTests(SshdFixture sshd) : GuestTest(sshd)
{
    // signal(7), the same on the architectures .NET runs on.
    private const int Continue = 18;
    private const int Stop = 19;

    // docs/runner-contract.md section 8 says so.
    private static readonly TimeSpan CancelPromise = TimeSpan.FromSeconds(2);

    [Fact(Timeout = 60_000)]
    public async Task Cancelling_ends_everything_the_script_has_started_and_the_guest_stays_usable()
    {
        var started = Fifo("started");
        using var cancel = new CancellationTokenSource();
        var run = RunAsync(
            $"""
            sleep 301 & a=$!
            setsid sleep 302 & b=$!
            nohup sleep 303 >/dev/null 2>&1 & c=$!
            sh -c 'sleep 304 & echo $!; exec env -i sleep 305' >{File("nested")} & d=$!
            setsid sh -c 'trap "" TERM HUP INT; while :; do sleep 1; done' & e=$!
            while [ -z "$(cat {File("nested")})" ]; do sleep 0.02; done
            echo $$ $a $b $c $d $e $(cat {File("nested")}) >{started}
            wait
            """,
            cancellation: cancel.Token);
        var ids = (await ReadFifoAsync(started)).Split(' ');
        var deaf = ids[5];
        ids.Should().HaveCount(7).And.OnlyContain(id => IsRunning(id));

        await cancel.CancelAsync();

        await run.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        ids.Except([deaf]).Should().NotContain(id => IsRunning(id));
        while (IsRunning(deaf))
        {
            await Task.Delay(50, Cancellation);
        }

        (await RunAsync("echo still here; exit 3")).Should().Be((3, "still here\n", ""));
    }

    [Fact(Timeout = 60_000)]
    public async Task Cancelling_an_ordinary_script_shows_its_last_words()
    {
        var started = Fifo("started");
        using var cancel = new CancellationTokenSource();
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var run = RunAsync($"trap 'echo last words; exit 1' TERM; echo go >{started}; sleep 600", output, error, cancellation: cancel.Token);
        await ReadFifoAsync(started);

        await cancel.CancelAsync();

        await run.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        System.Text.Encoding.UTF8.GetString(output.ToArray()).Should().Be("last words\n");
    }

    [Fact(Timeout = 60_000)]
    public async Task Cancelling_asks_each_shell_before_what_it_waits_for()
    {
        const int Shells = 60;
        var started = Fifo("started");
        var words = File("words");
        using var cancel = new CancellationTokenSource();
        var run = RunAsync(
            $"""
            for i in $(seq {Shells}); do
              bash -c 'trap "echo asked >>{words}; exit 1" TERM; echo here >>{File("here")}; sleep 600; echo not asked >>{words}' &
            done
            until [ "$(wc -l <{File("here")})" = {Shells} ]; do sleep 0.05; done
            echo go >{started}
            wait
            """,
            cancellation: cancel.Token);
        await ReadFifoAsync(started);

        await cancel.CancelAsync();

        await run.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        (await System.IO.File.ReadAllLinesAsync(words, Cancellation)).Should().HaveCount(Shells).And.OnlyContain(word => word == "asked");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("kill -STOP $$")]
    [InlineData("trap '' TERM HUP INT; while :; do sleep 1; done")]
    [InlineData("trap '' TERM; next() { sleep 0.03; next & }; next; sleep 600")]
    [InlineData("trap '' TERM; i=0; while [ $i -lt 200 ]; do sleep 600 & i=$((i+1)); done; wait")]
    public async Task Cancelling_ends_scripts_that_do_not_want_to(string script)
    {
        var started = Fifo("started");
        using var cancel = new CancellationTokenSource();
        var run = RunAsync($"echo $VMX_RUN >{started}; {script}", cancellation: cancel.Token);
        var mark = $"VMX_RUN={await ReadFifoAsync(started)}";

        await cancel.CancelAsync();

        await run.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        await AllAreGoneAsync(mark);
        (await RunAsync("echo still here")).Should().Be((0, "still here\n", ""));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_script_that_is_stopped_has_not_ended()
    {
        var started = Fifo("started");
        var run = RunAsync($"echo $$ >{started}; kill -STOP $$; exit 5");
        var id = await ReadFifoAsync(started);
        while (!(await System.IO.File.ReadAllTextAsync($"/proc/{id}/stat", Cancellation)).Contains(") T ", StringComparison.Ordinal))
        {
            await Task.Delay(20, Cancellation);
        }

        (await Task.WhenAny(run, Task.Delay(500, Cancellation))).Should().NotBe(run);
        UnixSignal.Send(int.Parse(id, System.Globalization.CultureInfo.InvariantCulture), Continue);

        (await run).ExitCode.Should().Be(5);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(0)]
    [InlineData(100)]
    public async Task A_connection_that_hangs_delays_a_cancel_by_less_than_two_seconds_and_the_scripts_end_only(int millisecondsEarly)
    {
        var started = Fifo("started");
        using var cancel = new CancellationTokenSource();
        var clock = new PatienceClock(TimeSpan.FromMilliseconds(millisecondsEarly));
        var run = new SshGuestShell(Sshd.Tools, SshdFixture.Environment, clock).RunScriptAsync(
            Job with { Shell = GuestShell.Bash, LoginShell = LoginShell }, StepScript($"echo $VMX_RUN >{started}; sleep 600"), Stream.Null, Stream.Null, NeverDies, cancel.Token);
        var mark = $"VMX_RUN={await ReadFifoAsync(started)}";
        var master = SshdFixture.Connections(Job).Min();
        UnixSignal.Send(master, Stop);
        clock.Restart();

        await cancel.CancelAsync();

        await run.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        clock.Waited.Should().BePositive("the master does not answer").And.BeLessThan(CancelPromise);

        // The command that was to end the script waits in the kept connection, and does it when that goes on.
        UnixSignal.Send(master, Continue);
        await AllAreGoneAsync(mark);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(400)]
    public async Task A_cancel_while_a_lost_connection_is_opened_again_ends_the_script(int millisecondsAfterTheLoss)
    {
        var started = Fifo("started");
        using var cancel = new CancellationTokenSource();
        var run = RunAsync($"trap '' HUP PIPE; echo $VMX_RUN >{started}; sleep 600", cancellation: cancel.Token);
        var mark = $"VMX_RUN={await ReadFifoAsync(started)}";

        UnixSignal.Send(SshdFixture.Connections(Job).Min(), UnixSignal.Kill);
        await Task.Delay(millisecondsAfterTheLoss, Cancellation);
        await cancel.CancelAsync();

        await run.Invoking(r => r).Should().ThrowAsync<Exception>();
        await AllAreGoneAsync(mark);
    }

    [Fact(Timeout = 60_000)]
    public async Task Cancelling_one_run_leaves_what_an_earlier_one_put_into_the_background()
    {
        var (_, earlier, _) = await RunAsync("sleep 300 >/dev/null 2>&1 & echo $!");
        var started = Fifo("started");
        using var cancel = new CancellationTokenSource();
        var run = RunAsync($"echo go >{started}; sleep 600", cancellation: cancel.Token);
        await ReadFifoAsync(started);

        await cancel.CancelAsync();

        await run.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        IsRunning(earlier.Trim()).Should().BeTrue();
        await RunAsync($"kill {earlier}");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cancel_before_the_script_has_started_leaves_nothing_running()
    {
        using var cancel = new CancellationTokenSource();
        var mark = File("mark");
        var run = RunAsync($"echo $$ >{mark}; sleep 600", cancellation: cancel.Token);

        await cancel.CancelAsync();

        await run.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        (System.IO.File.Exists(mark) && IsRunning(System.IO.File.ReadAllText(mark).Trim())).Should().BeFalse();
        (await RunAsync("true")).ExitCode.Should().Be(0);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_output_without_a_reader_ends_the_script_as_a_cancel_does()
    {
        var started = Fifo("started");
        using var closed = new ClosedStream();
        using var error = new MemoryStream();
        var run = RunAsync($"echo $$ >{started}; while echo more; do sleep 0.05; done; sleep 600", closed, error);
        var id = await ReadFifoAsync(started);

        await run.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        IsRunning(id).Should().BeFalse();
    }

    /// <summary>Waits, as long as the test may take, until no process has this in its environment.</summary>
    private static async Task AllAreGoneAsync(string variable)
    {
        // A look may miss a process that starts another one meanwhile and ends.
        for (var looks = 0; looks < 5; looks++)
        {
            while (Directory.EnumerateDirectories("/proc").Any(HasIt))
            {
                looks = 0;
                await Task.Delay(50, Cancellation);
            }
        }

        bool HasIt(string process)
        {
            try
            {
                return System.IO.File.ReadAllText(Path.Combine(process, "environ")).Split('\0').Contains(variable);
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    private sealed class ClosedStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("Broken pipe");
    }
}

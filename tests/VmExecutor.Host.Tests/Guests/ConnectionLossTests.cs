using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

public class ConnectionLossTests(SshdFixture sshd) : GuestTest(sshd)
{
    private const int Continue = 18; // SIGCONT
    private const int Stop = 19; // SIGSTOP

    [Fact(Timeout = 60_000)]
    public async Task A_connection_that_died_between_two_scripts_is_opened_again()
    {
        foreach (var id in SshdFixture.Connections(Job))
        {
            UnixSignal.Send(id, UnixSignal.Kill);
        }

        (await RunAsync("echo again; exit 6")).Should().Be((6, "again\n", ""));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_connection_cut_while_the_script_runs_is_a_system_failure_and_ends_the_script()
    {
        var started = Fifo("started");
        var run = RunAsync($"echo $$ >{started}; sleep 600");
        var id = await ReadFifoAsync(started);

        await Sshd.CutConnectionAsync(Job);

        var failure = await run.Invoking(r => r).Should().ThrowAsync<GuestConnectionLostException>();
        failure.Which.Code.Should().Be(ErrorCodes.GuestConnectionLost);
        IsRunning(id).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_master_killed_while_the_script_runs_is_a_system_failure_and_ends_the_script()
    {
        var started = Fifo("started");
        var run = RunAsync($"echo $$ >{started}; sleep 600");
        var id = await ReadFifoAsync(started);

        UnixSignal.Send(SshdFixture.Connections(Job).Min(), UnixSignal.Kill);

        await run.Invoking(r => r).Should().ThrowAsync<GuestConnectionLostException>();
        IsRunning(id).Should().BeFalse();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("sleep 600")]
    [InlineData("while :; do echo out; done")]
    [InlineData("while :; do echo err >&2; done")]
    [InlineData("trap '' PIPE; while :; do echo out 2>/dev/null || exit 0; done")]
    public async Task A_session_whose_client_is_killed_is_a_lost_connection_at_that_moment_not_the_scripts_end(string course)
    {
        var started = Fifo("started");
        var run = RunAsync($"echo $$ >{started}; {course}");
        var id = await ReadFifoAsync(started);

        UnixSignal.Send(SshdFixture.Connections(Job).Max(), UnixSignal.Kill);

        var failure = await run.Invoking(r => r).Should().ThrowAsync<GuestConnectionLostException>();
        failure.Which.Message.Should().MatchRegex(@"was lost while the script ran, at \d\d:\d\d:\d\d UTC, [0-9a-z]+ after it began");
        IsRunning(id).Should().BeFalse();
        (await RunAsync("echo again")).Should().Be((0, "again\n", ""));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("echo out; exit 1")]
    [InlineData("exit 9")]
    [InlineData("true")]
    public async Task A_script_that_ends_after_its_session_was_lost_has_no_exit_code(string end)
    {
        // The script cuts its own connection by killing the server process above its wrapper.
        var run = RunAsync(
            $"""
            p=$PPID
            while read -r pid name state parent rest </proc/$p/stat && [ "$name" != "(sshd)" ]; do p=$parent; done
            kill -9 "$p"
            while kill -0 "$p" 2>/dev/null; do sleep 0.1; done
            {end}
            """);

        await run.Invoking(r => r).Should().ThrowAsync<GuestConnectionLostException>().WithMessage("*was lost while the script ran*");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(9, true)]
    [InlineData(0, true)]
    [InlineData(141, false)]
    public async Task A_script_that_ended_before_its_connection_was_lost_has_its_true_exit_code_unless_it_ended_by_a_closed_output(int code, bool believed)
    {
        var (started, goOn) = (Fifo("started"), Fifo("go"));
        var earlier = Directory.GetFiles(Sshd.TemporaryDirectory, "vmx-*-status");
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var run = RunAsync($"echo $$ >{started}; read -r go <{goOn}; exit {code}", output, error);
        var id = await ReadFifoAsync(started);
        var servers = await Sshd.ServersAsync(Job);
        foreach (var server in servers)
        {
            UnixSignal.Send(server, Stop);
        }

        await System.IO.File.WriteAllTextAsync(goOn, "go\n", Cancellation);
        await UntilAsync(() => Directory.GetFiles(Sshd.TemporaryDirectory, "vmx-*-status").Except(earlier).Any(file => System.IO.File.ReadAllLines(file).Length == 2));
        foreach (var server in servers)
        {
            UnixSignal.Send(server, UnixSignal.Kill);
        }

        if (believed)
        {
            (await run).Should().Be(new ScriptRun(new(code), OutputMayBeCut: true));
        }
        else
        {
            await run.Invoking(r => r).Should().ThrowAsync<GuestConnectionLostException>().WithMessage("*exit code 141*");
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_script_that_ends_itself_by_a_closed_pipe_has_that_exit_code() =>
        (await RunAsync("set -o pipefail; yes | head -n 1")).Should().Be((141, "y\n", ""));

    [Fact(Timeout = 60_000)]
    public async Task A_connection_that_stands_still_for_a_while_loses_nothing()
    {
        var (started, goOn) = (Fifo("started"), Fifo("go"));
        var run = RunAsync($"echo $$ >{started}; read -r go <{goOn}; seq 100000; exit 4");
        await ReadFifoAsync(started);
        var all = SshdFixture.Connections(Job).Concat(await Sshd.ServersAsync(Job)).ToList();
        all.ForEach(id => UnixSignal.Send(id, Stop));
        await System.IO.File.WriteAllTextAsync(goOn, "go\n", Cancellation);
        await Task.Delay(TimeSpan.FromSeconds(3), Cancellation);

        all.ForEach(id => UnixSignal.Send(id, Continue));

        var (code, output, _) = await run;
        code.Should().Be(4);
        output.Split('\n').Should().HaveCount(100001);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_comes_back_in_another_boot_is_said_to_have_rebooted()
    {
        var started = Fifo("started");
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var before = Job with { BootId = "01234567-89ab-cdef-0123-456789abcdef" };
        var run = Guest.RunScriptAsync(before, StepScript($"echo $$ >{started}; exec sleep 600"), output, error, NeverDies, Cancellation);
        var id = await ReadFifoAsync(started);

        await Sshd.CutConnectionAsync(Job);

        (await run.Invoking(r => r).Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.GuestRebooted);
        UnixSignal.Send(int.Parse(id, null), UnixSignal.Kill);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_domain_that_dies_ends_the_run_with_the_watchs_own_words()
    {
        var started = Fifo("started");
        var died = new TaskCompletionSource();
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var run = Guest.RunScriptAsync(Job, StepScript($"echo $$ >{started}; exec sleep 600"), output, error, _ => died.Task, Cancellation);
        var id = await ReadFifoAsync(started);

        died.SetException(new SystemFailureException(ErrorCodes.GuestDied, "the domain crashed", "look"));

        await run.Invoking(r => r).Should().ThrowAsync<SystemFailureException>().WithMessage("the domain crashed");
        UnixSignal.Send(int.Parse(id, null), UnixSignal.Kill);
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        while (!isSo())
        {
            await Task.Delay(50, Cancellation);
        }
    }
}

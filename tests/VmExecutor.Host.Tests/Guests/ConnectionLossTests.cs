using System.Text;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

public sealed class ConnectionLossTests(SshdFixture sshd) : GuestTest(sshd)
{
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

    [Fact(Timeout = 60_000)]
    public async Task A_script_that_ended_although_its_connection_did_too_has_its_true_exit_code()
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        // The script cuts its own connection by killing the server process above its wrapper, and then fails in its own way.
        var run = RunAsync(
            """
            p=$PPID
            while read -r pid name state parent rest </proc/$p/stat && [ "$name" != "(sshd)" ]; do p=$parent; done
            kill -9 "$p"
            exit 9
            """,
            output,
            error);

        (await run).Should().Be(new ScriptRun(new(9), OutputMayBeCut: true));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_comes_back_in_another_boot_is_said_to_have_rebooted()
    {
        var started = Fifo("started");
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var before = Job with { BootId = "01234567-89ab-cdef-0123-456789abcdef" };
        var run = Guest.RunScriptAsync(before, Encoding.UTF8.GetBytes($"echo $$ >{started}; exec sleep 600"), output, error, NeverDies, Cancellation);
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
        var run = Guest.RunScriptAsync(Job, Encoding.UTF8.GetBytes($"echo $$ >{started}; exec sleep 600"), output, error, _ => died.Task, Cancellation);
        var id = await ReadFifoAsync(started);

        died.SetException(new SystemFailureException(ErrorCodes.GuestDied, "the domain crashed", "look"));

        await run.Invoking(r => r).Should().ThrowAsync<SystemFailureException>().WithMessage("the domain crashed");
        UnixSignal.Send(int.Parse(id, null), UnixSignal.Kill);
    }
}

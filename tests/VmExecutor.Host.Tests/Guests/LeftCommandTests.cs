using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>A command that one process leaves in a guest and another goes on with. The other is played by a second shell object, which knows the directory only.</summary>
public sealed class LeftCommandTests(SshdFixture sshd) : GuestTest(sshd)
{
    private const string Text =
        """
        main() {
          echo waits
          while IFS= read -r line; do
            echo "heard $line"
            case $line in end) exit ;; esac
          done
          echo over
        }
        main

        """;

    private SshGuestShell Another => new(Sshd.Tools, SshdFixture.Environment, TimeProvider.System);

    [Fact(Timeout = 60_000)]
    public async Task Another_process_goes_on_with_it_and_nothing_of_it_is_left()
    {
        var client = await Guest.LeaveAsync(Job, "exec sh", Text, "waits", Cancellation);
        client.Should().NotBeNull();
        Pipes().Should().HaveCount(2).And.OnlyContain(pipe => (int)System.IO.File.GetUnixFileMode(pipe) == 0b110_000_000);

        var said = await Another.GoOnAsync(Job, "one\n", line => line == "heard one" ? "two\n" : line == "heard two" ? "end\n" : null, "heard end", Cancellation);

        said.Should().Be("heard one\nheard two\nheard end\n");
        Pipes().Should().BeEmpty();
        await GoneAsync(client!);
        (await RunAsync("echo still here")).Should().Be((0, "still here\n", ""));
    }

    [Fact(Timeout = 60_000)]
    public async Task It_waits_while_master_and_client_are_stopped_and_goes_on_with_them()
    {
        var client = (await Guest.LeaveAsync(Job, "exec sh", Text, "waits", Cancellation))!;
        var master = SshdFixture.Connections(Job).Where(pid => pid != client.Pid).Min();
        UnixSignal.Send(master, UnixSignal.Stop);
        var said = Another.GoOnAsync(Job, "end\n", _ => null, "heard end", Cancellation);

        // The master hears it when it goes on.
        UnixSignal.Send(master, UnixSignal.Continue);

        (await said).Should().Be("heard end\n");
    }

    [Fact(Timeout = 60_000)]
    public async Task Its_output_is_over_when_its_client_has_died()
    {
        var client = (await Guest.LeaveAsync(Job, "exec sh", Text, "waits", Cancellation))!;
        UnixSignal.Send(client.Pid, UnixSignal.Kill);
        await GoneAsync(client);

        (await Another.GoOnAsync(Job, "one\n", _ => null, "heard one", Cancellation)).Should().NotContain("heard one");
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_ends_at_once_was_not_left()
    {
        (await Guest.LeaveAsync(Job, "exec false", Text, "waits", Cancellation)).Should().BeNull();

        SshdFixture.Connections(Job).Should().ContainSingle("the master only");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_wait_that_is_ended_ends_the_client()
    {
        using var cancel = new CancellationTokenSource();
        var leaving = Guest.LeaveAsync(Job, "exec sh", Text, "never said", cancel.Token);
        while (SshdFixture.Connections(Job).Count < 2)
        {
            await Task.Delay(20, Cancellation);
        }

        await cancel.CancelAsync();

        await leaving.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        while (SshdFixture.Connections(Job).Count > 1)
        {
            await Task.Delay(20, Cancellation);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_text_of_the_identity_can_be_left_and_prints_nothing_else_before_it_waits()
    {
        // It is not told who it is, so it does nothing.
        var client = await Guest.LeaveAsync(Job, "exec sh 2>&1", IdentityText, "vmx-identity:waits", Cancellation);

        client.Should().NotBeNull();
    }

    private static string IdentityText => Core.Guests.Preparation.IdentityScript.For(Host.Guests.Preparation.IdentityChanger.NamesOnly("", default), new GuestUser("root"));

    private IEnumerable<string> Pipes() => Directory.GetFiles(Job.Directory.Value, "left.*");

    private static async Task GoneAsync(Core.Jobs.RunnerProcess client)
    {
        while (ProcessTable.Runs(client))
        {
            await Task.Delay(20, Cancellation);
        }
    }
}

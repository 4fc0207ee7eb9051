using System.Text;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

public sealed class GuestConnectionTests(SshdFixture sshd) : GuestTest(sshd)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact(Timeout = 60_000)]
    public void The_kept_connection_holds_no_stream_of_the_stage_that_opened_it()
    {
        var master = SshdFixture.Connections(Job).Should().ContainSingle().Which;

        var streams = Enumerable.Range(0, 3).Select(number => new FileInfo($"/proc/{master}/fd/{number}").LinkTarget!);
        var pipes = new DirectoryInfo($"/proc/{master}/fd").GetFiles().Where(fd => fd.LinkTarget?.StartsWith("pipe:", StringComparison.Ordinal) ?? false);

        streams.Should().OnlyContain(target => target == "/dev/null" || target.EndsWith("/" + SshArguments.Log, StringComparison.Ordinal));
        pipes.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Nothing_is_left_after_a_close_and_closing_twice_is_fine()
    {
        await SshdFixture.CloseAsync(Job);
        await SshdFixture.CloseAsync(Job);

        var processes = await Sshd.Tools.RunAsync(new ToolCall("ps", ["-eo", "args"]), Cancellation);
        var sockets = await Sshd.Tools.RunAsync(new ToolCall("ss", ["-xa"]), Cancellation);
        processes.StandardOutput.Should().NotContain($"HostKeyAlias={Job.Domain}");
        sockets.StandardOutput.Should().NotContain(Job.Directory.Name);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_close_waits_until_the_master_is_gone()
    {
        // ssh's own "-O exit" returns before the master has ended, which a busy machine shows within some ten rounds.
        for (var i = 0; i < 30; i++)
        {
            await Guest.CloseAsync(Job, Cancellation);
            SshdFixture.Connections(Job).Should().BeEmpty();
            await Guest.ConnectAsync(Job, TimeSpan.FromSeconds(20), _ => Task.CompletedTask, Cancellation);
            SshdFixture.Connections(Job).Should().NotBeEmpty();
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_connection_without_its_socket_is_closed_all_the_same()
    {
        System.IO.File.Delete(Job.Directory.Child(SshArguments.ControlSocket).Value);

        await SshdFixture.CloseAsync(Job);

        SshdFixture.Connections(Job).Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Opening_an_open_connection_keeps_it()
    {
        var before = SshdFixture.Connections(Job);

        await Guest.OpenAsync(Job, Limit, Alive, Cancellation);

        SshdFixture.Connections(Job).Should().Equal(before);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_changed_host_key_fails_at_once()
    {
        var job = Sshd.NewJob() with { HostKeys = [HostKey.Parse("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE4lXee8d7jARXpCIi5OaZ1mQiFgIO8w5AVICf1VP3S0")] };

        var open = () => Guest.OpenAsync(job, TimeSpan.FromMinutes(5), Alive, Cancellation);

        (await open.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.GuestHostKeyChanged);
        SshdFixture.Connections(job).Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_pinned_key_of_a_type_the_guest_does_not_have_counts_as_changed()
    {
        var job = Sshd.NewJob() with { HostKeys = [HostKey.Parse("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY=")] };

        var open = () => Guest.OpenAsync(job, TimeSpan.FromMinutes(5), Alive, Cancellation);

        (await open.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.GuestHostKeyChanged);
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_a_pinned_key_that_of_the_first_contact_is_pinned_for_the_job()
    {
        var job = Sshd.NewJob() with { HostKeys = [] };

        await Guest.OpenAsync(job, Limit, Alive, Cancellation);
        await SshdFixture.CloseAsync(job);

        var pinned = System.IO.File.ReadAllText(job.Directory.Child(SshArguments.KnownHostsFile).Value);
        pinned.Should().Be($"{job.Domain} {Sshd.HostKey}\n");
        System.IO.File.WriteAllText(job.Directory.Child(SshArguments.KnownHostsFile).Value, $"{job.Domain} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE4lXee8d7jARXpCIi5OaZ1mQiFgIO8w5AVICf1VP3S0\n");
        var again = () => Guest.OpenAsync(job, TimeSpan.FromMinutes(5), Alive, Cancellation);
        (await again.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.GuestHostKeyChanged);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_key_the_guest_does_not_accept_is_named_when_the_time_is_over()
    {
        var job = Sshd.NewJob() with { Key = Sshd.Key("stranger") };

        var open = () => Guest.OpenAsync(job, TimeSpan.FromSeconds(15), Alive, Cancellation);

        var failure = (await open.Should().ThrowAsync<SystemFailureException>().WithMessage("*does not accept the key */stranger, *15s*Permission denied (publickey)*")).Which;
        failure.Code.Should().Be(ErrorCodes.GuestSshRefused);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("0644", "*too open*")]
    [InlineData("missing", "*No such file*")]
    [InlineData("garbage", "*cannot use the key*Load key*")]
    public async Task A_key_file_that_ssh_cannot_use_fails_at_once(string trouble, string message)
    {
        var key = File("key");
        if (trouble != "missing")
        {
            System.IO.File.WriteAllText(key, trouble == "garbage" ? "garbage\n" : System.IO.File.ReadAllText(Sshd.Key("client").Value));
            await Sshd.Tools.RunAsync(new ToolCall("chmod", [trouble == "0644" ? trouble : "0600", key]), Cancellation);
        }

        var job = Sshd.NewJob() with { Key = new(key) };
        var open = () => Guest.OpenAsync(job, TimeSpan.FromMinutes(5), Alive, Cancellation);

        (await open.Should().ThrowAsync<SystemFailureException>().WithMessage(message)).Which.Code.Should().Be(ErrorCodes.GuestSshRefused);
    }

    [Fact(Timeout = 60_000)]
    public async Task All_that_ssh_leaves_in_a_jobs_directory_is_known_as_ours()
    {
        (await RunAsync("true")).ExitCode.Should().Be(0);

        var names = Directory.GetFileSystemEntries(Job.Directory.Value).Select(path => Path.GetFileName(path)).ToList();

        names.Should().Contain([SshArguments.ControlSocket, SshArguments.KnownHostsFile, SshArguments.Log]);
        names.Should().OnlyContain(name => Core.Clones.JobFiles.IsOurs(name));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_port_without_a_listener_is_asked_until_the_time_is_over()
    {
        var job = Sshd.NewJob() with { Address = new GuestAddress("127.0.0.1", SshdFixture.FreePort()) };

        var open = () => Guest.OpenAsync(job, TimeSpan.FromSeconds(10), Alive, Cancellation);

        (await open.Should().ThrowAsync<SystemFailureException>().WithMessage("*within 10s*Connection refused*")).Which.Code.Should().Be(ErrorCodes.GuestSshTimedOut);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_dead_domain_ends_the_wait_for_a_connection()
    {
        var job = Sshd.NewJob() with { Address = new GuestAddress("127.0.0.1", SshdFixture.FreePort()) };
        var asked = 0;

        var open = () => Guest.OpenAsync(job, TimeSpan.FromMinutes(5), _ => ++asked > 2 ? throw new InvalidOperationException("dead") : Task.CompletedTask, Cancellation);

        await open.Should().ThrowAsync<InvalidOperationException>().WithMessage("dead");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_command_takes_input_of_any_length_and_any_bytes()
    {
        var input = new byte[3_000_000];
        Random.Shared.NextBytes(input);

        var result = await Guest.RunCommandAsync(Job, "wc -c; echo 'it'\"'\"'s' >&2; exit 3", new MemoryStream(input), Cancellation);

        result.Should().Be(new GuestCommandResult(3, "3000000\n", "it's\n"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_command_without_a_connection_says_so()
    {
        await SshdFixture.CloseAsync(Job);

        var command = () => Guest.RunCommandAsync(Job, "true", null, Cancellation);

        await command.Should().ThrowAsync<GuestConnectionLostException>();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_commands_complaints_are_cut_at_a_megabyte()
    {
        var result = await Guest.RunCommandAsync(Job, "head -c 3000000 /dev/zero >&2; exit 4", null, Cancellation);

        result.ExitCode.Should().Be(4);
        Encoding.UTF8.GetByteCount(result.StandardError).Should().Be(1 << 20);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("head -c 3000000 /dev/zero")]
    [InlineData("cat /dev/zero")]
    [InlineData("yes")]
    [InlineData("seq 1000000")]
    public async Task An_answer_without_end_is_a_named_failure_whether_it_has_lines_or_not(string text)
    {
        var run = () => Guest.RunCommandAsync(Job, text, null, Cancellation);
        var converse = () => Guest.ConverseAsync(Job, text, "", _ => null, Cancellation);

        (await run.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.GuestAnswerTooLong);
        (await converse.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.GuestAnswerTooLong);
    }
}

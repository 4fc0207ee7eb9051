using System.Text;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>ssh servers that administrators have restricted: jobs work, or the failure names the setting before a script is run.</summary>
public sealed class LimitedSshdTests(LimitedSshdFixture sshd) : IClassFixture<LimitedSshdFixture>, IAsyncLifetime
{
    private const string OneSession = "MaxSessions 1";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly List<GuestAccess> _jobs = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var job in _jobs)
        {
            await SshdFixture.CloseAsync(job);
            SshdFixture.Connections(job).Should().BeEmpty();
        }
    }

    [Theory(Timeout = 120_000)]
    [InlineData(OneSession)]
    [InlineData("ForceCommand sh -c \"$SSH_ORIGINAL_COMMAND\"")]
    [InlineData("AllowTcpForwarding no")]
    [InlineData("PermitTTY no")]
    [InlineData("Banner @banner")]
    public async Task Scripts_one_after_the_other_are_run_with_their_output_alone(string settings)
    {
        var job = await OpenAsync(settings);

        for (var number = 1; number <= 12; number++)
        {
            // The background process keeps the streams of each run open.
            (await RunAsync(job, $"echo out {number}; echo err >&2; sleep 20 & exit {number}")).Should().Be((number, $"out {number}\n", "err\n"));
            (await sshd.Guest.RunCommandAsync(job, "cat; exit 3", new MemoryStream("input"u8.ToArray()), Cancellation)).Should().Be(new GuestCommandResult(3, "input", ""));
        }
    }

    [Theory(Timeout = 120_000)]
    [InlineData(LoginShell.Bash)]
    [InlineData(LoginShell.Other)]
    public async Task A_cancelled_script_that_holds_the_only_session_is_ended_with_its_processes(LoginShell loginShell)
    {
        var job = await OpenAsync(OneSession) with { LoginShell = loginShell };
        using var cancel = new CancellationTokenSource();
        using var output = new FirstWrite();
        var run = sshd.Guest.RunScriptAsync(
            job, new GuestScript("step_script", "sleep 611 & sleep 612 & echo $$ $!; wait"u8.ToArray()), output, Stream.Null, NeverDies, cancel.Token);
        var ids = (await output.Seen).Trim().Split(' ');

        await cancel.CancelAsync();

        await run.Invoking(it => it).Should().ThrowAsync<OperationCanceledException>();
        ids.Should().HaveCount(2).And.NotContain(id => Directory.Exists($"/proc/{id}") && !File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal));
        SshdFixture.Connections(job).Should().ContainSingle("the connection that ended the script is closed");
        (await RunAsync(job, "echo after; exit 4")).Should().Be((4, "after\n", ""));
    }

    [Theory(Timeout = 120_000)]
    [InlineData("MaxSessions 0", "opens no further session (MaxSessions)", "MaxSessions 10")]
    [InlineData("ForceCommand /bin/bash", "a shell that reads its input", "no ForceCommand")]
    [InlineData("ForceCommand /bin/sh", "a shell that reads its input", "no ForceCommand")]
    [InlineData("ForceCommand /bin/cat", "one that repeats its input", "no ForceCommand")]
    [InlineData("ForceCommand internal-sftp", "only transfer files", "no ForceCommand")]
    [InlineData("ForceCommand echo 'WARNING: Your password has expired.'; echo 'Password change required but no TTY available.'; exit 1", "has expired", "chage -d")]
    [InlineData("ForceCommand echo This account is currently not available.; exit 1", "only refuses (nologin)", "usermod -s /bin/sh")]
    public async Task A_setting_with_which_no_script_can_run_is_named_when_the_guest_is_opened(string settings, string cause, string fix)
    {
        var job = sshd.NewJobWith(settings) with { Proof = new GuestProof("canary9d742313", null) };
        _jobs.Add(job);

        var failure = (await sshd.Guest.Invoking(guest => guest.OpenAsync(job, Limit, Alive, Cancellation)).Should().ThrowAsync<SystemFailureException>()).Which;

        failure.Code.Should().Be(settings == "MaxSessions 0" ? ErrorCodes.GuestSessionRefused : ErrorCodes.GuestAccountUnusable);
        failure.Message.Should().Contain(cause).And.NotContain("canary9d742313");
        failure.Hint.Should().Contain(fix);
        while (SshdFixture.Connections(job).Count > 0)
        {
            await Task.Delay(50, Cancellation);
        }
    }

    [Theory(Timeout = 120_000)]
    [InlineData("AllowTcpForwarding no")]
    [InlineData("AllowTcpForwarding local")]
    [InlineData("DisableForwarding yes")]
    [InlineData("PermitListen none")]
    public async Task A_server_that_does_not_listen_for_a_scripts_proxy_is_told_before_the_script_runs(string settings)
    {
        var job = await OpenAsync(settings);
        using var output = new MemoryStream();

        var run = () => sshd.Guest.RunScriptAsync(
            job, new GuestScript("step_script", "echo ran"u8.ToArray()) { Proxy = new ScriptProxy("egress.sock", []) }, output, output, NeverDies, Cancellation);

        var failure = (await run.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.EgressForwardRefused);
        failure.Hint.Should().Contain("AllowTcpForwarding yes");
        output.Length.Should().Be(0);
        (await RunAsync(job, "echo after")).Output.Should().Be("after\n");
    }

    private static Task Alive(CancellationToken cancellationToken) => Task.CompletedTask;

    private static Task NeverDies(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

    private async Task<GuestAccess> OpenAsync(string settings)
    {
        var job = sshd.NewJobWith(settings);
        _jobs.Add(job);
        return await sshd.Guest.OpenAsync(job, Limit, Alive, Cancellation);
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(GuestAccess job, string script)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var run = await sshd.Guest.RunScriptAsync(job, new GuestScript("step_script", Encoding.UTF8.GetBytes(script)), output, error, NeverDies, Cancellation);
        return (run.Exit.ExitCode, Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }
}

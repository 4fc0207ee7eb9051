using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.EndToEnd.Tests.Attacks;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>
/// The guest's ssh server is the attacker's own program: it asks over the kept connection for what the client never offered. The control
/// is an
/// ssh of a person who offers just that.
/// </summary>
public sealed class HostileServerTests(HostileServerFixture sshd) : IClassFixture<HostileServerFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_server_that_asks_for_agent_and_forwarding_over_the_kept_connection_gets_none()
    {
        Prerequisite.Require(HostileServerFixture.IsThere, "python3-paramiko is not installed: executor/setup --test-tools");
        var job = sshd.NewJob() with { Address = sshd.Hostile };
        await sshd.Guest.OpenAsync(job, TimeSpan.FromSeconds(20), _ => Task.CompletedTask, Cancellation);
        var run = await sshd.Guest.RunScriptAsync(
            job, new GuestScript("step_script", "exit 5"u8.ToArray()), Stream.Null, Stream.Null, token => Task.Delay(Timeout.InfiniteTimeSpan, token), Cancellation);
        var answers = await sshd.AnswersAsync();
        await SshdFixture.CloseAsync(job);

        var agent = Process.Start(new ProcessStartInfo("ssh-agent", ["-D", "-a", sshd.AgentSocket]) { RedirectStandardOutput = true })!;
        await agent.StandardOutput.ReadLineAsync(Cancellation);
        await ByHandAsync();
        var byHand = await sshd.AnswersAsync();
        agent.Kill();
        await agent.WaitForExitAsync(Cancellation);
        agent.Dispose();

        run.Exit.ExitCode.Should().Be(5, "the attempts do not disturb the job");
        var scorecard = new Scorecard();
        foreach (var (attack, channel) in new[] { ("agent-opened", "auth-agent@openssh.com"), ("forwarding-opened", "forwarded-tcpip") })
        {
            scorecard.Note(attack, held: answers.Contains($"{channel} refused"), control: byHand.Contains($"{channel} opened"), string.Join(", ", answers.Concat(byHand)));
        }

        scorecard.Note("host-connection-opened", held: answers.Contains("direct-tcpip refused"), control: null, string.Join(", ", answers));
        scorecard.ShouldBeGreen();
    }

    /// <summary>An ssh that offers its agent and a forwarded port.</summary>
    private async Task ByHandAsync()
    {
        string[] arguments =
        [
            "-F", "/dev/null", "-A", "-R", string.Create(CultureInfo.InvariantCulture, $"7000:127.0.0.1:{sshd.Port}"), "-i", sshd.Key("client").Value, "-o", "IdentitiesOnly=yes",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-p", sshd.Hostile.Port.ToString(CultureInfo.InvariantCulture), "127.0.0.1", "sleep 3",
        ];
        using var ssh = Process.Start(new ProcessStartInfo("ssh", arguments) { RedirectStandardError = true, Environment = { ["SSH_AUTH_SOCK"] = sshd.AgentSocket } })!;
        await ssh.WaitForExitAsync(Cancellation);
    }
}

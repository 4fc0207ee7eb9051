using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

public sealed class GuestProofTests(TwinFixture sshd) : IClassFixture<TwinFixture>, IAsyncLifetime
{
    private const string Token = "00112233445566778899aabbccddeeff";
    private readonly SshGuestShell _guest = sshd.Guest;
    private readonly List<GuestAccess> _jobs = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static TimeSpan Limit => TimeSpan.FromSeconds(20);

    private string TwinToken => Path.Combine(sshd.TwinHome, ".vmx-clone");

    private string OwnToken => Path.Combine(sshd.OwnHome, ".vmx-clone");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var job in _jobs)
        {
            await SshdFixture.CloseAsync(job);
            SshdFixture.Connections(job).Should().BeEmpty();
        }

        foreach (var status in Directory.GetFiles(sshd.OwnHome, "vmx-*-status"))
        {
            await EndedAsync(status);
        }

        foreach (var file in (string[])[TwinToken, OwnToken, .. Directory.GetFiles(sshd.OwnHome, "vmx-*")])
        {
            File.Delete(file);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_script_is_not_sent_to_another_jobs_guest_that_has_got_the_address()
    {
        await _guest.OpenAsync(NewJob("ffffffffffffffffffffffffffffffff") with { Address = sshd.Twin }, Limit, Alive, Cancellation);
        var job = await _guest.OpenAsync(NewJob(), Limit, Alive, Cancellation);
        await LoseAsync(job);

        var moved = job with { Address = sshd.Twin };
        (await FailureOfScriptAsync(moved)).Code.Should().Be(ErrorCodes.GuestIsAnother);
        (await FailureOfScriptAsync(moved)).Code.Should().Be(ErrorCodes.GuestIsAnother, "the second try does not find the connection of the first one");

        Directory.GetFiles(sshd.TwinHome, "vmx-*").Should().BeEmpty("no byte of the script arrived");
        (await File.ReadAllTextAsync(TwinToken, Cancellation)).Should().Be("ffffffffffffffffffffffffffffffff\n");
        SshdFixture.Connections(job).Should().BeEmpty();
        (await ExitOfScriptAsync(job)).Should().Be(5, "at its own address it is reached again");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_guest_without_a_token_is_ours_only_in_the_same_boot(bool same)
    {
        var job = await _guest.OpenAsync(NewJob(), Limit, Alive, Cancellation);
        (await File.ReadAllTextAsync(OwnToken, Cancellation)).Should().Be(Token + "\n");
        File.Delete(OwnToken);
        await LoseAsync(job);

        job = job with { Proof = job.Proof! with { BootId = same ? job.Proof.BootId : null } };
        if (same)
        {
            (await ExitOfScriptAsync(job)).Should().Be(5);
        }
        else
        {
            (await FailureOfScriptAsync(job)).Code.Should().Be(ErrorCodes.GuestUnproven);
            Directory.GetFiles(sshd.OwnHome, "vmx-*-status").Should().BeEmpty();
        }
    }

    [Theory(Timeout = 60_000)]
    [InlineData("00:00:00:00:00:00", true)] // of the loopback interface
    [InlineData("52:54:00:ff:ff:01", false)]
    public async Task The_first_contact_leaves_a_token_only_in_a_guest_with_the_clones_card(string card, bool ours)
    {
        var job = NewJob() with { Proof = new GuestProof(Token, card) };
        var open = () => _guest.OpenAsync(job, Limit, Alive, Cancellation);

        if (ours)
        {
            (await open()).Proof!.Placed.Should().BeTrue();
        }
        else
        {
            (await open.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.GuestIsAnother);
        }

        File.Exists(OwnToken).Should().Be(ours);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_person_is_let_into_the_jobs_guest_alone_and_leaves_nothing_behind()
    {
        await _guest.OpenAsync(NewJob("ffffffffffffffffffffffffffffffff") with { Address = sshd.Twin }, Limit, Alive, Cancellation);
        var job = await _guest.OpenAsync(NewJob(), Limit, Alive, Cancellation);
        (await BesideAsync(job)).Should().Be(job, "the kept connection is open");
        await LoseAsync(job);
        var files = Directory.GetFiles(job.Directory.Value).Order().ToList();

        var strange = () => BesideAsync(job with { Address = sshd.Twin });
        (await strange.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.GuestIsAnother);
        SshdFixture.Connections(job).Should().BeEmpty();
        Directory.GetFiles(job.Directory.Value).Order().Should().Equal(files);

        var way = await BesideAsync(job);
        way.Socket.Should().Be("4711.ssh.sock");
        var entered = await sshd.Tools.RunAsync(new ToolCall("ssh", SshArguments.Enter(way, terminal: false, "echo $HOME")) { WorkingDirectory = job.Directory }, Cancellation);
        entered.StandardOutput.Should().Be(sshd.OwnHome + "\n", entered.StandardError);
        await _guest.CloseAsync(way, Cancellation);
        (await sshd.Tools.RunAsync(new ToolCall("ssh", SshArguments.Enter(way, terminal: false, "echo in")) { WorkingDirectory = job.Directory }, Cancellation))
            .Should().Match<ToolResult>(result => result.ExitCode == 255 && result.StandardOutput == "", "ssh has no way of its own");
        Directory.GetFiles(job.Directory.Value).Order().Should().Equal(files);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_persons_connection_ends_by_itself_when_its_opener_was_killed_and_it_is_no_longer_used()
    {
        var job = await _guest.OpenAsync(NewJob(), Limit, Alive, Cancellation);
        await LoseAsync(job);
        var files = Files();

        // The opener closes nothing, as one that was ended by SIGKILL.
        var way = await _guest.ConnectBesideAsync(job, job.Beside(4711) with { Idle = TimeSpan.FromSeconds(10) }, Limit, Alive, Cancellation);
        var entered = await sshd.Tools.RunAsync(new ToolCall("ssh", SshArguments.Enter(way, terminal: false, "sleep 14; echo still in")) { WorkingDirectory = job.Directory }, Cancellation);
        entered.StandardOutput.Should().Be("still in\n", "a connection that is used stays");
        while (SshdFixture.Connections(job).Count > 0)
        {
            await Task.Delay(50, Cancellation);
        }

        Files().Should().Equal(files);

        List<string> Files() => [.. Directory.GetFiles(job.Directory.Value).Order()];
    }

    private static Task Alive(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A run's wrapper writes the second line after the end that the driver waits for: a file removed before it would come back.</summary>
    private static async Task EndedAsync(string status)
    {
        while ((await File.ReadAllLinesAsync(status, Cancellation)).Length < 2)
        {
            await Task.Delay(20, Cancellation);
        }
    }

    private static async Task LoseAsync(GuestAccess job)
    {
        foreach (var id in SshdFixture.Connections(job))
        {
            UnixSignal.Send(id, UnixSignal.Kill);
        }

        while (SshdFixture.Connections(job).Count > 0)
        {
            await Task.Delay(20, Cancellation);
        }
    }

    private Task<GuestAccess> BesideAsync(GuestAccess job) => _guest.ConnectBesideAsync(job, job.Beside(4711), Limit, Alive, Cancellation);

    private GuestAccess NewJob(string token = Token)
    {
        var job = sshd.NewJob() with { Proof = new GuestProof(token, null) };
        _jobs.Add(job);
        return job;
    }

    private async Task<SystemFailureException> FailureOfScriptAsync(GuestAccess job) =>
        (await ((Func<Task>)(() => ExitOfScriptAsync(job))).Should().ThrowAsync<SystemFailureException>()).Which;

    private async Task<int> ExitOfScriptAsync(GuestAccess job) =>
        (await _guest.RunScriptAsync(
            job, new GuestScript("step_script", "exit 5"u8.ToArray()), Stream.Null, Stream.Null, token => Task.Delay(Timeout.InfiniteTimeSpan, token), Cancellation)).Exit.ExitCode;
}

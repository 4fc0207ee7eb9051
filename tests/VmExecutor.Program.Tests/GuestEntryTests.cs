using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Services;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Host.Tests.Guests;
using VmExecutor.Jobs;
using VmExecutor.Program.Tests.Faults;
using VmExecutor.Starting;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Tests <c>vm-executor ssh</c> with a stand-in guest: ssh and sshd are real, libvirt is a stand-in that says that the VM runs.</summary>
public sealed class GuestEntryTests(TwinFixture sshd) : IClassFixture<TwinFixture>, IAsyncLifetime
{
    private static readonly string[] Command = ["sh", "-c", "echo in >\"$HOME/entered\"; exit 7"];

    private readonly FakeHypervisor _hypervisor = new();
    private GuestAccess _access = null!;
    private JobDirectory _directory = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Leaves what prepare leaves; the kept connection was lost since.</summary>
    public async ValueTask InitializeAsync()
    {
        var access = sshd.NewJob();
        JobKey.TryParse(access.Directory.Name, out var key).Should().BeTrue();
        var state = access.Directory.Parent().Parent();
        Directory.Delete(access.Directory.Value);
        _directory = JobDirectory.Of(state, key!);
        _directory.Create(TestRecord.Of(key!, state));
        _access = await sshd.Guest.OpenAsync(access with { Proof = new GuestProof("00112233445566778899aabbccddeeff", null) }, TimeSpan.FromSeconds(20), _ => Task.CompletedTask, Cancellation);
        await SshdFixture.CloseAsync(_access);
        Put(_access);
        _hypervisor.Domains[key!.Domain.Value] = $"<domain><name>{key.Domain}</name></domain>";
    }

    public async ValueTask DisposeAsync()
    {
        await SshdFixture.CloseAsync(_access);
        SshdFixture.Connections(_access).Should().BeEmpty();
        _hypervisor.Dispose();
        foreach (var home in (string[])[sshd.OwnHome, sshd.TwinHome])
        {
            Directory.GetFiles(home).ToList().ForEach(File.Delete);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task The_jobs_own_guest_is_entered_and_nothing_stays()
    {
        var files = Directory.GetFiles(_access.Directory.Value).Order().ToList();

        (await EnterAsync(sshd.Guest)).Should().Be(7);

        File.Exists(Path.Combine(sshd.OwnHome, "entered")).Should().BeTrue();
        SshdFixture.Connections(_access).Should().BeEmpty();
        Directory.GetFiles(_access.Directory.Value).Order().Should().Equal(files);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_kept_connection_is_used_and_stays_open()
    {
        await sshd.Guest.ConnectAsync(_access, TimeSpan.FromSeconds(20), _ => Task.CompletedTask, Cancellation);
        var kept = SshdFixture.Connections(_access);

        (await EnterAsync(sshd.Guest)).Should().Be(7);

        SshdFixture.Connections(_access).Should().Equal(kept);
    }

    [Fact(Timeout = 60_000)]
    public async Task Another_guest_at_its_address_is_not_entered()
    {
        await File.WriteAllTextAsync(Path.Combine(sshd.TwinHome, ".vmx-clone"), "ffffffffffffffffffffffffffffffff\n", Cancellation);
        Put(_access with { Address = sshd.Twin });

        (await FailureAsync(sshd.Guest)).Code.Should().Be(ErrorCodes.GuestIsAnother);

        await ShouldNotHaveBeenEnteredAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_has_no_proof_is_not_entered()
    {
        File.Delete(Path.Combine(sshd.OwnHome, ".vmx-clone"));
        Put(_access with { Proof = _access.Proof! with { BootId = null } });

        (await FailureAsync(sshd.Guest)).Code.Should().Be(ErrorCodes.GuestUnproven);

        await ShouldNotHaveBeenEnteredAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_connection_that_is_lost_between_proof_and_shell_leads_nowhere_else()
    {
        (await EnterAsync(new LosingShell(sshd.Guest))).Should().Be(255, "ssh has no way of its own");

        await ShouldNotHaveBeenEnteredAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_record_that_cannot_be_read_is_not_taken_for_a_VM_that_was_never_prepared()
    {
        using var small = SmallFileSystem.Make();
        var record = small.Root.Child("state").Child("job.json").Value;
        File.Move(_directory.Paths.Record.Value, record);
        File.CreateSymbolicLink(_directory.Paths.Record.Value, record);
        small.Cause(FileTrouble.Broken);

        var failure = await FailureAsync(sshd.Guest);

        failure.Code.Should().Be(ErrorCodes.HostFileFailed);
        failure.Message.Should().Contain(_directory.Paths.Record.Value).And.EndWith("Input/output error");
    }

    /// <summary>The stand-in has no such container, and may have no podman: what it says of that is what arrives.</summary>
    [Fact(Timeout = 60_000)]
    public async Task The_lines_of_a_container_come_from_its_guest_and_of_a_job_without_one_that_is_said()
    {
        (await FluentActions.Awaiting(() => LinesAsync("db")).Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Be($"job {_directory.Key} has no services");
        TestRecord.Put(_directory, _directory.Read()! with { ServiceVms = [new ServiceVmRecord("service0-1-aaaaaa", "database", ["vm", "database"])] });
        (await FluentActions.Awaiting(() => LinesAsync("db")).Should().ThrowAsync<SystemFailureException>()).Which.Hint.Should().Be("Give one of: vm, database.");

        TestRecord.Put(_directory, _directory.Read()! with { Services = new ServicesRecord("podman", [["db", "postgres"]], ShowLogs: false) });

        (await LinesAsync("postgres")).Should().NotBeEmpty().And.OnlyContain(line => line.Contains("podman") || line.Contains("vmx-service-0"));
        (await FluentActions.Awaiting(() => LinesAsync("redis")).Should().ThrowAsync<SystemFailureException>()).Which.Hint.Should().Contain("db, postgres");
        SshdFixture.Connections(_access).Should().BeEmpty();
    }

    private async Task<IReadOnlyList<string>> LinesAsync(string service)
    {
        using var machine = TestMachine.Of(
            TestMachine.Settings(_access.Directory.Parent().Parent()), sshd.Guest, _hypervisor, variables: new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" });
        return await new GuestEntry(machine).LinesOfAsync(_directory.Key, _directory, service, Cancellation);
    }

    private void Put(GuestAccess access) => TestRecord.Put(_directory, _directory.Read()! with { Guest = GuestOfJob.ToRecord(access) });

    private async Task ShouldNotHaveBeenEnteredAsync()
    {
        // A master says that it ends, and is there for a moment longer.
        while (SshdFixture.Connections(_access).Count > 0)
        {
            await Task.Delay(20, Cancellation);
        }

        foreach (var home in (string[])[sshd.OwnHome, sshd.TwinHome])
        {
            File.Exists(Path.Combine(home, "entered")).Should().BeFalse();
        }
    }

    private async Task<int> EnterAsync(IGuestShell shell)
    {
        var settings = TestMachine.Settings(_access.Directory.Parent().Parent());
        using var machine = TestMachine.Of(settings, shell, _hypervisor, variables: new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" });
        return await new GuestEntry(machine).RunAsync(_directory.Key.Value, Command, service: null, terminal: false, Cancellation);
    }

    private async Task<SystemFailureException> FailureAsync(IGuestShell shell) =>
        (await ((Func<Task>)(() => EnterAsync(shell))).Should().ThrowAsync<SystemFailureException>()).Which;

    /// <summary>Makes real connections, each of which is lost once its guest has proved itself.</summary>
    private sealed class LosingShell(IGuestShell real) : IGuestShell
    {
        public async Task<GuestAccess> ConnectBesideAsync(
            GuestAccess access, GuestAccess beside, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken)
        {
            var way = await real.ConnectBesideAsync(access, beside, limit, alive, cancellationToken);
            await SshdFixture.CloseAsync(access);
            return way;
        }

        public Task CloseAsync(GuestAccess access, CancellationToken cancellationToken) => real.CloseAsync(access, cancellationToken);

        public Task<string> WaitForServerAsync(GuestAddress address, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<GuestAccess> OpenAsync(GuestAccess access, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task ConnectAsync(GuestAccess access, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<ScriptRun> RunScriptAsync(
            GuestAccess access, GuestScript script, Stream output, Stream error, Func<CancellationToken, Task> watch, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<GuestCommandResult> RunCommandAsync(GuestAccess access, string text, Stream? input, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<GuestCommandResult> ConverseAsync(GuestAccess access, string text, string input, Func<string, string?> answer, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> RenewKeysAsync(GuestAccess access, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<RunnerProcess?> LeaveAsync(GuestAccess access, string text, string input, string until, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<string> GoOnAsync(GuestAccess access, string input, Func<string, string?> answer, string until, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Observing;
using VmExecutor.Program.Tests.Faults;
using VmExecutor.Stages;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The run stage's messages for a job that wrote too much: at that script, and at those after it.</summary>
public sealed class StoppedJobTests : IDisposable
{
    private const int MiB = 1 << 20;
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-stopped-").FullName);
    private readonly JobKey _key = new("https://gitlab.example.com", "abc", 1);
    private readonly FakeHypervisor _hypervisor = new();
    private readonly FakeGuestShell _guestShell = new();
    private readonly StringWriter _log = new();

    public StoppedJobTests()
    {
        _hypervisor.Domains[_key.Domain.Value] = "<domain/>";
        Directory_.Create(TestRecord.Of(_key, _state) with { Guest = new GuestRecord("127.0.0.1", 1, "ci", "/key", [], "bash"), MaxOverlayBytes = MiB });
        File.WriteAllText(_state.Child("script").Value, "true\n");
    }

    private JobDirectory Directory_ => JobDirectory.Of(_state, _key);

    public void Dispose()
    {
        _hypervisor.Dispose();
        _log.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_within_its_limit_runs()
    {
        Write(MiB);

        (await RunAsync()).Succeeded.Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_write_between_two_scripts_is_seen_before_the_next_one_runs()
    {
        Write(3 * MiB);

        await ShouldFailAsync("has written 3MiB to its disk");

        _guestShell.Calls.Should().BeEmpty();
        _hypervisor.Domains.Should().BeEmpty();
        _log.ToString().Should().Contain($"stopping VM {_key.Domain}");
    }

    [Fact(Timeout = 60_000)]
    public async Task Later_scripts_say_why_there_is_no_vm()
    {
        Write(3 * MiB);
        await ShouldFailAsync("has written");

        await ShouldFailAsync("this job's VM was stopped by an earlier script: the job has written 3MiB");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_a_script_runs_the_disk_is_the_reason_whatever_its_end_looks_like(bool connectionIsLost)
    {
        _guestShell.Watched = async watch =>
        {
            Write(3 * MiB);
            await Task.WhenAny(watch);
            if (connectionIsLost)
            {
                throw new GuestConnectionLostException("the connection was lost");
            }
        };

        await ShouldFailAsync("has written 3MiB to its disk");

        _hypervisor.Domains.Should().BeEmpty("it is gone before the stage ends");
    }

    private async Task ShouldFailAsync(string message)
    {
        var run = RunAsync;
        var thrown = (await run.Should().ThrowAsync<DriverException>()).Which;
        var failure = thrown is ToldFailureException told ? told.Original : thrown;
        failure.Should().BeOfType<BuildFailureException>();
        failure.Code.Should().Be(ErrorCodes.OverlayTooLarge);
        failure.Message.Should().Contain(message);
    }

    private Task<Core.Guests.ScriptExit> RunAsync()
    {
        var settings = new Settings { File = _state.Child("vm-executor.yaml"), StateDir = _state, Images = [], Limits = new LimitSettings { DiskWatermark = new ByteSize(1) } };
        var stage = TestMachine.RunStage(TestMachine.Of(settings, _guestShell, _hypervisor));
        var job = new Job { Key = _key, Id = 1, Server = "https://gitlab.example.com", Timeout = TimeSpan.FromHours(1) };
        return stage.RunAsync(job, _state.Child("script"), "build_script", new JobLog(_log), new JobLog(TextWriter.Null), CancellationToken.None);
    }

    private void Write(int bytes) => File.WriteAllBytes(Directory_.Paths.Overlay("vda").Value, new byte[bytes]);
}

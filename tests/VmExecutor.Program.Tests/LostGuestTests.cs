using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Stages;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>What the run stage says when the connection to its guest is lost.</summary>
public sealed class LostGuestTests : IDisposable
{
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-lost-").FullName);
    private readonly JobKey _key = new("https://gitlab.example.com", "abc", 1);
    private readonly FakeHypervisor _hypervisor = new();
    private readonly FakeGuestShell _guestShell = new();
    private readonly StringWriter _log = new();

    public LostGuestTests()
    {
        _hypervisor.Domains[_key.Domain.Value] = "<domain/>";
        _guestShell.Before = _ => throw new GuestConnectionLostException("the connection was lost");
        JobDirectory.Of(_state, _key).Create(TestRecord.Of(_key, _state) with { Guest = new GuestRecord("127.0.0.1", 1, "ci", "/key", [], "bash") });
        File.WriteAllText(_state.Child("script").Value, "true\n");
    }

    private Core.Clones.JobPaths Paths => Core.Clones.JobPaths.For(_state, _key);

    public void Dispose()
    {
        _hypervisor.Dispose();
        _log.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task With_the_vm_alive_it_is_a_lost_connection()
    {
        await File.WriteAllTextAsync(Paths.Console.Value, "eth0: link is down\n");

        await RunAsync(ErrorCodes.GuestConnectionLost);

        _log.ToString().Should().Contain("is still running").And.Contain("| eth0: link is down");
    }

    [Fact(Timeout = 60_000)]
    public async Task With_a_panic_on_the_console_of_a_vm_that_only_stands_still_that_is_the_reason()
    {
        await File.WriteAllTextAsync(Paths.Console.Value, "[  1.2] Kernel panic - not syncing: Fatal exception\n");

        await RunAsync(ErrorCodes.GuestDied);
    }

    [Fact(Timeout = 60_000)]
    public async Task With_the_vm_gone_that_is_the_reason()
    {
        _hypervisor.Domains.Clear();

        await RunAsync(ErrorCodes.GuestDied);
    }

    [Fact(Timeout = 60_000)]
    public async Task With_libvirt_in_trouble_too_it_is_still_a_lost_connection_and_both_are_said()
    {
        _hypervisor.Before = _ => throw FakeHypervisor.Refusal(ErrorCodes.HypervisorUnreachable);

        await RunAsync(ErrorCodes.GuestConnectionLost);

        _log.ToString().Should().Contain("is still running is not known: libvirt says no");
    }

    [Fact(Timeout = 60_000)]
    public async Task With_a_libvirt_that_does_not_answer_the_look_is_over_in_time_and_no_cancel()
    {
        var time = new ManualTime();
        _hypervisor.Hangs = true;

        await time.RunAsync(RunAsync(ErrorCodes.GuestConnectionLost, time));

        _log.ToString().Should().Contain("did not answer within 10s");
    }

    private async Task RunAsync(ErrorCode expected, TimeProvider? time = null)
    {
        var settings = new Settings { File = _state.Child("vm-executor.yaml"), StateDir = _state, Images = [] };
        var stage = new RunStage(settings, _guestShell, _ => _hypervisor, time ?? TimeProvider.System, Stream.Null, Stream.Null);
        var job = new Job { Key = _key, Id = 1, Server = "https://gitlab.example.com", Timeout = TimeSpan.FromHours(1) };

        var run = () => stage.RunAsync(job, _state.Child("script"), new JobLog(_log), CancellationToken.None);

        (await run.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(expected);
    }
}

using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Program.Tests.Faults;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Prepare meets a guest whose cloud-init is still at work.</summary>
public sealed class CloudInitTests : IDisposable
{
    private readonly StageWorld _world = new();

    public CloudInitTests() => _world.GuestShell.Look = new GuestLook { CloudInit = CloudInitState.Running };

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("vmx-cloud-init-end:0\n", null)]
    [InlineData("vmx-cloud-init-end:2\n", "WARNING: cloud-init had recoverable errors")]
    [InlineData("vmx-cloud-init-end:1\n", "WARNING: cloud-init failed in the guest. See")]
    [InlineData("{\n \"v1\": {\n  \"errors\": [\n   \"('locale', exit 255)\"\n  ]\n }\n}\nvmx-cloud-init-end:1\n", "WARNING: cloud-init failed in the guest: ('locale', exit 255). See")]
    public async Task Prepare_waits_for_it_and_says_how_it_ended(string answer, string? warning)
    {
        _world.GuestShell.CommandOutput = answer;

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        var log = _world.Log.ToString();
        log.Should().Contain("cloud-init is still at work in the guest; waiting for it, at most 5m ('timeouts: cloud_init')")
            .And.MatchRegex(@"cloud-init ended after [\d.]+ s").And.MatchRegex(@"Ready after .*cloud-init [\d.]+");
        (warning is null ? log.Contains("WARNING: cloud-init", StringComparison.Ordinal) : !log.Contains(warning, StringComparison.Ordinal)).Should().BeFalse(log);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_does_not_end_is_a_failure_that_names_it_and_nothing_is_left()
    {
        _world.Timeouts = _world.Timeouts with { CloudInit = TimeSpan.FromMilliseconds(300) };
        var asked = 0;
        _world.Gate = (call, after, token) => call == "command" && !after && asked++ == 0 ? Task.Delay(Timeout.InfiniteTimeSpan, token) : Task.CompletedTask;
        _world.GuestShell.CommandOutput = """{"v1": {"stage": "modules-final"}}""";

        var failure = (await FluentActions.Awaiting(() => _world.PrepareAsync(TestContext.Current.CancellationToken)).Should().ThrowAsync<SystemFailureException>()).Which;

        failure.Code.Should().Be(ErrorCodes.CloudInitNotDone);
        failure.Message.Should().ContainAll("cloud-init", "still at work", "modules-final");
        failure.Hint.Should().ContainAll("timeouts: cloud_init", "wait_for_cloud_init: false");
        _world.Left().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task It_is_not_waited_for_where_that_is_switched_off()
    {
        _world.WaitForCloudInit = false;
        _world.Gate = (call, _, token) => call == "command" ? Task.Delay(Timeout.InfiniteTimeSpan, token) : Task.CompletedTask;

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        _world.Log.ToString().Should().NotContain("cloud-init");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_wakes_up_is_not_asked_since_its_template_was_waited_for()
    {
        await _world.WarmAsync();

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        _world.GuestShell.Calls.Should().NotContain("open");
        _world.Log.ToString().Should().Contain(", warm (").And.NotContain("cloud-init");
    }
}

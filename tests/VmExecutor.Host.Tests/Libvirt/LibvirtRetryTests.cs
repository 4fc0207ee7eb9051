using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Libvirt;

public sealed class LibvirtRetryTests
{
    // What libvirt says of a QEMU that waits in the kernel.
    private static readonly LibvirtError Busy = new(
        LibvirtErrorNumber.SystemError, LibvirtErrorDomain.None, LibvirtErrorLevel.Error, "Failed to terminate process 4711 with SIGKILL: Device or resource busy", 16);

    private readonly LibvirtRetry retry = new(
        new HurriedTime(), 2, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4), e => e.Error.IsStillBusy);

    private int attempts;

    [Fact(Timeout = 60_000)]
    public async Task An_attempt_that_succeeds_is_the_last() =>
        (await AttemptAsync(failures: 0, Busy)).Should().Be(1);

    [Fact(Timeout = 60_000)]
    public async Task A_failure_that_may_pass_is_followed_by_another_attempt() =>
        (await AttemptAsync(failures: 2, Busy)).Should().Be(3);

    [Fact(Timeout = 60_000)]
    public async Task The_last_failure_is_thrown_when_the_attempts_are_used_up()
    {
        var attempt = () => AttemptAsync(failures: 100, Busy);
        (await attempt.Should().ThrowAsync<LibvirtException>()).Which.Error.Should().Be(Busy);
        attempts.Should().Be(4);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_failure_that_will_not_pass_is_thrown_at_once()
    {
        var attempt = () => AttemptAsync(failures: 100, Busy with { SystemError = 1 });
        await attempt.Should().ThrowAsync<LibvirtException>();
        attempts.Should().Be(1);
    }

    private Task<int> AttemptAsync(int failures, LibvirtError error) => retry.RunAsync(
        _ => ++attempts > failures
            ? Task.FromResult(attempts)
            : Task.FromException<int>(new LibvirtException(ErrorCodes.DomainWouldNotStop, "virDomainDestroyFlags", "test:///default", error, "")),
        TestContext.Current.CancellationToken);
}

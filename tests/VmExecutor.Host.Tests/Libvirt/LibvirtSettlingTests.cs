using FluentAssertions;
using VmExecutor.Host.Libvirt;
using Xunit;

namespace VmExecutor.Host.Tests.Libvirt;

/// <summary>A cancelled call goes on in the daemon; some must have ended before they are undone.</summary>
public sealed class LibvirtSettlingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact(Timeout = 60_000)]
    public async Task A_cancel_is_reported_when_the_call_in_flight_has_ended()
    {
        Prerequisite.LibvirtLibrary();
        var connection = await OpenAsync();
        using var cancel = new CancellationTokenSource();
        using var goOn = new ManualResetEventSlim();
        var ended = false;

        var call = connection.CallAsync(
            "to do something",
            _ =>
            {
                cancel.Cancel();
                goOn.Wait();
                return ended = true;
            },
            Limit,
            cancel.Token);
        await Task.WhenAny(call, Task.Delay(200, TestContext.Current.CancellationToken));
        call.IsCompleted.Should().BeFalse("the daemon is still at it");
        goOn.Set();

        await FluentActions.Awaiting(() => call).Should().ThrowAsync<OperationCanceledException>();
        ended.Should().BeTrue();
        connection.Close();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_call_that_does_not_end_is_left_after_a_while()
    {
        Prerequisite.LibvirtLibrary();
        var connection = await OpenAsync();
        using var cancel = new CancellationTokenSource();
        using var never = new ManualResetEventSlim();

        var call = connection.CallAsync(
            "to hang",
            _ =>
            {
                cancel.Cancel();
                never.Wait();
                return true;
            },
            TimeSpan.FromMilliseconds(100),
            cancel.Token);

        await FluentActions.Awaiting(() => call).Should().ThrowAsync<OperationCanceledException>();
        never.Set();
        connection.Close();
    }

    private static Task<LibvirtConnection> OpenAsync() =>
        LibvirtConnection.OpenAsync("test:///default", Limit, TimeProvider.System, TestContext.Current.CancellationToken);
}

using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Win32.SafeHandles;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Libvirt;

/// <summary>
/// A file that is handed to libvirt by its number. A call that hangs is left, and its owner closes the file; the number must still mean that
/// file when the call goes on. /proc/self/fd says what it means.
/// </summary>
public sealed class LentFileTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider _clock = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-lent-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact(Timeout = 120_000)]
    public async Task A_file_stays_open_in_a_call_that_was_left_and_is_closed_when_it_has_returned()
    {
        Prerequisite.LibvirtLibrary();
        var connection = await LibvirtConnection.OpenAsync("test:///default", Limit, _clock, Token);
        using var goOn = new ManualResetEventSlim();
        var seen = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (file, path, number) = Open("state");

        var call = connection.CallAsync(
            "to hang",
            _ =>
            {
                goOn.Wait();
                seen.SetResult(Meaning(number));
                return true;
            },
            file,
            Token);
        await FluentActions.Awaiting(() => _clock.RunAsync(call)).Should().ThrowAsync<HypervisorTimeoutException>();
        file.Dispose();
        OpenMany();
        goOn.Set();

        (await seen.Task).Should().Be(path);
        connection.Abandon();
        await Closed(path);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_file_that_a_mute_daemon_was_to_get_stays_open_until_the_call_has_returned()
    {
        Prerequisite.Libvirt();
        await using var daemon = new DaemonStandIn { MuteAt = "getfd" };
        using var hypervisor = new LibvirtHypervisor(daemon.Uri, Limit, _clock);
        using var domain = new TestDomain();
        await hypervisor.CreateTransientAsync(domain.Xml, paused: true, Token);
        var (file, path, number) = Open("state");

        var call = hypervisor.SendMachineCommandAsync(domain.Name, """{"execute":"getfd","arguments":{"fdname":"vm-executor"}}""", file, Token);
        await daemon.Muted;
        await FluentActions.Awaiting(() => _clock.RunAsync(call)).Should().ThrowAsync<HypervisorTimeoutException>();
        file.Dispose();
        OpenMany();

        Meaning(number).Should().Be(path, "the call is still in flight");
        daemon.Cut();
        await Closed(path);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_that_is_closed_already_is_refused_before_anything_is_called()
    {
        Prerequisite.LibvirtLibrary();
        var connection = await LibvirtConnection.OpenAsync("test:///default", TimeSpan.FromSeconds(30), TimeProvider.System, Token);
        var (file, _, _) = Open("state");
        file.Dispose();
        var called = false;

        await FluentActions.Awaiting(() => connection.CallAsync("to do it", _ => called = true, file, Token)).Should().ThrowAsync<ObjectDisposedException>();

        called.Should().BeFalse();
        connection.Close();
    }

    private static string? Meaning(int number) => new FileInfo($"/proc/self/fd/{number}").LinkTarget;

    private (SafeFileHandle File, string Path, int Number) Open(string name)
    {
        var path = Path.Combine(_directory, name);
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        return (file, path, (int)file.DangerousGetHandle());
    }

    /// <summary>The kernel gives the lowest free number to the next file that is opened.</summary>
    private void OpenMany()
    {
        for (var i = 0; i < 20; i++)
        {
            _ = Open($"other-{i}");
        }
    }

    private static async Task Closed(string path)
    {
        while (Directory.GetFiles("/proc/self/fd").Any(link => new FileInfo(link).LinkTarget == path))
        {
            await Task.Delay(20, Token);
        }
    }
}

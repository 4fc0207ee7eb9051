using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

public sealed class DomainWatchTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-watch").FullName;
    private readonly List<string> _tellings = [];
    private readonly FakeHypervisor _hypervisor = new() { Domains = { ["guest"] = "<domain/>" } };

    public void Dispose()
    {
        _hypervisor.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(DomainState.Running, 1)]
    [InlineData(DomainState.Blocked, 0)]
    [InlineData(DomainState.Paused, 1)]
    [InlineData(DomainState.ShuttingDown, 1)]
    public async Task A_domain_that_may_still_go_on_is_alive(DomainState state, int reason)
    {
        _hypervisor.States["guest"] = new DomainStatus(state, reason);

        await Watch().EnsureAliveAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData(DomainState.ShutOff, 1, "powered itself off")]
    [InlineData(DomainState.Crashed, 1, "kernel panic")]
    [InlineData(DomainState.Paused, 10, "kernel panic")]
    [InlineData(DomainState.Paused, 5, "disk write failed")]
    public async Task A_domain_that_is_over_is_reported_as_what_it_is_with_the_last_console_lines(DomainState state, int reason, string expected)
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "console.log"), "first\r\n\u001b[0mKernel panic - not syncing\r\n\r\n");
        _hypervisor.States["guest"] = new DomainStatus(state, reason);

        var look = () => Watch().EnsureAliveAsync(CancellationToken.None);

        var died = (await look.Should().ThrowAsync<GuestDiedException>()).Which;
        died.Message.Should().Contain("guest").And.Contain(expected);
        died.ConsoleTail.Should().Equal("first", "[0mKernel panic - not syncing");
    }

    [Fact]
    public async Task A_panic_is_seen_before_the_trace_that_follows_it()
    {
        var trace = string.Concat(Enumerable.Range(1, 40).Select(i => $"[ 9.0] trace {i}\n"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "console.log"), $"[ 9.0] Kernel panic - not syncing: Attempted to kill init!\n{trace}");
        _hypervisor.Domains.Clear();

        var look = () => Watch().EnsureAliveAsync(CancellationToken.None);

        var died = (await look.Should().ThrowAsync<GuestDiedException>().WithMessage("*panicked (Attempted to kill init!)*")).Which;
        died.ConsoleTail.Should().HaveCount(17).And.EndWith("[ 9.0] trace 40");
    }

    [Fact]
    public async Task A_domain_that_is_gone_without_a_console_is_reported_all_the_same()
    {
        _hypervisor.Domains.Clear();

        var look = () => Watch().EnsureAliveAsync(CancellationToken.None);

        (await look.Should().ThrowAsync<GuestDiedException>()).Which.ConsoleTail.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_watch_beside_a_script_ends_when_the_domain_dies()
    {
        var time = new FakeTimeProvider(TestPlan.Now);
        var looks = 0;
        _hypervisor.Before = _ =>
        {
            if (++looks == 3)
            {
                _hypervisor.Domains.Clear();
            }
        };

        var watching = () => time.RunAsync(Watch(time).WatchAsync(_tellings.Add, CancellationToken.None));

        await watching.Should().ThrowAsync<GuestDiedException>();
        looks.Should().Be(3);
        _tellings.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_libvirt_in_trouble_is_told_of_once_and_does_not_end_the_watch()
    {
        var time = new FakeTimeProvider(TestPlan.Now);
        var looks = 0;
        _hypervisor.Before = _ =>
        {
            switch (++looks)
            {
                case 2 or 5:
                    throw FakeHypervisor.Refusal(ErrorCodes.HypervisorUnreachable);
                case 3:
                    throw new HypervisorTimeoutException("for the state of 'guest'", "fake:///", TimeSpan.FromSeconds(30));
                case 6:
                    _hypervisor.Domains.Clear();
                    break;
            }
        };

        var watching = () => time.RunAsync(Watch(time).WatchAsync(_tellings.Add, CancellationToken.None));

        await watching.Should().ThrowAsync<GuestDiedException>();
        looks.Should().Be(6, "a domain that is gone still ends the script");
        _tellings.Should().ContainSingle().Which.Should().Contain("libvirt says no").And.Contain("script goes on");
    }

    private DomainWatch Watch(TimeProvider? time = null) =>
        new(_hypervisor, "guest", new AbsolutePath(_directory).Child("console.log"), time ?? TimeProvider.System);
}

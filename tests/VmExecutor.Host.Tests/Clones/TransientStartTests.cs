using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Clones;

/// <summary>The daemon is restarted while it starts a clone.</summary>
public sealed class TransientStartTests : IDisposable
{
    private static readonly AbsolutePath State = new("/nonexistent/state");

    private static readonly JobKey Key = new("https://gitlab.example.com", "abc", 1);

    private static readonly string Name = Key.Domain.Value;

    private readonly FakeHypervisor _hypervisor = new();

    private int _creates;

    public void Dispose() => _hypervisor.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_clone_that_runs_all_the_same_is_gone_on_with()
    {
        OnFirstCreate(() => _hypervisor.Domains[Name] = Xml(Key.Value));

        await StartAsync();

        _creates.Should().Be(1);
        _hypervisor.Calls.Should().NotContain($"destroy {Name}");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_clone_that_is_not_there_is_started_once_more()
    {
        OnFirstCreate(() => { });

        await StartAsync();

        _creates.Should().Be(2);
        _hypervisor.Domains.Should().ContainKey(Name);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_clone_that_is_half_started_is_cleared_away_first()
    {
        OnFirstCreate(() =>
        {
            _hypervisor.Domains[Name] = Xml(Key.Value);
            _hypervisor.States[Name] = new DomainStatus(DomainState.Paused, 11);
        });
        _hypervisor.Before += call =>
        {
            if (call == $"destroy {Name}")
            {
                _hypervisor.States.Clear();
            }
        };

        await StartAsync();

        _hypervisor.Calls.Should().ContainInOrder($"create {Name}", $"destroy {Name}", $"create {Name}");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_foreign_domain_is_left_alone()
    {
        OnFirstCreate(() => _hypervisor.Domains[Name] = Xml("another"));

        await FluentActions.Awaiting(StartAsync).Should().ThrowAsync<HypervisorException>();

        _hypervisor.Calls.Should().NotContain($"destroy {Name}");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_daemon_that_dies_of_each_start_is_given_up_after_three()
    {
        _hypervisor.Before = call => _ = call.StartsWith("create", StringComparison.Ordinal) ? throw FakeHypervisor.Loss() : 0;

        await FluentActions.Awaiting(StartAsync).Should().ThrowAsync<HypervisorException>();

        _hypervisor.Calls.Count(call => call == $"create {Name}").Should().Be(3);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_start_that_libvirt_refused_is_not_tried_again()
    {
        _hypervisor.Before = call => _ = call.StartsWith("create", StringComparison.Ordinal) ? throw FakeHypervisor.Refusal(ErrorCodes.DomainStartFailed) : 0;

        await FluentActions.Awaiting(StartAsync).Should().ThrowAsync<HypervisorException>();

        _hypervisor.Calls.Should().Equal($"create {Name}");
    }

    private static string Xml(string owner) => new XElement(
        "domain",
        new XElement("name", Name),
        new XElement("metadata", new XElement(StampXml.Namespace + "job", new XAttribute("key", owner)))).ToString();

    private void OnFirstCreate(Action happens) => _hypervisor.Before = call =>
    {
        if (call == $"create {Name}" && ++_creates == 1)
        {
            happens();
            throw FakeHypervisor.Loss();
        }
    };

    private Task StartAsync()
    {
        var plan = new ClonePlan
        {
            Job = new Job { Key = Key, Id = 1, Server = "https://gitlab.example.com", Timeout = TimeSpan.FromHours(1) },
            Paths = JobPaths.For(State, Key),
            CardSeed = "",
            Image = new ImageDefinition
            {
                File = State.Child("base.yaml"),
                Name = new ImageName("base"),
                Source = new ImageSource.DiskFile(State.Child("base.qcow2")),
                Ssh = new SshSettings { User = "ci", Key = State.Child("key") },
            },
        };
        return new TransientStart(_hypervisor, new DomainStopper(_hypervisor, TimeProvider.System)).RunAsync(Xml(Key.Value), plan, CancellationToken.None);
    }
}

using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Linking;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Linking;

/// <summary>The source of a clone: its states, and what it takes to start it again.</summary>
public sealed class LinkSourceTests : IDisposable
{
    private readonly LinkWorld _world = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData(DomainState.Running, false, "is running", "--shutdown")]
    [InlineData(DomainState.Paused, true, "is paused", "resume")]
    [InlineData(DomainState.Suspended, true, "is suspended", "dompmwakeup")]
    public async Task A_source_that_is_not_off_is_refused_with_its_state_and_what_to_do(DomainState state, bool shutDown, string message, string hint)
    {
        var look = () => _world.LinkSource.IsOffAsync("base", state, shutDown, Token);

        var failure = (await look.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.SourceNotShutOff);
        failure.Message.Should().Contain(message);
        failure.Hint.Should().Contain(hint);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_source_with_saved_memory_is_not_off()
    {
        _world.Hypervisor.Saved.Add("base");

        var look = () => _world.LinkSource.IsOffAsync("base", DomainState.ShutOff, shutDown: true, Token);

        (await look.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.LinkSourceHasSavedState);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_display_whose_password_is_not_told_is_kept_to_loopback_and_that_is_said()
    {
        var source = _world.Source;
        source.Element("devices")!.Add(System.Xml.Linq.XElement.Parse("<graphics type='vnc' autoport='yes' listen='0.0.0.0' passwd='s3cret'/>"));
        _world.Hypervisor.Domains["base"] = source.ToString();

        var whole = await _world.LinkSource.FindAsync("base", [], Token);
        _world.Hypervisor.HidesSecrets = true;
        var hidden = await _world.LinkSource.FindAsync("base", [], Token);

        ((string?)whole.Xml.Element("devices")!.Element("graphics")!.Attribute("passwd")).Should().Be("s3cret");
        whole.SecretsRemark.Should().BeNull();
        whole.ToString().Should().NotContain("s3cret");
        hidden.Xml.Descendants("graphics").Should().OnlyContain(display => display.ToString().Contains("127.0.0.1") && !display.ToString().Contains("0.0.0.0"));
        hidden.SecretsRemark.Should().Contain("listens on 127.0.0.1 only");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_running_source_is_asked_and_never_destroyed()
    {
        _world.Hypervisor.States.Remove("base");
        List<string> said = [];

        await _world.LinkSource.ShutDownAsync("base", said.Add, Token);

        said.Should().Equal("asking 'base' to shut down (up to 3m)");
        _world.Hypervisor.Calls.Should().Contain("shutdown base").And.NotContain("destroy base");
        (await _world.Hypervisor.FindStatusAsync("base", Token))!.State.Should().Be(DomainState.ShutOff);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_source_that_does_not_obey_is_left_running()
    {
        _world.Hypervisor.States.Remove("base");
        _world.Hypervisor.IgnoredShutdowns = null;

        var time = new FakeTimeProvider(TestPlan.Now);
        var source = new LinkSource(_world.Hypervisor, new DomainStopper(_world.Hypervisor, time));
        var wait = () => time.RunAsync(source.ShutDownAsync("base", _ => { }, Token));

        (await wait.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("did not shut down within 3m").And.Contain("not destroyed");
        _world.Hypervisor.Calls.Should().NotContain("destroy base");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_source_can_be_started_again_only_when_no_clone_stands_on_it()
    {
        await _world.MakeAsync("web");
        await _world.MakeAsync("db");

        var release = () => _world.Release.RunAsync("base", Token);

        var failure = (await release.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.LinkStillStandsOnBase);
        failure.Message.Should().EndWith("db, web");
        _world.ModeOf("root.qcow2").Should().NotHaveFlag(UnixFileMode.UserWrite);

        _world.Hypervisor.Domains.Remove("web");
        _world.Hypervisor.Domains.Remove("db");
        (await release()).Should().Equal(_world.At("root.qcow2"), _world.At("data.raw"));
        _world.ModeOf("root.qcow2").Should().HaveFlag(UnixFileMode.UserWrite);
        (await release()).Should().BeEmpty("there is nothing to release any more");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_failed_second_clone_leaves_the_protection_that_the_first_relies_on()
    {
        await _world.MakeAsync("web");
        _world.Hypervisor.Before = made =>
        {
            if (made == "define db")
            {
                throw FakeHypervisor.Refusal(ErrorCodes.HypervisorCallFailed);
            }
        };

        var make = () => _world.MakeAsync("db");

        await make.Should().ThrowAsync<HypervisorException>();
        _world.ModeOf("root.qcow2").Should().NotHaveFlag(UnixFileMode.UserWrite);
    }
}

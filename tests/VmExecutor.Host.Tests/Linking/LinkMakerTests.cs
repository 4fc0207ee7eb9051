using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Linking;

/// <summary>Linked clones for people, with real disks.</summary>
public sealed class LinkMakerTests : IDisposable
{
    private static readonly string[] Before = ["base_VARS.fd", "data.raw", "root.qcow2"];
    private const UnixFileMode RootMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
    private const UnixFileMode Writing = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private readonly LinkWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_clone_stands_on_the_sources_disks_and_says_in_which_format()
    {
        await _world.MakeAsync();

        _world.Files().Should().Equal([.. Before, "web-vda.qcow2", "web-vdb.qcow2", "web_VARS.fd"]);
        Backing("web-vda.qcow2").Should().Be((_world.At("root.qcow2").Value, "qcow2"));
        Backing("web-vdb.qcow2").Should().Be((_world.At("data.raw").Value, "raw"));
        File.ReadAllText(_world.At("web_VARS.fd").Value).Should().Be("variables");
        _world.Hypervisor.Domains["web"].Should().Contain("web-vda.qcow2").And.Contain("web-vdb.qcow2").And.Contain("web_VARS.fd");
        _world.Hypervisor.Domains["base"].Should().Be(_world.Source.ToString(), "the source's definition is not touched");
        _world.Warnings.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_sources_disks_are_read_only_afterwards_and_the_clones_are_as_private()
    {
        await _world.MakeAsync();

        (_world.ModeOf("root.qcow2") & Writing).Should().Be(UnixFileMode.None);
        (_world.ModeOf("data.raw") & Writing).Should().Be(UnixFileMode.None);
        (_world.ModeOf("web-vda.qcow2") & ~UnixFileMode.GroupWrite).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_source_that_shall_stay_writable_does()
    {
        await _world.MakeAsync(protect: false);

        _world.ModeOf("root.qcow2").Should().Be(RootMode);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("define web", false)]
    [InlineData("start web", true)]
    public async Task The_making_is_undone_when_libvirt_refuses(string call, bool start)
    {
        _world.Hypervisor.Before = made =>
        {
            if (made == call)
            {
                throw FakeHypervisor.Refusal(ErrorCodes.DomainStartFailed);
            }
        };

        var make = () => _world.MakeAsync(start: start);

        (await make.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("libvirt says no");
        ShouldBeUntouched();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("status base")]
    [InlineData("define web")]
    [InlineData("start web")]
    public async Task A_cancelled_making_is_undone_wherever_it_is(string call)
    {
        using var signal = new CancellationTokenSource();
        _world.Hypervisor.Before = made =>
        {
            if (made == call)
            {
                signal.Cancel();
            }
        };

        var make = () => _world.MakeAsync(start: true, cancellationToken: signal.Token);

        await make.Should().ThrowAsync<OperationCanceledException>();
        ShouldBeUntouched();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_domain_of_another_who_was_quicker_with_the_name_is_left_alone()
    {
        _world.Hypervisor.Before = made =>
        {
            if (made == "define web")
            {
                _world.Hypervisor.Domains["web"] = "<domain><name>web</name><uuid>11111111-2222-3333-4444-555555555555</uuid></domain>";
                throw FakeHypervisor.Refusal(ErrorCodes.HypervisorCallFailed);
            }
        };

        var make = () => _world.MakeAsync();

        await make.Should().ThrowAsync<HypervisorException>();
        _world.Hypervisor.Domains["web"].Should().Contain("11111111");
        _world.Files().Should().Equal(Before);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_source_that_is_started_meanwhile_is_not_cloned()
    {
        _world.Hypervisor.States.Remove("base");

        var make = () => _world.MakeAsync();

        (await make.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.SourceNotShutOff);
        _world.Files().Should().Equal(Before);
        _world.ModeOf("root.qcow2").Should().Be(RootMode);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_that_is_there_already_is_never_overwritten()
    {
        File.WriteAllText(_world.At("web-vdb.qcow2").Value, "somebody's");

        var plan = () => _world.PlanAsync();

        var failure = (await plan.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.LinkPlaceUnusable);
        failure.Message.Should().Contain("web-vdb.qcow2");
        File.ReadAllText(_world.At("web-vdb.qcow2").Value).Should().Be("somebody's");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_directory_that_is_not_there_or_none_is_named()
    {
        foreach (var (name, why) in new[] { ("nowhere", "no such file or directory"), ("data.raw", "it is no directory") })
        {
            var plan = () => _world.PlanAsync(directory: _world.At(name));
            (await plan.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain(_world.At(name).Value).And.Contain(why);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_source_whose_disk_is_missing_is_refused_with_the_disks_name()
    {
        File.Delete(_world.At("data.raw").Value);

        var plan = () => _world.PlanAsync();

        (await plan.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("data.raw").And.Contain("does not exist");
    }

    private void ShouldBeUntouched()
    {
        _world.Files().Should().Equal(Before);
        _world.Hypervisor.Domains.Keys.Should().Equal("base");
        _world.ModeOf("root.qcow2").Should().Be(RootMode);
        _world.Warnings.Should().BeEmpty();
    }

    private (string? File, string? Format) Backing(string overlay)
    {
        using var info = JsonDocument.Parse(QemuTool.Img("info", "--output=json", _world.At(overlay).Value));
        return (info.RootElement.GetProperty("full-backing-filename").GetString(), info.RootElement.GetProperty("backing-filename-format").GetString());
    }
}

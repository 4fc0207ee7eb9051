using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>The ladder: warm where that can be, else cold with one line why, and the job has its VM in either case.</summary>
public sealed class WarmStartTests : IDisposable
{
    private readonly StageWorld _world = new();

    [Fact]
    public async Task A_clone_wakes_up_from_the_template_of_its_shape()
    {
        await _world.WarmAsync();

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        var record = _world.JobDirectory.Read()!;
        record.Start.Should().Be("warm");
        record.ColdReason.Should().BeNull();
        record.Template.Should().Be(_world.Template!.Directory.Value);
        record.Guest!.HostKeys.Should().Equal(_world.Template.Record.HostKeys);
        _world.GuestShell.Calls.Should().Equal("connect", "command");
        _world.Hypervisor.Calls.Where(call => call.StartsWith("machine", StringComparison.Ordinal)).Select(call => string.Join(' ', call.Split(' ').Skip(2))).Should().Equal(
            "query-version", "migrate-set-capabilities", "getfd with a file", "migrate-incoming fd:vm-executor", "query-status");
        var xml = _world.Hypervisor.Domains.Values.Single();
        xml.Should().Contain($"mem-path={_world.Template.Ram},share=off").And.Contain("defer").And.Contain(_world.Template.Directory.Child("vda.qcow2").Value);
        _world.Log.ToString().Should().NotContain("cold start");
    }

    [Fact]
    public async Task An_image_that_does_not_want_it_is_started_cold_without_a_word()
    {
        await _world.WarmAsync();
        _world.Warm = new WarmSettings();

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        ShouldBeCold([null]);
        _world.Log.ToString().Should().NotContain("cold start");
    }

    [Fact]
    public async Task Without_a_template_it_is_told_how_to_make_one()
    {
        await _world.WarmAsync();
        Directory.Delete(_world.Template!.Directory.Value, recursive: true);

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        ShouldBeCold("no_template");
        _world.Log.ToString().Should().Contain("cold start: image 'base' has no template for its current generation: run 'vm-executor image warm base'");
    }

    [Fact]
    public async Task A_size_without_a_template_is_named()
    {
        await _world.WarmAsync();
        _world.Sizes = new SizeSettings { MaxCpus = 4 };
        _world.Wanted = new RequestedSizes { Cpus = "4" };

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        ShouldBeCold("size");
        _world.Log.ToString().Should().Contain("no template for 4 CPUs, 1GiB memory");
    }

    [Fact]
    public async Task A_template_that_was_touched_is_not_used()
    {
        await _world.WarmAsync();
        await File.AppendAllTextAsync(_world.Template!.Ram.Value, "x", TestContext.Current.CancellationToken);

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        ShouldBeCold("damaged");
        _world.Log.ToString().Should().Contain($"{_world.Template.Ram} was changed");
    }

    [Theory]
    [InlineData("inmigrate", "timed_out", "did not wake up within 1s")]
    [InlineData("paused", "failed", "its guest is 'paused'")]
    public async Task A_state_that_is_not_taken_makes_it_cold_within_its_own_time(string status, string word, string said)
    {
        await _world.WarmAsync();
        _world.Timeouts = new TimeoutSettings { Warm = TimeSpan.FromSeconds(1) };
        _world.Hypervisor.Answers = command => command == "query-status" ? $$$"""{"return":{"status":"{{{status}}}"}}""" : """{"return":{}}""";

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        ShouldBeCold(word);
        _world.Log.ToString().Should().Contain(said);
    }

    [Fact]
    public async Task A_qemu_that_ends_over_the_state_makes_it_cold()
    {
        await _world.WarmAsync();
        _world.Hypervisor.Before = call =>
        {
            if (call.Contains("query-status", StringComparison.Ordinal))
            {
                _world.Hypervisor.Domains.Clear();
            }
        };

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        ShouldBeCold("failed");
        _world.Log.ToString().Should().Contain("VMX1310");
    }

    [Fact]
    public async Task A_guest_that_does_not_answer_makes_it_cold_and_its_connection_is_ended()
    {
        await _world.WarmAsync();
        _world.GuestShell.Before = call =>
        {
            if (call == "command")
            {
                throw new SystemFailureException(ErrorCodes.GuestSshTimedOut, "no answer", "hint");
            }
        };

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        ShouldBeCold("failed");
        _world.Processes.Running.Should().ContainSingle("the warm clone's connection was ended, the cold one's is there");
    }

    [Fact]
    public async Task A_machine_that_cannot_be_read_makes_it_cold()
    {
        await _world.WarmAsync();
        File.SetUnixFileMode(_world.Template!.Domain.Value, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllTextAsync(_world.Template.Domain.Value, "<domain", TestContext.Current.CancellationToken);

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        ShouldBeCold("failed");
        _world.Log.ToString().Should().Contain("VMX1310").And.Contain("domain.xml cannot be used");
    }

    [Fact]
    public async Task A_guest_that_stays_a_twin_gets_no_job()
    {
        await _world.WarmAsync();
        _world.GuestShell.Identity = _ => "vmx-identity:hostname localhost\nvmx-identity:done\n";

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        ShouldBeCold("identity");
        _world.Log.ToString().Should().Contain("VMX1414");
    }

    [Fact]
    public async Task The_parts_of_a_warm_start_are_gone_before_the_cold_one_begins()
    {
        await _world.WarmAsync();
        var seen = new List<string>();
        _world.Hypervisor.Answers = _ => """{"return":{"status":"paused"}}""";
        _world.QemuImg.Before = call =>
        {
            if (call == "qemu-img create")
            {
                seen.Add(string.Join(' ', _world.Hypervisor.Domains.Keys.Concat(_world.JobDirectory.Overlays())));
            }
        };

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        seen.Should().Equal("", "");
        ShouldBeCold("failed");
    }

    [Fact]
    public async Task A_start_that_must_be_warm_is_never_cold()
    {
        await _world.WarmAsync();
        _world.Start = Core.Clones.StartChoice.Warm;
        _world.Hypervisor.Answers = _ => """{"return":{"status":"paused"}}""";

        var prepare = () => _world.PrepareAsync(TestContext.Current.CancellationToken);

        (await prepare.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.TemplateNotLoaded);
        _world.Left().Should().BeEmpty();
    }

    public void Dispose() => _world.Dispose();

    private void ShouldBeCold(params string?[] words)
    {
        var record = _world.JobDirectory.Read()!;
        record.Start.Should().Be("cold");
        words.Should().Contain(record.ColdReason);
        record.Ready.Should().NotBeNull();
        record.Template.Should().BeNull();
        _world.Hypervisor.Domains.Values.Should().ContainSingle().Which.Should().NotContain("mem-path").And.NotContain("defer");
    }
}

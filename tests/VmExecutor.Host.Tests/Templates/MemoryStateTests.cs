using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Templates;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Templates;

/// <summary>The commands to QEMU, and the meaning of its answers; the end-to-end tests use a real QEMU.</summary>
public sealed class MemoryStateTests : IDisposable
{
    private readonly FakeHypervisor _hypervisor = new() { Domains = { ["vm"] = "<domain/>" } };
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-state-").FullName);

    private AbsolutePath File => _directory.Child("state.bin");

    [Fact]
    public async Task Saving_leaves_memory_out_and_hands_the_file_over()
    {
        await SaveAsync();

        _hypervisor.Calls.Should().Equal(
            "machine vm query-version", "machine vm migrate-set-capabilities", "machine vm getfd with a file", "machine vm migrate fd:vm-executor", "machine vm query-migrate");
        System.IO.File.Exists(File.Value).Should().BeTrue();
    }

    [Fact]
    public async Task Saving_waits_until_all_is_written()
    {
        var states = new Queue<string>(["setup", "active", "completed"]);
        _hypervisor.Answers = command => command == "query-migrate" ? $$$"""{"return":{"status":"{{{states.Dequeue()}}}"}}""" : """{"return":{}}""";

        await SaveAsync();

        states.Should().BeEmpty();
    }

    [Theory]
    [InlineData("query-migrate", """{"return":{"status":"failed","error-desc":"no space"}}""", "no space")]
    [InlineData("migrate", """{"error":{"class":"GenericError","desc":"State blocked by non-migratable device"}}""", "State blocked by non-migratable device")]
    [InlineData("getfd", "nonsense", "nonsense")]
    public async Task QEMUs_objection_is_in_the_message(string command, string answer, string said)
    {
        _hypervisor.Answers = asked => asked == command ? answer : """{"return":{}}""";

        (await FluentActions.Awaiting(SaveAsync).Should().ThrowAsync<HypervisorException>()).Which.Message.Should().Contain(said).And.Contain("vm");
    }

    [Fact]
    public async Task A_state_that_is_there_is_never_overwritten()
    {
        await System.IO.File.WriteAllTextAsync(File.Value, "state", TestContext.Current.CancellationToken);

        (await FluentActions.Awaiting(SaveAsync).Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.HostFileFailed);
        _hypervisor.Calls.Should().BeEmpty();
    }

    [Fact]
    public async Task Loading_is_over_when_the_guest_runs()
    {
        await System.IO.File.WriteAllTextAsync(File.Value, "state", TestContext.Current.CancellationToken);
        var states = new Queue<string>(["inmigrate", "inmigrate", "running"]);
        _hypervisor.Answers = command => command == "query-status" ? $$$"""{"return":{"status":"{{{states.Dequeue()}}}"}}""" : """{"return":{}}""";

        await LoadAsync();

        states.Should().BeEmpty();
        _hypervisor.Calls.Take(4).Should().Equal(
            "machine vm query-version", "machine vm migrate-set-capabilities", "machine vm getfd with a file", "machine vm migrate-incoming fd:vm-executor");
    }

    [Theory]
    [InlineData(9, 1)]
    [InlineData(10, 0)]
    public async Task A_newer_QEMU_gets_the_state_in_a_set_of_files(int major, int minor)
    {
        await System.IO.File.WriteAllTextAsync(File.Value, "state", TestContext.Current.CancellationToken);
        _hypervisor.Answers = Newer(major, minor);

        await LoadAsync();

        _hypervisor.Calls.Should().Equal(
            "machine vm query-version", "machine vm migrate-set-capabilities", "machine vm add-fd with a file", "machine vm migrate-incoming file:/dev/fdset/7",
            "machine vm query-status", "machine vm remove-fd 7");
    }

    [Fact]
    public async Task A_newer_QEMU_writes_it_into_a_set_of_files_and_tells_its_version()
    {
        _hypervisor.Answers = Newer(10, 0);

        (await new MemoryState(_hypervisor, TimeProvider.System).SaveAsync("vm", File, TestContext.Current.CancellationToken)).Should().Be("10.0.3");

        _hypervisor.Calls.Should().Contain("machine vm migrate file:/dev/fdset/7").And.NotContain(call => call.Contains("getfd", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(9, 0)]
    [InlineData(7, 2)]
    public async Task An_older_QEMU_gets_a_single_file(int major, int minor)
    {
        _hypervisor.Answers = Newer(major, minor);

        await SaveAsync();

        _hypervisor.Calls.Should().Contain("machine vm migrate fd:vm-executor");
    }

    [Fact]
    public async Task A_set_of_files_without_a_number_is_a_failure()
    {
        _hypervisor.Answers = command => command == "add-fd" ? """{"return":{"fd":3}}""" : Newer(10, 0)(command);

        (await FluentActions.Awaiting(SaveAsync).Should().ThrowAsync<HypervisorException>()).Which.Message.Should().Contain("add-fd");
    }

    [Fact]
    public async Task A_guest_that_does_not_run_is_a_failure()
    {
        await System.IO.File.WriteAllTextAsync(File.Value, "state", TestContext.Current.CancellationToken);
        _hypervisor.Answers = command => command == "query-status" ? """{"return":{"status":"paused"}}""" : """{"return":{}}""";

        var failure = (await FluentActions.Awaiting(LoadAsync).Should().ThrowAsync<HypervisorException>()).Which;

        failure.Code.Should().Be(ErrorCodes.TemplateNotLoaded);
        failure.Message.Should().Contain("'paused'").And.Contain(File.Value);
    }

    [Fact]
    public async Task A_state_that_hangs_is_waited_for_until_the_caller_gives_up()
    {
        await System.IO.File.WriteAllTextAsync(File.Value, "state", TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        var asked = 0;
        _hypervisor.Answers = command =>
        {
            if (command == "query-status" && ++asked == 5)
            {
                stop.Cancel();
            }

            return command == "query-status" ? """{"return":{"status":"inmigrate"}}""" : """{"return":{}}""";
        };

        await FluentActions.Awaiting(() => new MemoryState(_hypervisor, TimeProvider.System).LoadAsync("vm", File, stop.Token)).Should().ThrowAsync<OperationCanceledException>();

        asked.Should().Be(5);
    }

    [Fact]
    public async Task A_QEMU_that_ends_over_it_is_a_failure_of_the_template()
    {
        await System.IO.File.WriteAllTextAsync(File.Value, "state", TestContext.Current.CancellationToken);
        _hypervisor.Before = call =>
        {
            if (call.Contains("query-status", StringComparison.Ordinal))
            {
                _hypervisor.Domains.Clear();
            }
        };

        (await FluentActions.Awaiting(LoadAsync).Should().ThrowAsync<HypervisorException>())
            .Which.Code.Should().Be(ErrorCodes.TemplateNotLoaded);
    }

    [Fact]
    public async Task A_connection_that_is_lost_says_nothing_of_the_template()
    {
        await System.IO.File.WriteAllTextAsync(File.Value, "state", TestContext.Current.CancellationToken);
        _hypervisor.Before = _ => throw FakeHypervisor.Loss();

        (await FluentActions.Awaiting(LoadAsync).Should().ThrowAsync<HypervisorException>())
            .Which.ConnectionLost.Should().BeTrue();
    }

    private static Func<string, string> Newer(int major, int minor) => command => command switch
    {
        "query-version" => $$$"""{"return":{"qemu":{"major":{{{major}}},"minor":{{{minor}}},"micro":3},"package":"Debian"}}""",
        "add-fd" => """{"return":{"fdset-id":7,"fd":31}}""",
        "query-status" => """{"return":{"status":"running"}}""",
        "query-migrate" => """{"return":{"status":"completed"}}""",
        _ => """{"return":{}}""",
    };

    public void Dispose()
    {
        _hypervisor.Dispose();
        Directory.Delete(_directory.Value, recursive: true);
    }

    private Task SaveAsync() => new MemoryState(_hypervisor, TimeProvider.System).SaveAsync("vm", File, TestContext.Current.CancellationToken);

    private Task LoadAsync() => new MemoryState(_hypervisor, TimeProvider.System).LoadAsync("vm", File, TestContext.Current.CancellationToken);
}

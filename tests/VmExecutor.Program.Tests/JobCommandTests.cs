using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary><c>logs</c>, <c>console</c>, <c>ssh</c> and <c>stop</c> of jobs that have a directory and no VM.</summary>
public sealed class JobCommandTests : IDisposable
{
    private readonly StageBench _bench = new();
    private readonly JobKey _key = new("https://gitlab.example.com", "prgtest", 4711);
    private readonly AbsolutePath _state;

    public JobCommandTests() => _state = new AbsolutePath(_bench.PathOf("state"));

    private JobDirectory Job => JobDirectory.Of(_state, _key);

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task Logs_of_a_job_say_what_its_files_say()
    {
        Make(record => record with { Start = "warm", Ready = DateTimeOffset.UtcNow, Phases = new Dictionary<string, double> { ["disks"] = 0.12 } });
        Job.Note(new ScriptRecord("build_script", 1.5, 3, null));
        File.WriteAllText(Job.Paths.Console.Value, "booting\u001b[2J\nlogin:\n");

        foreach (var name in new[] { _key.Value, _key.Domain.Value, "4711" })
        {
            var exit = await _bench.RunAsync("logs", name);

            exit.ExitCode.Should().Be(0, exit.ToString());
            exit.Output.Should().ContainAll(
                _key.Value, "gone", "group/project", "warm, ready", "disks 0.1 s", "build_script: exit code 3 after 1.5 s", "  | login:");
            exit.ShouldBeTame();
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Logs_are_one_JSON_document_on_request()
    {
        Make();
        Job.Note(new ScriptRecord("build_script", 1.5, 0, null));

        var exit = await _bench.RunAsync("logs", "4711", "--json");

        using var document = JsonDocument.Parse(exit.Output);
        document.RootElement.GetProperty("job").GetString().Should().Be(_key.Value);
        document.RootElement.GetProperty("record").GetProperty("stamp").GetProperty("project").GetString().Should().Be("group/project");
        document.RootElement.GetProperty("scripts")[0].GetProperty("exit_code").GetInt32().Should().Be(0);
        document.RootElement.GetProperty("ended").GetArrayLength().Should().Be(0);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("logs")]
    [InlineData("console")]
    [InlineData("ssh")]
    [InlineData("stop")]
    public async Task A_job_that_is_not_there_is_said_with_those_that_are(string command)
    {
        Make();

        var exit = await _bench.RunAsync(command, "99");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1920", "'99'", _key.Value);
        exit.Output.Should().BeEmpty();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("logs")]
    [InlineData("console")]
    [InlineData("ssh")]
    [InlineData("stop")]
    public async Task A_number_that_two_jobs_have_is_refused(string command)
    {
        Make();
        var twin = new JobKey("https://other.example.com", "prgtest", 4711);
        JobDirectory.Of(_state, twin).Create(TestRecord.Of(twin, _state, "test:///default"));

        var exit = await _bench.RunAsync(command, "4711");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1921", _key.Value, twin.Value);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_console_is_shown_from_its_file_and_its_absence_is_said()
    {
        Make();

        var missing = await _bench.RunAsync("console", "4711");
        File.WriteAllText(Job.Paths.Console.Value, "one\ntwo\n");
        var last = await _bench.RunAsync("console", "4711", "--last", "1", "--follow");

        missing.ShouldFail(StageBench.SystemFailure, "VMX1503", "console.log");
        last.ExitCode.Should().Be(0, last.ToString());
        last.Output.Should().Be("two\n", "and it ends, since there is no VM");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_VM_that_was_never_ready_or_is_gone_cannot_be_entered()
    {
        Make();
        var unready = await _bench.RunAsync("ssh", "4711");
        TestRecord.Put(Job, Record() with { Guest = new GuestRecord("127.0.0.1", 1, "ci", "/key", [], "bash") });

        var gone = await _bench.RunAsync("ssh", "4711", "--", "true");

        unready.ShouldFail(StageBench.SystemFailure, "VMX1409");
        gone.ShouldFail(StageBench.SystemFailure, "VMX1922", "is gone", "logs");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_in_use_keeps_its_directory_when_it_is_stopped_and_its_scripts_and_ledger_say_who_did_it()
    {
        Make(record => record with { Guest = new GuestRecord("127.0.0.1", 1, "ci", "/key", [], "bash") });
        File.WriteAllText(Job.Paths.Overlay("vda").Value, "overlay");
        _bench.Write("script", "true\n");
        _bench.Environment["SUDO_USER"] = "alice";

        var stop = await _bench.RunAsync("stop", "4711");
        var run = await _bench.RunAsync("run", _bench.PathOf("script"), "build_script");
        var enter = await _bench.RunAsync("ssh", "4711");
        var cleanup = await _bench.RunAsync("cleanup");
        var logs = await _bench.RunAsync("logs", "4711", "--json");

        stop.ExitCode.Should().Be(0, stop.ToString());
        Job.Exists.Should().BeFalse("cleanup came");
        run.ShouldFail(StageBench.SystemFailure, "VMX1923", "stopped by alice with 'vm-executor stop'");
        enter.ShouldFail(StageBench.SystemFailure, "VMX1922", "alice");
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        using var document = JsonDocument.Parse(logs.Output);
        var ended = document.RootElement.GetProperty("ended")[0];
        ended.GetProperty("result").GetString().Should().Be("stopped");
        ended.GetProperty("reason").GetString().Should().Be("VMX1923");
        ended.GetProperty("removed_by").GetString().Should().Be("cleanup");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("n", 1, false)]
    [InlineData("", 1, false)]
    [InlineData("y", 0, true)]
    public async Task A_person_at_a_terminal_is_asked_before_a_running_job_is_stopped(string answer, int exitCode, bool stopped)
    {
        Make();
        _bench.Write("answer", $"{answer}\n");

        // script(1) gives it a terminal.
        var exit = await _bench.RunAfterAsync($"exec script -qec \"'$0' stop 4711\" /dev/null < '{_bench.PathOf("answer")}'");

        exit.ExitCode.Should().Be(exitCode, exit.ToString());
        exit.Output.Should().ContainAll("group/project", "[y/N]");
        (Job.Read()!.Stopped is not null).Should().Be(stopped);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_kept_job_is_removed_when_it_is_stopped()
    {
        Make(record => record with { Kept = true });

        var stop = await _bench.RunAsync("stop", "4711");
        var again = await _bench.RunAsync("stop", "4711");
        var logs = await _bench.RunAsync("logs", "4711");

        stop.ExitCode.Should().Be(0, stop.ToString());
        stop.Error.Should().Contain("is over");
        Job.Exists.Should().BeFalse();
        again.ShouldFail(StageBench.SystemFailure, "VMX1920");
        logs.Output.Should().Contain("stopped (VMX1923), removed by stop");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_at_work_is_not_stopped_in_the_midst_of_it()
    {
        Make();
        using var locks = new Host.Locks.StateLocks(_state, TimeProvider.System);
        using var held = locks.TryTake(_key);

        var exit = await _bench.RunAsync("stop", "4711");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1506", "being prepared or removed");
        Job.Read()!.Stopped.Should().BeNull();
    }

    private JobRecord Record() => TestRecord.Of(_key, _state, "test:///default");

    private void Make(Func<JobRecord, JobRecord>? change = null) => Job.Create((change ?? (record => record))(Record()));
}

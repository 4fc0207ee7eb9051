using System.Security.Cryptography;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Many scripts in one VM: how they end, what they print, what they leave running.</summary>
public sealed class ScriptExitTests(PreparedGuest guest) : IClassFixture<PreparedGuest>, IAsyncLifetime
{
    private const int HangLimit = 120_000;

    public ValueTask InitializeAsync()
    {
        guest.Require();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory(Timeout = HangLimit)]
    [InlineData("exit 0", null)]
    [InlineData("exit 1", 1)]
    [InlineData("exit 2", 2)]
    [InlineData("exit 7", 7)]
    [InlineData("exit 255", 255)]
    [InlineData("exit 300", 44)]
    [InlineData("kill -KILL $$", 137)]
    [InlineData("kill -SEGV $$", 139)]
    [InlineData("bash -c 'kill -KILL $$'", 137)]
    [InlineData("false", 1)]
    public async Task A_script_ends_with_its_own_exit_code(string body, int? exitCode)
    {
        var run = await guest.RunAsync($"echo before; {body}");

        run.Reading.Verdict.Should().Be(exitCode is null ? Verdict.Success : Verdict.BuildFailure, run.ToString());
        run.Reading.ExitCode.Should().Be(exitCode);
        run.OutputText.Should().Be("before\n");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_success_after_a_failure_is_a_success()
    {
        await guest.RunAsync("exit 9");

        var run = await guest.RunAsync("true");

        run.Reading.Verdict.Should().Be(Verdict.Success);
        File.Exists(run.Environment["BUILD_EXIT_CODE_FILE"]).Should().BeFalse("a number left by an earlier sub-stage would be taken for this one's");
    }

    [Theory(Timeout = HangLimit)]
    [InlineData("build_script")]
    [InlineData("step_release")]
    public async Task An_error_message_begins_with_the_sub_stage(string subStage)
    {
        var run = await guest.Session.RunAsync(subStage, "no-such-command || true; echo $0: no error >&2; echo $0");

        run.ErrorText.Should().MatchRegex($"^{subStage}: line [0-9]+: no-such-command: command not found\n{subStage}: no error\n$", run.ToString());
        run.OutputText.Should().MatchRegex("^/[^ ]+/vmx-[0-9a-f]{32}-script\n$");
    }

    [Fact(Timeout = HangLimit)]
    public async Task An_unknown_sub_stage_is_a_script_like_any_other()
    {
        var run = await guest.Session.RunAsync("step_of_the_future", "echo hello; exit 3");

        run.Reading.ExitCode.Should().Be(3, run.ToString());
        run.OutputText.Should().Be("hello\n");
    }

    [Fact(Timeout = HangLimit)]
    public async Task Output_and_errors_keep_to_their_streams_and_stdin_is_empty()
    {
        var run = await guest.RunAsync("echo out; echo err >&2; wc -c");

        run.OutputText.Should().Be("out\n0\n");
        run.ErrorText.Should().Be("err\n");
    }

    [Fact(Timeout = HangLimit)]
    public async Task Twenty_megabytes_of_binary_output_arrive_byte_for_byte()
    {
        var run = await guest.RunAsync("head -c 20000000 /dev/urandom > /tmp/bytes; cat /tmp/bytes; sha256sum /tmp/bytes >&2");

        run.StandardOutput.Should().HaveCount(20_000_000);
        Convert.ToHexStringLower(SHA256.HashData(run.StandardOutput)).Should().Be(run.ErrorText.Split(' ')[0]);
    }

    [Fact(Timeout = HangLimit)]
    public async Task Output_arrives_while_the_script_runs_not_at_its_end()
    {
        var seen = guest.Session.Trace.ContainsAsync("early bird 42");

        var run = guest.RunAsync("printf 'early bird %d' 42; sleep 2; echo late");
        var first = await Task.WhenAny(seen, run);
        await run;

        first.Should().Be(seen);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_long_script_with_every_character_runs_as_it_is()
    {
        var text = string.Concat(Enumerable.Repeat("'\"`$(false)\\ \t äöü € 🐧 *?[a]{b,c}!~#%&;|<>", 5_000));

        var run = await guest.RunAsync($"cat <<'END'\n{text}\nEND");

        run.OutputText.Should().Be(text + "\n");
    }

    [Theory(Timeout = HangLimit)]
    [InlineData("sleep 3171 & echo started")]
    [InlineData("nohup sleep 3172 & echo started")]
    [InlineData("setsid sleep 3173 & echo started")]
    public async Task A_background_job_that_holds_stdout_does_not_hold_the_sub_stage(string body)
    {
        var run = await guest.RunAsync(body);

        run.Reading.Verdict.Should().Be(Verdict.Success, run.ToString());
        run.OutputText.Should().Contain("started");
        run.Duration.Should().BeLessThan(TimeSpan.FromSeconds(60));
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_cancelled_script_is_gone_with_its_whole_tree_and_the_vm_still_works()
    {
        const string Body = """
            sleep 4171 &
            setsid sleep 4172 &
            bash -c 'trap "" HUP; sleep 4173; true' &
            echo tree is up $((40+2))
            sleep 4174
            """;

        var canceled = await guest.RunAsync(Body, guest.Session.Trace.ContainsAsync("tree is up 42"));
        var after = await guest.Session.RunAsync(SubStages.AfterScript, GuestProcesses.SayWhenNoneIsLeft("^sleep 417", "nothing left"));

        canceled.Interruption.Should().Be(Interruption.Canceled);
        canceled.Signals.Select(signal => signal.Number).Should().Equal([15], "SIGTERM is enough");
        canceled.ExitCode.Should().Be(StageReading.SystemFailureExitCode, canceled.ToString());
        after.Reading.Verdict.Should().Be(Verdict.Success, after.ToString());
        after.OutputText.Should().Be("nothing left\n");
    }
}

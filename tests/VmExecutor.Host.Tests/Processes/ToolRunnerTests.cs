using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Libvirt;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Host.Tests.Processes;

public sealed class ToolRunnerTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("vmx-tools-");
    private readonly ToolRunner tools = new(
        new ToolEnvironment(new Dictionary<string, string>
        {
            ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin",
            ["HOME"] = "/root",
            ["TMPDIR"] = "/tmp/custom-executor1",
            ["CUSTOM_ENV_SECRET"] = "hunter2",
        }),
        TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Delete(recursive: true);

    [Fact(Timeout = 30_000)]
    public async Task Hostile_arguments_arrive_unchanged()
    {
        string[] hostile = ["", " ", "a b", "'", "\"", "\\", "\\\"", "a\nb", "$HOME", "`id`", "*", "ünï→☃", "\t", "-n", "%s", "a\\"];

        var result = await tools.RunAsync(new ToolCall("printf", ["%s\\0", "--", .. hostile]), Cancellation);

        result.StandardOutput.Split('\0')[..^1].Should().Equal(["--", .. hostile]);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_tool_sees_a_small_clean_environment_in_plain_English()
    {
        var result = await tools.RunAsync(new ToolCall("env", []), Cancellation);

        result.StandardOutput.Trim().Split('\n').Should().BeEquivalentTo("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C");
    }

    [Fact(Timeout = 30_000)]
    public async Task Output_and_exit_code_of_a_failing_tool_are_kept_apart_and_whole()
    {
        var result = await tools.RunAsync(Sh("echo out; echo err >&2; exit 7"), Cancellation);

        result.Should().BeEquivalentTo(new { ExitCode = 7, StandardOutput = "out\n", StandardError = "err\n" });
        result.Invoking(r => r.EnsureSuccess()).Should().Throw<ToolFailedException>().WithMessage("*exit code 7: err");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_tool_killed_by_a_signal_has_128_and_its_number_as_exit_code() =>
        (await tools.RunAsync(Sh("kill -9 $$"), Cancellation)).ExitCode.Should().Be(137);

    [Fact(Timeout = 30_000)]
    public async Task A_tool_reads_the_text_that_is_given_to_it_and_then_the_end() =>
        (await tools.RunAsync(Sh("cat; echo end") with { Input = "ünï→☃\nsecond line\n" }, Cancellation)).StandardOutput.Should().Be("ünï→☃\nsecond line\nend\n");

    [Fact(Timeout = 30_000)]
    public async Task A_tool_that_leaves_its_input_unread_is_no_failure() =>
        (await tools.RunAsync(Sh("exit 3") with { Input = new string('x', 1 << 20) }, Cancellation)).ExitCode.Should().Be(3);

    [Fact(Timeout = 30_000)]
    public async Task A_tool_that_reads_its_input_finds_the_end_at_once() =>
        (await tools.RunAsync(new ToolCall("cat", []), Cancellation)).Should().BeEquivalentTo(new { ExitCode = 0, StandardOutput = "" });

    [Fact(Timeout = 60_000)]
    public async Task Megabytes_on_both_streams_arrive_whole()
    {
        var result = await tools.RunAsync(Sh("head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero | tr '\\0' y >&2"), Cancellation);

        result.StandardOutput.Should().HaveLength(3_000_000).And.NotContain("y");
        result.StandardError.Should().HaveLength(3_000_000).And.NotContain("x");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("yes")]
    [InlineData("cat /dev/zero")]
    [InlineData("trap '' TERM PIPE; while :; do head -c 100000 /dev/zero; done")]
    [InlineData("head -c 17000000 /dev/zero; exit 3")]
    [InlineData("yes >&2 & yes; wait")]
    public async Task A_tool_that_prints_without_end_is_ended_and_named(string script)
    {
        var run = () => tools.RunAsync(Sh(script), Cancellation);

        var failure = (await run.Should().ThrowAsync<ToolOutputTooLongException>()).Which;

        failure.Code.Should().Be(ErrorCodes.ToolFailed);
        failure.Message.Should().StartWith("'sh -c ").And.EndWith("printed more than 16 MiB, and was ended");
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_endless_complaints_the_end_is_kept()
    {
        var result = await tools.RunAsync(Sh("head -c 300000000 /dev/zero | tr '\\0' x >&2; echo the end >&2; exit 1"), Cancellation);

        result.StandardError.Should().EndWith("xthe end\n");
        result.StandardError.Length.Should().Be(4 << 20);
    }

    [Fact]
    public async Task A_missing_program_is_named()
    {
        var run = () => tools.RunAsync(new ToolCall("no-such-tool", []), Cancellation);

        await run.Should().ThrowAsync<ToolMissingException>().WithMessage("*'no-such-tool'*");
    }

    [Theory(Timeout = 30_000)]
    [InlineData("\u007fELF and then nothing", UnixFileMode.UserRead | UnixFileMode.UserExecute, "Exec format error", "*no program of this processor*")]
    [InlineData("#!/no/such/interpreter\n", UnixFileMode.UserRead | UnixFileMode.UserExecute, "No such file or directory", "*the interpreter in its first line*")]
    [InlineData("#!/bin/sh\n", UnixFileMode.UserRead, "Permission denied", "*namei -l*")]
    public async Task Programs_that_the_system_does_not_start_are_named_with_its_reason(string content, UnixFileMode mode, string reason, string hint)
    {
        var program = Path.Combine(directory.FullName, "tool");
        ProgramFile.Write(program, content);
        File.SetUnixFileMode(program, mode);
        var call = new ToolCall(program, ["--all"]);

        var failures = new List<SystemFailureException>
        {
            (await tools.Invoking(one => one.RunAsync(call, Cancellation)).Should().ThrowAsync<ToolNotStartedException>()).Which,
            this.Invoking(_ => ToolStream.Start(call, new ToolEnvironment(new Dictionary<string, string>()), TimeProvider.System)).Should().Throw<ToolNotStartedException>().Which,
            (await this.Invoking(_ => TerminalTool.RunAsync(call, new Dictionary<string, string>(), Cancellation)).Should().ThrowAsync<ToolNotStartedException>()).Which,
        };

        failures.Should().AllSatisfy(failure =>
        {
            failure.Message.Should().Be($"'{program} --all' could not be started: {reason}");
            failure.Hint.Should().Match(hint);
        });
    }

    [Fact(Timeout = 30_000)]
    public async Task A_program_that_may_be_executed_comes_before_one_of_its_name_that_may_not()
    {
        var (first, second) = (directory.CreateSubdirectory("first"), directory.CreateSubdirectory("second"));
        ProgramFile.Write(Path.Combine(first.FullName, "tool"), "#!/bin/sh\necho first\n");
        ProgramFile.Write(Path.Combine(second.FullName, "tool"), "#!/bin/sh\necho second\n");
        File.SetUnixFileMode(Path.Combine(first.FullName, "tool"), UnixFileMode.UserRead);
        var runner = new ToolRunner(new ToolEnvironment(new Dictionary<string, string> { ["PATH"] = $"{first}:{second}:/usr/bin:/bin" }), TimeProvider.System);

        (await runner.RunAsync(new ToolCall("tool", []), Cancellation)).StandardOutput.Should().Be("second\n");
    }

    [Fact(Timeout = 30_000)]
    public async Task The_working_directory_is_the_calls()
    {
        var result = await tools.RunAsync(new ToolCall("pwd", []) { WorkingDirectory = new AbsolutePath(directory.FullName) }, Cancellation);

        result.StandardOutput.Trim().Should().Be(directory.FullName);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_tool_in_a_session_of_its_own_leads_it()
    {
        // /proc/self/stat: pid (name) state ppid pgrp session ...
        var call = Sh("read -r pid name state parent group session rest </proc/$$/stat; echo $$ $group $session") with { OwnSession = true };

        var ids = (await tools.RunAsync(call, Cancellation)).StandardOutput.Trim().Split(' ');

        ids.Should().HaveCount(3).And.OnlyContain(id => id == ids[0]);
    }

    [Fact(Timeout = 30_000)]
    public async Task Cancelling_ends_the_tool_before_the_call_returns()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var run = tools.RunAsync(Sh($"echo $$ > {Started()}; exec sleep 600"), cancel.Token);
        var pid = await PidAsync();

        await cancel.CancelAsync();

        await run.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        Directory.Exists($"/proc/{pid}").Should().BeFalse();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_tool_deaf_to_a_polite_end_is_killed()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var run = tools.RunAsync(Sh($"trap '' TERM; echo $$ > {Started()}; while :; do sleep 1; done"), cancel.Token);
        var pid = await PidAsync();

        await cancel.CancelAsync();

        await run.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        Directory.Exists($"/proc/{pid}").Should().BeFalse();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_tool_over_its_time_is_ended_and_the_message_says_which_and_how_long()
    {
        var run = () => tools.RunAsync(new ToolCall("sleep", ["600"]) { Timeout = TimeSpan.FromMilliseconds(300) }, Cancellation);

        await run.Should().ThrowAsync<ToolTimedOutException>().WithMessage("'sleep 600' did not end within 300ms");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_tool_that_dies_of_the_runners_signal_before_we_hear_of_it_counts_as_cancelled()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var call = Sh("kill -TERM $$");
        var clock = new WatchedTime(wait => _ = wait == call.Timeout ? Task.CompletedTask : cancel.CancelAsync());

        var run = () => new ToolRunner(new ToolEnvironment(new Dictionary<string, string>()), clock).RunAsync(call, cancel.Token);

        await run.Should().ThrowAsync<OperationCanceledException>();
    }

    [Theory(Timeout = 30_000)]
    [InlineData("HUP", 129)]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_tool_ended_by_a_signal_that_was_not_meant_for_us_has_failed_by_itself(string signal, int exitCode) =>
        (await tools.RunAsync(new ToolCall("env", ["--default-signal", "sh", "-c", $"kill -{signal} $$"]), Cancellation)).ExitCode.Should().Be(exitCode);

    private static ToolCall Sh(string script) => new("sh", ["-c", script]);

    // A fifo: opening it for reading waits until the script has opened it for writing.
    private string Started()
    {
        var fifo = Path.Combine(directory.FullName, "started");
        Process.Start("mkfifo", [fifo]).WaitForExit();
        return fifo;
    }

    private async Task<string> PidAsync() =>
        (await Task.Run(() => File.ReadAllText(Path.Combine(directory.FullName, "started")), Cancellation)).Trim();
}

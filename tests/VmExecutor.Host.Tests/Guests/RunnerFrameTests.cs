using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Scripts;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>Scripts with the frame, the quoting and the exports that GitLab Runner writes, old and new, with its feature flags on and off.</summary>
public class RunnerFrameTests(SshdFixture sshd) : GuestTest(sshd)
{
    public static TheoryData<ScriptSettings> Settings => [.. from shell in new[] { "bash", "sh" }
                                                             from frame in Enum.GetValues<ScriptFrame>()
                                                             from number in Enumerable.Range(0, 3)
                                                             select new ScriptSettings
                                                             {
                                                                 Shell = shell,
                                                                 Frame = frame,
                                                                 PosixEscapes = shell == "sh",
                                                                 Subshell = number == 1,
                                                                 ChecksEachCommand = number == 2,
                                                                 Sections = number == 1,
                                                             }];

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Settings))]
    public async Task A_scripts_exit_code_and_output_are_its_own(ScriptSettings settings)
    {
        var (exitCode, output, error) = await RunAsync(settings, [new("NAME", "it is $HOME")], "printf '%s\\n' \"$NAME\"\necho err >&2", "wc -c", "cd /", "exit 7", "echo not reached");

        exitCode.Should().Be(7);
        output.Should().Contain("\nit is $HOME\n").And.MatchRegex("wc -c\u001b\\[0;m\n *0\n").And.EndWith("$ exit 7\u001b[0;m\n");
        error.Should().Be("err\n");
        (await RunAsync(settings, [], "true")).ExitCode.Should().Be(0);

        // bash makes 1 of a command's failure in the older frame, unless a subshell evaluates the body (ScriptTests of the simulator).
        var notFound = settings is { Shell: "bash", Frame: ScriptFrame.EmptyPipe, Subshell: false } ? 1 : 127;
        (await RunAsync(settings, [], "no-such-command-here")).Should().Match<(int ExitCode, string Output, string Error)>(
            run => run.ExitCode == notFound && run.Error.StartsWith("step_script: ", StringComparison.Ordinal));
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Settings))]
    public async Task A_script_of_a_megabyte_with_long_variables_runs_to_its_last_command(ScriptSettings settings)
    {
        var value = string.Concat(Enumerable.Repeat("\"x\" $y `z` \\ é ", 8_000));
        JobVariable[] variables = [.. Enumerable.Range(1, 8).Select(number => new JobVariable($"LONG_{number}", value)), new("CERTIFICATE", value) { File = true }];

        var (exitCode, output, _) = await RunAsync(settings, variables, "printf '%s' \"$LONG_8\" | cmp - \"$CERTIFICATE\"", $": '{new string('x', 400_000)}'", "printf 'the end'; exit 4");

        exitCode.Should().Be(4);
        output.Should().EndWith("the end");
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Settings))]
    public async Task A_cancel_ends_what_the_script_has_started(ScriptSettings settings)
    {
        var started = Fifo("started");
        using var cancel = new CancellationTokenSource();
        var run = RunAsync(settings, [], [$"sleep 311 & a=$!; setsid sleep 312 & b=$!; echo $$ $a $b >{started}; sleep 313"], cancel.Token);
        var ids = (await ReadFifoAsync(started)).Split(' ');
        ids.Should().HaveCount(3).And.OnlyContain(id => IsRunning(id));

        await cancel.CancelAsync();

        await run.Invoking(one => one).Should().ThrowAsync<OperationCanceledException>();
        ids.Should().NotContain(id => IsRunning(id));
        (await RunAsync(settings, [], "echo still here")).Output.Should().EndWith("still here\n");
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(ScriptSettings settings, IReadOnlyList<JobVariable> variables, params IReadOnlyList<string> commands) =>
        RunAsync(settings, variables, commands, Cancellation);

    private Task<(int ExitCode, string Output, string Error)> RunAsync(
        ScriptSettings settings, IReadOnlyList<JobVariable> variables, IReadOnlyList<string> commands, CancellationToken cancellation) =>
        RunAsync(SimulatedScript.Write(settings, File("project.tmp"), variables, commands), settings.Shell == "sh" ? GuestShell.Sh : GuestShell.Bash, cancellation);
}

/// <inheritdoc cref="ScriptRunInBashTests"/>
public sealed class RunnerFrameInBashTests(SshdFixture sshd) : RunnerFrameTests(sshd)
{
    protected override Core.Guests.LoginShell LoginShell => Core.Guests.LoginShell.Bash;
}

using FluentAssertions;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Completions that a shell gets when Tab is pressed: the shells' own scripts around the real program.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory(Timeout = 300_000)]
    [InlineData("vm-executor im", "image")]
    [InlineData("vm-executor image r", "remove rollback")]
    [InlineData("vm-executor list --j", "--json")]
    [InlineData("vm-executor completion ", "bash fish zsh")]
    [InlineData("vm-executor image show ", "other small")]
    [InlineData("vm-executor try s", "small")]
    [InlineData("vm-executor bench o", "other")]
    [InlineData("vm-executor clone -c test:///default ", "test")]
    [InlineData("vm-executor clone t", "test")]
    [InlineData("vm-executor logs ", "abc-4711-0a1b2c")]
    [InlineData("vm-executor stop abc", "abc-4711-0a1b2c")]
    [InlineData("vm-executor ssh x", "")]
    public async Task Bash_completes_what_can_come_next(string line, string expected)
    {
        _bench.Write("state/jobs/abc-4711-0a1b2c/job.json", "{}").Write("state/jobs/.gone-abc-1-0a1b2c-01234567/job.json", "{}");

        (await PressAsync(() => InBashAsync(line), isEmpty: expected.Length == 0)).Should().Be(expected);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("state_dir: [", "vm-executor image show ")]
    [InlineData("state_dir: [", "vm-executor logs ")]
    [InlineData("state_dir: /nowhere\nlibvirt:\n  uri: nonsense\n", "vm-executor clone ")]
    public async Task Failures_are_silent(string configuration, string line)
    {
        _bench.Write("vm-executor.yaml", configuration);

        var exit = await _bench.RunAsync($"[suggest:{line.Length}]", line);

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Error.Should().BeEmpty();
        exit.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().OnlyContain(word => word.StartsWith('-'), "options are known all the same");
    }

    [Fact(Timeout = 300_000)]
    public async Task A_name_that_is_a_command_to_a_shell_is_never_run()
    {
        _bench.Write("node.xml", "<node><domain type='test'><name>$(touch ran)</name><memory>1</memory><os><type>hvm</type></os></domain></node>");

        var completed = await PressAsync(() => InBashAsync($"vm-executor clone -c test://{_bench.PathOf("node.xml")} "));

        completed.Should().Be(@"\$\(touch\ ran\)");
        File.Exists(_bench.PathOf("ran")).Should().BeFalse();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("vm-executor im", "image")]
    [InlineData("vm-executor image show ", "other small")]
    [InlineData("vm-executor list --js", "--json")]
    public async Task Fish_completes_what_can_come_next(string line, string expected)
    {
        RequireShell("fish");

        var exit = await RunAsync("fish", $"source '{await ScriptAsync("fish")}'; complete -C '{line}'");

        exit.Should().Be(expected);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("vm-executor im", "image")]
    [InlineData("vm-executor image show ''", "other small")]
    [InlineData("vm-executor list --js", "--json")]
    public async Task Zsh_completes_what_can_come_next(string line, string expected)
    {
        RequireShell("zsh");

        // compadd itself works only inside of the line editor; it chooses by prefix from what it is given.
        var exit = await RunAsync(
            "zsh",
            $"compdef() {{ : }}; compadd() {{ shift; print -l -- \"$@\" }}; _files() {{ print files }}; source '{await ScriptAsync("zsh")}'; words=({line}); CURRENT=$#words; _vm_executor");

        exit.Should().Be(expected);
    }

    [Fact(Timeout = 60_000)]
    public async Task Help_names_arguments_and_asks_no_source_for_them()
    {
        var exit = await _bench.RunAsync("clone", "--help");

        exit.ExitCode.Should().Be(0);
        exit.Output.Should().Contain("<source>").And.NotContain("<test>");
    }

    /// <summary>A source that does not answer within a second offers nothing. A person on a busy machine presses the key again, and so does the test until its time is over.</summary>
    private static async Task<string> PressAsync(Func<Task<string>> press, bool isEmpty = false)
    {
        var completed = await press();
        while (completed.Length == 0 && !isEmpty)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            completed = await press();
        }

        return completed;
    }

    private static void RequireShell(string shell)
    {
        if (File.Exists($"/usr/bin/{shell}"))
        {
            return;
        }

        Assert.SkipUnless(System.Environment.GetEnvironmentVariable("CI") == "true", $"{shell} is not installed");
        Assert.Fail($"{shell} is missing in CI: executor/setup --test-tools");
    }

    private async Task<string> InBashAsync(string line) => await RunAsync(
        "bash",
        $$"""
        source '{{await ScriptAsync("bash")}}'
        complete -p vm-executor > /dev/null || echo 'not registered'
        COMP_LINE='{{line}}' COMP_POINT={{line.Length}}
        _vm_executor vm-executor "${COMP_LINE##* }" ''
        printf '%s\n' "${COMPREPLY[@]}"
        """);

    private async Task<string> ScriptAsync(string shell)
    {
        var exit = await _bench.RunAsync("completion", shell);
        exit.ExitCode.Should().Be(0, exit.ToString());
        _bench.Write($"completion.{shell}", exit.Output);
        return _bench.PathOf($"completion.{shell}");
    }

    /// <returns>The lines it printed, by name, on one line.</returns>
    private async Task<string> RunAsync(string shell, string text)
    {
        _bench.Environment["PATH"] = $"{Path.GetDirectoryName(BuiltDriver.BuiltProgram())}:/usr/bin:/bin";
        var exit = await _bench.RunAfterAsync($"exec {shell} {(shell == "zsh" ? "-f" : shell == "fish" ? "--no-config" : "--norc")} -c {Core.Guests.ShellText.Quote(text)}");
        exit.Error.Should().BeEmpty();
        return string.Join(' ', exit.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }
}

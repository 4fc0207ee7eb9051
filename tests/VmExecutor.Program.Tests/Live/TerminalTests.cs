using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests.Live;

/// <summary>The real program on a terminal, which script(1) makes, and elsewhere.</summary>
public sealed class TerminalTests : IDisposable
{
    private readonly StageBench _bench = new();

    public TerminalTests()
    {
        // It says a line, and then nothing until there is a file: a recipe that works for long.
        _bench.WriteProgram("recipe", $"#!/bin/sh\n[ \"$1\" != --key ] || {{ echo key; exit; }}\necho working for long\nwhile [ ! -e '{_bench.PathOf("go")}' ]; do sleep 0.1; done\nexit 3\n");
        _bench.Write("images/built.yaml", $"source: build\nbuild: {_bench.PathOf("recipe")}\nssh: {{user: ci, login: cloud-init}}\n");
        _bench.Environment["TERM"] = "xterm";
    }

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 240_000)]
    public async Task A_terminal_shows_what_is_done_and_for_how_long_and_is_clean_at_the_end()
    {
        var screen = await RunOnTerminalAsync(@"\?7l. building 'built'");

        screen.Should().Contain("\r\u001b[K\u001b[?7l").And.MatchRegex(@"[|/\\-] building 'built'.*\([0-9]+ s\)");
        AfterLastErasing(screen).Should().StartWith("ERROR VMX1211: ", "the last line is gone before the failure is said, and nothing is drawn after it");
    }

    [Theory(Timeout = 240_000)]
    [InlineData(80)]
    [InlineData(40)]
    public async Task The_last_line_has_what_the_recipe_said_last_and_is_never_as_wide_as_the_terminal(int columns)
    {
        var screen = await RunOnTerminalAsync(@"\?7l. building 'built'  work", columns);

        var drawn = Regex.Matches(screen, "\u001b\\[\\?7l(.*?)\u001b\\[\\?7h\r").Select(one => one.Groups[1].Value).ToList();
        drawn.Should().NotBeEmpty().And.OnlyContain(line => line.Length < columns);
        drawn.Should().ContainMatch("* building 'built'  working*(* s)");
    }

    [Fact(Timeout = 240_000)]
    public async Task Ctrl_C_says_its_line_in_place_of_the_last_one_and_the_second_leaves_nothing_behind()
    {
        _bench.WriteProgram("recipe", "#!/bin/sh\n[ \"$1\" != --key ] || { echo key; exit; }\ntrap '' TERM INT\necho working for long\nsleep 30 & wait\nsleep 30\n");

        var once = await new PseudoTerminal(_bench.Environment).RunAsync(["image", "publish", "built"], @"\?7l. building 'built'  work", typed: "\u0003");
        var twice = await new PseudoTerminal(_bench.Environment).RunAsync(["image", "publish", "built"], @"\?7l. building 'built'  work", typed: "\u0003", next: ("Ctrl-C again", "\u0003"));

        once.Screen.Should().MatchRegex("\r\u001b\\[KStopping, and undoing what is half made").And.MatchRegex("\r\u001b\\[KCancelled");
        AfterLastErasing(once.Screen).Should().StartWith("Cancelled");
        AfterLastErasing(twice.Screen).Should().NotContain("building").And.NotContain("\u001b[?7l");
    }

    [Theory(Timeout = 240_000)]
    [InlineData("TERM", "dumb")]
    [InlineData("CI", "true")]
    public async Task A_terminal_that_cannot_erase_and_a_log_of_CI_get_lines_only(string name, string value)
    {
        _bench.Environment[name] = value;

        (await RunOnTerminalAsync("building 'built'")).Should().Contain("ERROR VMX1211").And.NotContain("\u001b[K").And.NotContain("\u001b[?7");
    }

    [Theory(Timeout = 240_000)]
    [InlineData("list")]
    [InlineData("check")]
    [InlineData("image list")]
    [InlineData("usage")]
    [InlineData("ssh 4711")]
    [InlineData("--help")]
    [InlineData("list --help")]
    public async Task Nothing_but_text_and_colours_gets_onto_a_terminal_of_what_is_no_long_work(string command)
    {
        var (screen, _) = await new PseudoTerminal(_bench.Environment).RunAsync(command.Split(' '), "$^");

        screen.Should().NotBeEmpty();
        Regex.Replace(screen, "\u001b\\[[0-9;]*m", "").Should().NotContain("\u001b", "what changes a terminal must be changed back, and .NET does not");
    }

    [Fact(Timeout = 240_000)]
    public async Task A_pipe_gets_lines_only()
    {
        _bench.Write("go", "");

        var exit = await _bench.RunAsync("image", "publish", "built");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1211", "building 'built'");
        (exit.Output + exit.Error).Should().NotContain("\u001b").And.NotContain("\r");
    }

    private static string AfterLastErasing(string screen) => screen[(screen.LastIndexOf("\u001b[K", StringComparison.Ordinal) + 3)..];

    /// <summary>All that the terminal got; the recipe ends when that has matched <paramref name="awaited"/>.</summary>
    private async Task<string> RunOnTerminalAsync(string awaited, int columns = 80) =>
        (await new PseudoTerminal(_bench.Environment) { Columns = columns }.RunAsync(["image", "publish", "built"], awaited, happens: () => _bench.Write("go", ""))).Screen;
}

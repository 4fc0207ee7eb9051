using System.Text.Json;
using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Program.Tests.Live;
using Xunit;

namespace VmExecutor.Program.Tests.Observing;

/// <summary>The real program's table of running jobs, in a pipe and on a terminal.</summary>
public sealed class TopCommandTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory(Timeout = 120_000)]
    [InlineData("top", "--once")]
    [InlineData("top")]
    public async Task A_pipe_gets_the_table_once(params string[] arguments)
    {
        var exit = await _bench.RunAsync(arguments);

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().StartWith("0 running, 0 starting, 0 waiting; VMs: ").And.EndWith("no jobs\n").And.NotContain("\u001b");
    }

    [Fact(Timeout = 120_000)]
    public async Task Programs_get_a_document()
    {
        var exit = await _bench.RunAsync("top", "--json");

        var document = JsonDocument.Parse(exit.Output).RootElement;
        document.GetProperty("jobs").GetArrayLength().Should().Be(0);
        document.GetProperty("host").GetProperty("memory_bytes").GetDouble().Should().BeGreaterThan(1 << 20);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_terminal_has_its_settings_again_afterwards()
    {
        _bench.Write("keys", "q");
        _bench.Environment["TERM"] = "xterm";

        // script(1) gives it a terminal; stty(1) tells that terminal's settings in one line.
        var exit = await _bench.RunAfterAsync($"exec script -qec \"stty -g; '$0' top; echo; stty -g\" /dev/null < '{_bench.PathOf("keys")}'");

        exit.ExitCode.Should().Be(0, exit.ToString());
        var settings = Regex.Matches(exit.Output, "[0-9a-f]+(:[0-9a-f]+){20,}").Select(match => match.Value).ToList();
        settings.Should().HaveCount(2, exit.ToString()).And.OnlyContain(each => each == settings[0]);
        exit.Output.Should().Contain("\u001b[?1l\u001b>\r\n", "the keys of the terminal are as they were");
    }

    [Fact(Timeout = 240_000)]
    public async Task A_terminal_gets_another_screen_until_q_is_pressed_and_then_its_own_again()
    {
        _bench.Environment["TERM"] = "xterm";
        var terminal = new PseudoTerminal(_bench.Environment);

        var (screen, exitCode) = await terminal.RunAsync(["top"], awaited: "no jobs", typed: "q");

        exitCode.Should().Be(0, screen);
        screen.Should().Contain("\u001b[?1049h\u001b[?25l").And.Contain("\u001b[H0 running").And.Contain("no jobs");
        screen[screen.LastIndexOf("\u001b[?25h", StringComparison.Ordinal)..].Should().StartWith("\u001b[?25h\u001b[?1049l", "nothing is drawn after it");
    }

    [Fact(Timeout = 240_000)]
    public async Task An_interrupt_gives_the_terminal_its_own_screen_again()
    {
        _bench.Environment["TERM"] = "xterm";

        var (screen, exitCode) = await new PseudoTerminal(_bench.Environment).RunAsync(["top"], awaited: "no jobs", typed: "\u0003");

        exitCode.Should().Be(0, screen);
        screen[screen.LastIndexOf("\u001b[?25h", StringComparison.Ordinal)..].Should().StartWith("\u001b[?25h\u001b[?1049l");
    }
}

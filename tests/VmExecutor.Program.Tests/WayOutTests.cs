using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The program's end: by one of its exit codes, whatever libraries, streams and signals do.</summary>
public sealed class WayOutTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory(Timeout = 120_000)]
    [InlineData(0, "list")]
    [InlineData(StageBench.SystemFailure, "ssh", "4711")]
    [InlineData(0, "cleanup")]
    public async Task No_library_is_told_that_the_process_ends(int exitCode, params string[] arguments)
    {
        // ld.so(8) notes each library whose constructors and destructors it calls, in a file of each process.
        _bench.Environment["LD_DEBUG"] = "files";
        _bench.Environment["LD_DEBUG_OUTPUT"] = _bench.PathOf("ld");

        var exit = await _bench.RunAsync(arguments);

        exit.ExitCode.Should().Be(exitCode, exit.ToString());
        var notes = string.Concat(Directory.EnumerateFiles(_bench.PathOf("."), "ld.*").Select(File.ReadAllText));
        notes.Should().Contain("calling init: ", "else this test would look at nothing").And.NotMatchRegex("calling fini: .*/lib(virt|crypto|gnutls|xml2|glib)[-.]");
        Regex.IsMatch(notes, "calling init: .*/libvirt[.]so").Should().Be(arguments[0] != "ssh", "a job that is unknown needs no libvirt");
    }

    [Theory(Timeout = 120_000)]
    [InlineData(">&-", 0, "list")]
    [InlineData(">&- 2>&-", 0, "list")]
    [InlineData("<&- >&- 2>&-", 0, "list")]
    [InlineData(">&- 2>&-", 0, "--help")]
    [InlineData(">&- 2>&-", 0, "cleanup")]
    [InlineData("<&- >&- 2>&-", StageBench.SystemFailure, "ssh", "4711")]
    [InlineData(">&- 2>&-", StageBench.SystemFailure, "no-such-command")]
    [InlineData(">/dev/full", StageBench.SystemFailure, "--help")]
    [InlineData(">/dev/full 2>/dev/full", StageBench.SystemFailure, "--help")]
    [InlineData(">/dev/full 2>/dev/full", 0, "cleanup")]
    public async Task Streams_that_are_closed_or_full_give_no_exit_code_of_their_own(string streams, int exitCode, params string[] arguments)
    {
        var exit = await _bench.RunAfterAsync($"exec {streams}", arguments);

        exit.ExitCode.Should().Be(exitCode, exit.ToString());
        exit.ShouldBeTame();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_signal_is_heeded_although_the_line_about_it_cannot_be_written()
    {
        _bench.WriteProgram("recipe", "#!/bin/sh\n[ \"$1\" != --key ] || { echo key; exit; }\nkill -INT $PPID\nsleep 60 & wait\n");
        _bench.Write("images/built.yaml", $"source: build\nbuild: {_bench.PathOf("recipe")}\nssh: {{user: ci, login: cloud-init}}\n");

        var exit = await _bench.RunAfterAsync("exec >/dev/full 2>/dev/full; exec env --default-signal=INT \"$0\" \"$@\"", "image", "publish", "built");

        exit.ExitCode.Should().Be(StageBench.SystemFailure, exit.ToString());
    }
}

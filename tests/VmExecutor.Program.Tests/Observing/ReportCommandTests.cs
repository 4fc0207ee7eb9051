using FluentAssertions;
using VmExecutor.Core.Observing;
using Xunit;

namespace VmExecutor.Program.Tests.Observing;

/// <summary>The real program's page about what the host did.</summary>
public sealed class ReportCommandTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task The_page_is_written_as_a_whole_with_the_guides_words_for_its_codes()
    {
        _bench.Publish("small", 3).Write("state/ledger.jsonl", Entry(2).ToLine() + "damaged\n" + (Entry(3) with { Result = "prepare_failed", Reason = "VMX1402" }).ToLine() + Entry(200).ToLine());

        var exit = await _bench.RunAsync("report", "--since", "5h", "-o", "out.html");
        var printed = await _bench.RunAsync("report", "--since", "5h");

        exit.Should().BeEquivalentTo(new ProgramExit(0, $"{_bench.PathOf("out.html")}: 2 jobs\n", ""));
        var page = await File.ReadAllTextAsync(_bench.PathOf("out.html"), TestContext.Current.CancellationToken);
        page.Should().StartWith("<!DOCTYPE html>").And.EndWith("</html>\n").And.Contain("The guest did not boot in time").And.Contain("group/&lt;project&gt;").And.Contain("3 (1 kept)");
        printed.Output.Should().StartWith("<!DOCTYPE html>").And.EndWith("</html>\n");
        _bench.Entries().Should().NotContain(path => path.Contains(".tmp", StringComparison.Ordinal));
        ((int)File.GetUnixFileMode(_bench.PathOf("out.html")) & 0b111).Should().Be(0, "it names projects");
    }

    [Fact(Timeout = 120_000)]
    public async Task An_empty_ledger_and_an_image_with_an_error_are_said_in_the_page()
    {
        _bench.Write("images/small.yaml", "source: nothing\n");

        var exit = await _bench.RunAsync("report");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().Contain("No job ended in this time").And.Contain("The images could not be listed");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_ledger_that_does_not_reach_back_so_far_says_so()
    {
        _bench.Write("state/ledger.4.jsonl", Entry(48).ToLine());

        (await _bench.RunAsync("report", "--since", "1d")).Output.Should().NotContain("only reaches back");
        (await _bench.RunAsync("report", "--since", "7d")).Output.Should().Contain("only reaches back");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_wrong_time_and_a_file_that_cannot_be_written_are_refused()
    {
        (await _bench.RunAsync("report", "--since", "soon")).ShouldFail(StageBench.SystemFailure, "VMX1901", "'--since soon' is no time");
        (await _bench.RunAsync("report", "--since", "14")).ShouldFail(StageBench.SystemFailure, "VMX1901", "'--since 14' is no time", "--since 14d for days");
        (await _bench.RunAsync("report", "--since", "20000d")).ShouldFail(StageBench.SystemFailure, "VMX1901", "'--since 20000d' is too long");
        (await _bench.RunAsync("report", "-o", "missing/out.html")).ShouldFail(StageBench.SystemFailure, "VMX1901", "missing, and there is no such directory");
        (await _bench.RunAsync("report", "-o", "images")).ShouldFail(StageBench.SystemFailure, "VMX1901", "'--output images' names a directory");
        (await _bench.RunAsync("metrics", "--output", "")).ShouldFail(StageBench.SystemFailure, "VMX1901", "'--output ' names no file");
        (await _bench.RunAsync("report", "-o", "/dev/stdout")).ShouldFail(StageBench.SystemFailure, "VMX1901", "names no file on a disk");
        (await _bench.RunAsync("bench", "small", "--svg", "missing/out.svg")).ShouldFail(StageBench.SystemFailure, "VMX1901", "'--svg missing/out.svg' names a file in");
    }

    private static LedgerEntry Entry(int hoursAgo) => new()
    {
        Job = "a",
        Project = "group/<project>",
        Image = "small",
        Result = "success",
        RemovedBy = "cleanup",
        RemovedParts = [],
        CleanupSeconds = 1,
        Removed = DateTimeOffset.UtcNow.AddHours(-hoursAgo),
    };
}

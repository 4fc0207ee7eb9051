using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Observing;
using Xunit;

namespace VmExecutor.Host.Tests.Observing;

public sealed class JournalWriterTests
{
    [Fact]
    public void Each_line_gets_its_own_priority_however_it_is_cut()
    {
        var text = new StringWriter();
        using (var journal = new JournalWriter(text))
        {
            journal.Write("ERR");
            journal.Write("OR VMX1203: it runs\nWhat to do: ");
            journal.WriteLine("shut it down");
            journal.WriteLine("0 removed");
            journal.Write("WARNING: cut");
        }

        text.ToString().Should().Be("<3>ERROR VMX1203: it runs\n<3>What to do: shut it down\n0 removed\n<4>WARNING: cut\n");
    }

    [Theory]
    [InlineData("/proc/self/fd/2")]
    [InlineData("/")]
    [InlineData("/dev/null")]
    public async Task A_stream_is_known_by_the_numbers_that_stat_tells(string path)
    {
        // Of this process, whose stream it is.
        var start = new ProcessStartInfo("stat", ["-L", "-c", "%d:%i", path.Replace("self", $"{Environment.ProcessId}", StringComparison.Ordinal)]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var told = (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim();
        var stat = FileStat.TryRead(new AbsolutePath(path))!;

        JournalWriter.IsSame(told, stat).Should().BeTrue();
        JournalWriter.IsSame($"{told}1", stat).Should().BeFalse();
    }

    [Theory]
    [InlineData("1:1")]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public void A_stream_that_journald_does_not_read_stays_as_it_is(string? variable)
    {
        var text = new StringWriter();
        var environment = variable is null ? new Dictionary<string, string>() : new() { ["JOURNAL_STREAM"] = variable };

        JournalWriter.Around(text, environment).Should().BeSameAs(text);
    }
}

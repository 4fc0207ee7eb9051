using System.Diagnostics;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>Compares docs/guests.md with the guests that the end-to-end tests build.</summary>
public sealed class GuestsPageTests
{
    [Fact(Timeout = 60_000)]
    public async Task The_page_has_a_line_for_each_guest_as_its_variant_describes_it()
    {
        var start = new ProcessStartInfo(Path.Combine(Page.Root, "tests/guests/build"), ["--list"]) { RedirectStandardOutput = true };
        using var list = Process.Start(start)!;
        var variants = (await list.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await list.WaitForExitAsync(TestContext.Current.CancellationToken);

        var page = await File.ReadAllLinesAsync(Path.Combine(Page.Root, "docs/guests.md"), TestContext.Current.CancellationToken);

        list.ExitCode.Should().Be(0);
        variants.Should().NotBeEmpty();
        var told = page.Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => string.Join('\t', line.Split(" | ")[..3]));
        told.Should().BeEquivalentTo(variants.Select(line => line.Split('\t')).Select(fields => $"| `{fields[0]}`\t{fields[3]}\t{fields[1]}"));
    }
}

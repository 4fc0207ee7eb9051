using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>The end-to-end test of the same name runs each command line of docs/many-hosts.md; this one looks in every run that it knows them all.</summary>
public sealed class ManyHostsPageTests
{
    [Fact]
    public void Each_command_line_of_the_page_is_one_that_the_end_to_end_test_runs()
    {
        var known = File.ReadAllText(Path.Combine(Page.Root, "tests/VmExecutor.EndToEnd.Tests/Cases/ManyHostsPageTests.cs"));
        var lines = Page.Of("docs/many-hosts.md").Blocks.Where(block => block.IsShell).SelectMany(block => block.Lines).Where(line => line.Length > 0).ToList();

        lines.Should().HaveCountGreaterThan(8);
        lines.Select(line => line.Split(" #")[0].TrimEnd()).Where(line => !known.Contains($"\n        {line}\n", StringComparison.Ordinal)).Should().BeEmpty();
    }
}

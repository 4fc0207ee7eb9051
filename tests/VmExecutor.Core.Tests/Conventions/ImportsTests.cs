using FluentAssertions;
using Xunit;

namespace VmExecutor.Core.Tests.Conventions;

/// <summary>The order of a file's imports: those of System first, then by name. The build looks at the rest of the style.</summary>
public sealed class ImportsTests
{
    [Fact]
    public void Imports_are_in_order() =>
        Repository.Sources("src").Concat(Repository.Sources("tests")).Where(file => !IsInOrder(File.ReadLines(file))).Select(Repository.Relative).Should().BeEmpty();

    [Theory]
    [InlineData(true, "using System;", "using System.Text;", "using Microsoft.Win32;", "using Xunit;")]
    [InlineData(false, "using Microsoft.Win32;", "using System;")]
    [InlineData(false, "using VmExecutor.Host;", "using VmExecutor.Core;")]
    public void The_order_is_recognized(bool expected, params string[] lines) => IsInOrder(lines).Should().Be(expected);

    private static bool IsInOrder(IEnumerable<string> lines)
    {
        var names = lines.TakeWhile(line => !line.StartsWith("namespace ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';') && !line.Contains('=', StringComparison.Ordinal) && !line.StartsWith("using static ", StringComparison.Ordinal))
            .Select(line => line[6..^1]).ToList();
        return names.SequenceEqual(names.OrderBy(name => name != "System" && !name.StartsWith("System.", StringComparison.Ordinal)).ThenBy(name => name, StringComparer.OrdinalIgnoreCase));
    }
}

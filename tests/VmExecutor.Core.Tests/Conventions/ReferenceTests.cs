using System.Globalization;
using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Core.Tests.Conventions;

/// <summary>Pages and sections that comments refer to are in the repository.</summary>
public sealed partial class ReferenceTests
{
    private const string InThePackage = "/usr/share/doc/vm-executor/";

    private static readonly string[] Folders = ["src", "tests", "executor", "config", ".ci"];

    [Fact]
    public void Every_page_and_section_that_a_comment_names_is_there()
    {
        var files = Folders.SelectMany(Repository.Files)
            .Concat(Directory.EnumerateFiles(Repository.Root).Where(file => Path.GetExtension(file) is ".props" or ".sln" or ".build" or ".yml")).ToList();

        // The examples below name pages that are not there.
        files.RemoveAll(file => Path.GetFileName(file) == "ReferenceTests.cs" && Path.GetDirectoryName(file)!.EndsWith("Conventions", StringComparison.Ordinal));
        var references = files.SelectMany(file => Of(Repository.Relative(file), File.ReadLines(file))).ToList();

        references.Should().Contain(one => one.Page == "docs/runner-contract.md", "else this test would look at nothing");
        references.Select(one => (one.Where, Trouble: Trouble(one))).Where(one => one.Trouble is not null).Select(one => $"{one.Where}: {one.Trouble}").Should().BeEmpty();
    }

    [Theory]
    [InlineData("// as RUNNER-CONTRACT section 3 says", false)]
    [InlineData("/// <summary>WALLS has the parts.</summary>", true)]
    [InlineData("# see DESIGN.md", false)]
    [InlineData("/// (docs/runner-contract.md section 3)", true)]
    [InlineData("/// (docs/runner-contract.md sections 3 and 6)", true)]
    [InlineData("/// (docs/runner-contract.md section 33)", false)]
    [InlineData("# see docs/troubleshooting.md", true)]
    [InlineData("# see docs/troubleshoot.md", false)]
    [InlineData("// RFC 4253, section 6", true)]
    [InlineData("var text = \"DESIGN.md\";", true)]
    public void A_reference_is_found_and_judged(string line, bool isGood) =>
        Of("src/x.cs", [line]).Select(Trouble).Any(trouble => trouble is not null).Should().Be(!isGood);

    private static IEnumerable<(string Where, string Page, IReadOnlyList<int> Sections)> Of(string file, IEnumerable<string> lines) =>
        lines.SelectMany((line, index) => Reference().Matches(Comment().Match(line).Value).Select(match => (
            $"{file}:{(index + 1).ToString(CultureInfo.InvariantCulture)}",
            match.Groups["page"].Value,
            (IReadOnlyList<int>)[.. match.Groups["section"].Captures.Select(section => int.Parse(section.Value, CultureInfo.InvariantCulture))])));

    private static string? Trouble((string Where, string Page, IReadOnlyList<int> Sections) reference)
    {
        var page = reference.Page.StartsWith(InThePackage, StringComparison.Ordinal) ? reference.Page[InThePackage.Length..] : reference.Page;
        var beside = Path.Combine(Repository.Root, Path.GetDirectoryName(reference.Where.Split(':')[0])!, page);
        var found = new[] { Path.Combine(Repository.Root, page), beside }.FirstOrDefault(File.Exists);
        return found is null ? $"{reference.Page} is not in the repository"
            : reference.Sections.Where(section => !File.ReadLines(found).Any(line => line.StartsWith(string.Create(CultureInfo.InvariantCulture, $"## {section}. "), StringComparison.Ordinal)))
                .Select(section => string.Create(CultureInfo.InvariantCulture, $"{reference.Page} has no section {section}")).FirstOrDefault();
    }

    /// <summary>From where a comment of C#, XML, YAML or a shell begins.</summary>
    [GeneratedRegex("(//|#|<!--|^ *\\*).*")]
    private static partial Regex Comment();

    /// <summary>A page; or a name in capitals as pages have it, with a section.</summary>
    [GeneratedRegex(@"(?<![\w./:-])(?<page>/?[\w.-]+(?:/[\w.-]+)*\.md)\b(?: sections? (?<section>\d+)(?:(?:, | and | to )(?<section>\d+))*)?|(?<page>\b[A-Z]{4,}(?:-[A-Z]+)*) sections? (?<section>\d+)")]
    private static partial Regex Reference();
}

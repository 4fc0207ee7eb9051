using System.Globalization;
using FluentAssertions;
using VmExecutor.Core.Failures;
using Xunit;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>Pages lead to each other, and from each error code to what to do about it.</summary>
public sealed class DocsLinkTests
{
    private const string Contents = "docs/README.md";

    [Fact]
    public void Every_relative_link_leads_to_a_file_and_a_heading()
    {
        var links = Page.All().SelectMany(page => page.Links.Select(link => (page.Path, Link: link)))
            .Where(one => !one.Link.Contains("://", StringComparison.Ordinal)).Distinct().ToList();

        links.Should().HaveCountGreaterThan(100);
        links.Where(one => Trouble(one.Path, one.Link) is not null).Select(one => $"{one.Path}: {one.Link} {Trouble(one.Path, one.Link)}").Should().BeEmpty();
    }

    [Fact]
    public void The_guides_contents_name_every_page()
    {
        var linked = Page.Of(Contents).Links.Select(link => link.Split('#')[0]).ToHashSet(StringComparer.Ordinal);

        Page.All().Select(page => page.Path).Where(path => path.StartsWith("docs/", StringComparison.Ordinal) && path != Contents)
            .Select(path => Path.GetFileName(path)).Except(linked).Should().BeEmpty();
    }

    [Fact]
    public void Every_error_code_has_its_section_in_order_and_no_section_is_without_a_code()
    {
        var codes = typeof(ErrorCodes).GetFields()
            .Where(field => field.FieldType == typeof(ErrorCode))
            .Select(field => ((ErrorCode)field.GetValue(null)!).Number)
            .Order()
            .Select(number => string.Create(CultureInfo.InvariantCulture, $"VMX{number}"))
            .ToList();

        codes.Should().HaveCountGreaterThan(50);
        Page.Of("docs/troubleshooting.md").Headings.Where(heading => heading.StartsWith("VMX", StringComparison.Ordinal)).Should().Equal(codes);
    }

    [Fact]
    public void A_code_in_a_page_is_one_that_there_is()
    {
        var codes = typeof(ErrorCodes).GetFields().Select(field => field.GetValue(null)!.ToString()!).ToHashSet(StringComparer.Ordinal);
        var named =
            from page in Page.All()
            from word in page.CodeWords
            where word.Length == 7 && word.StartsWith("VMX", StringComparison.Ordinal) && word[3..].All(char.IsAsciiDigit)
            select (page.Path, word);

        codes.Should().Contain("VMX1401");
        named.Distinct().Where(one => !codes.Contains(one.word)).Should().BeEmpty();
    }

    private static string? Trouble(string page, string link)
    {
        var (file, anchor) = link.Split('#') is [var before, var behind] ? (before, behind) : (link, null);
        var target = file.Length == 0 ? page : Path.GetRelativePath(Page.Root, Path.GetFullPath(Path.Combine(Page.Root, Path.GetDirectoryName(page)!, file)));
        return !Path.Exists(Path.Combine(Page.Root, target)) ? "is not there"
            : anchor is not null && !Page.Of(target).Anchors.Contains(anchor) ? "has no such heading"
            : null;
    }
}

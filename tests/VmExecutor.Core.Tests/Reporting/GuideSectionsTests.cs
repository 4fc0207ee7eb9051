using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Reporting;
using VmExecutor.Core.Tests.Conventions;
using Xunit;

namespace VmExecutor.Core.Tests.Reporting;

public sealed class GuideSectionsTests
{
    private static readonly GuideSections Guide = GuideSections.Read(File.ReadAllText(Path.Combine(Repository.Root, "docs", "troubleshooting.md")));

    public static TheoryData<string> Codes => [.. typeof(ErrorCodes).GetFields().Select(code => code.GetValue(null)!.ToString()!)];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Each_error_code_has_a_title_and_a_text_without_marks(string code)
    {
        Guide.Has(code).Should().BeTrue();
        Guide.Title(code).Should().NotBeNullOrWhiteSpace().And.NotContainAny("*", "`", "](", "\n");
        Guide.Title(code)!.Length.Should().BeLessThan(150);
        var body = Guide.Body(code, new HashSet<string>()).ToList();
        body.Should().NotBeEmpty();
        body.Where(block => block.Name.LocalName != "pre").Select(block => block.Value).Should().OnlyContain(text => !text.Contains("](") && !text.Contains("**"));
    }

    [Fact]
    public void Paragraphs_lists_tables_and_examples_are_told_apart()
    {
        var guide = GuideSections.Read("# x\n### VMX1001\n\n**It is `so`.** See [this](#vmx1002), [that](#vmx1003)\nand <b>.\n\n- one\n  more\n- two\n\n    cmd <a>\n    next\n\n| a | b |\n|---|---|\n| c | d |\n\n## Other\n\nno\n");

        guide.Title("VMX1001").Should().Be("It is so");
        string.Concat(guide.Body("VMX1001", new HashSet<string> { "VMX1002" }).Select(block => block.ToString(System.Xml.Linq.SaveOptions.DisableFormatting))).Should().Be(
            "<p><strong>It is <code>so</code>.</strong> See <a href=\"#vmx1002\">this</a>, <span>that</span> and &lt;b&gt;.</p>"
            + "<ul><li>one more</li><li>two</li></ul><pre>cmd &lt;a&gt;\nnext</pre><ul><li>a: b</li><li>c: d</li></ul>");
        guide.Has("VMX1002").Should().BeFalse();
        guide.Title("VMX1002").Should().BeNull();
    }
}

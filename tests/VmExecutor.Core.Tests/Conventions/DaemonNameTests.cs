using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Core.Tests.Conventions;

/// <summary>A host has either of libvirt's daemons for QEMU: the program names the one that is there, and pages name both.</summary>
public sealed partial class DaemonNameTests
{
    private const string Monolithic = "libvirtd";
    private const string OfQemu = "virtqemud";

    /// <summary>The one place that has the names, and the one that reads the name of the sender of a signal.</summary>
    private static readonly string[] HaveTheNames = ["LibvirtDaemon.cs", "QemuEnd.cs"];

    [Fact]
    public void No_text_of_the_program_names_a_daemon_that_the_host_may_not_have() =>
        Repository.Sources("src").Where(file => !HaveTheNames.Contains(Path.GetFileName(file)))
            .SelectMany(file => File.ReadLines(file).Where(IsNamedInText).Select(line => $"{Repository.Relative(file)}: {line.Trim()}")).Should().BeEmpty();

    [Fact]
    public void Each_paragraph_of_the_pages_that_names_one_daemon_names_the_other()
    {
        string[] folders = ["docs", "config", "executor"];
        var files = folders.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*", SearchOption.AllDirectories))
            .Where(file => Path.GetExtension(file) is ".md" or ".yaml" or ".toml" or ".service").Append(Path.Combine(Repository.Root, "README.md")).ToList();

        files.Should().HaveCountGreaterThan(30, "else this test would look at nothing");
        files.SelectMany(file => Paragraphs(File.ReadAllText(file)).Where(NamesOneOnly).Select(paragraph => $"{Repository.Relative(file)}: {paragraph}")).Should().BeEmpty();
    }

    [Theory]
    [InlineData("restart libvirtd", true)]
    [InlineData("`journalctl -u libvirtd -u virtqemud`", false)]
    [InlineData("start `virtqemud.socket`", true)]
    [InlineData("apt install libvirt-daemon-system", false)]
    [InlineData("- `libvirtd` here\n- `virtqemud` there", true)]
    [InlineData("    systemctl start libvirtd     # or virtqemud", false)]
    [InlineData("| libvirtd | a row |\n| virtqemud | another row |", true)]
    public void A_paragraph_is_judged(string text, bool namesOneOnly) => Paragraphs(text).Any(NamesOneOnly).Should().Be(namesOneOnly);

    private static bool NamesOneOnly(string paragraph) => Word(Monolithic).IsMatch(paragraph) != Word(OfQemu).IsMatch(paragraph);

    /// <summary>A comment may speak of one daemon; a string may not.</summary>
    private static bool IsNamedInText(string line) => Literals().Matches(line).Any(literal => Word(Monolithic).IsMatch(literal.Value) || Word(OfQemu).IsMatch(literal.Value))
        && !line.TrimStart().StartsWith("//", StringComparison.Ordinal);

    private static IEnumerable<string> Paragraphs(string text) => Borders().Split(text.ReplaceLineEndings("\n"));

    private static Regex Word(string name) => new($@"(?<![\w-]){name}(?![\w-])", RegexOptions.CultureInvariant);

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Literals();

    /// <summary>An empty line, or the beginning of a row of a table or of an entry of a list.</summary>
    [GeneratedRegex(@"\n\s*\n|\n(?=\s*(?:\||- |\d+\. ))")]
    private static partial Regex Borders();
}

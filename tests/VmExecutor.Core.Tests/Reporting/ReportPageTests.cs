using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Reporting;
using VmExecutor.Core.Tests.Conventions;
using Xunit;

namespace VmExecutor.Core.Tests.Reporting;

public sealed partial class ReportPageTests
{
    internal static readonly ReportHost Host = new("runner-1", "1.2.3", 24L << 30, 8, [], []);

    private static readonly DateTimeOffset Until = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
    private static readonly GuideSections Guide = GuideSections.Read(File.ReadAllText(Path.Combine(Repository.Root, "docs", "troubleshooting.md")));

    public static TheoryData<string> HostileTexts =>
    [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)", "</style><script>", "</svg></title>", "<!--", "]]>", "&lt;b&gt;", "javascript:alert(1)", "a\0b\u001b[31m\u202ec", "\ud800",
    ];

    [Fact]
    public void All_parts_are_there_and_each_code_leads_to_what_the_guide_says()
    {
        var page = Page(Entry(), Entry() with { Result = "prepare_failed", Reason = "VMX1402", Prepare = new Dictionary<string, double> { ["capacity"] = 3 } });

        Sections(page).Should().Equal("jobs", "starts", "waits", "memory", "projects", "failures", "images", "guide");
        page.Should().Contain("<a href=\"#vmx1402\">VMX1402</a>").And.Contain("<article id=\"vmx1402\">").And.Contain("The guest did not boot in time");
        Href().Matches(page).Select(match => match.Groups[1].Value).Should().NotBeEmpty().And.OnlyContain(target => target.StartsWith('#') && page.Contains($"id=\"{target.TrimStart('#')}\""));
    }

    [Fact]
    public void The_page_loads_nothing_runs_nothing_and_its_policy_forbids_both()
    {
        var page = Page(Entry(), Entry() with { Result = "prepare_failed", Reason = "VMX1402" });

        page.Should().NotContainAny("<script", "<link", "<img", "<iframe", "@import", "url(", " src=", " style=", "javascript:");
        page.Should().NotMatchRegex(@"(?i)<[^>]*\son\w+\s*=");
        page.Should().NotMatchRegex(@"(href|src)=""(?!#)");
        var style = Style().Match(page).Groups[1].Value;
        page.Should().Contain($"default-src &#39;none&#39;; style-src &#39;sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)))}&#39;");
        page.IndexOf("Content-Security-Policy", StringComparison.Ordinal).Should().BeLessThan(page.IndexOf("<style>", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(HostileTexts))]
    public void Names_are_texts_and_nothing_else(string text)
    {
        var hostile = Page(
            Host with { Name = text, Images = [new ReportImage(text, text, 1, Until, 1, 1, 1, 1)], Remarks = [text] },
            Entry() with { Project = text, Image = text, Start = text }, Entry() with { Project = text, Image = text, Result = text, Reason = text, Job = text },
            Entry() with { Result = "prepare_failed", Reason = $"VMX{text}", Scripts = [new ScriptRecord(text, 1, null, text)] });
        var harmless = Page(
            Host with { Name = "n", Images = [new ReportImage("n", "n", 1, Until, 1, 1, 1, 1)], Remarks = ["n"] },
            Entry() with { Project = "n", Image = "n", Start = "n" }, Entry() with { Project = "n", Image = "n", Result = "n", Reason = "n", Job = "n" },
            Entry() with { Result = "prepare_failed", Reason = "VMXn", Scripts = [new ScriptRecord("n", 1, null, "n")] });

        Tags(hostile).Should().Equal(Tags(harmless), "a name adds no element and no attribute");
        hostile.EnumerateRunes().Where(rune => rune.Value != '\n' && (Rune.IsControl(rune) || rune.Value is 0x202e)).Should().BeEmpty();
    }

    [Fact]
    public void An_empty_ledger_is_said_and_images_are_shown_all_the_same()
    {
        var page = Page(Host with { Images = [new ReportImage("debian-12", "ready", 3, Until, 2, 5L << 30, 1, 1 << 20)] });

        Sections(page).Should().Equal("empty", "failures", "images");
        page.Should().Contain("No job ended in this time").And.Contain("No job failed in this time").And.Contain("3 (2 kept)").And.Contain("5GiB");
    }

    [Fact]
    public void Lines_without_memory_waits_and_starts_are_said_in_words()
    {
        var page = Page(ReportTallyTests.Entry(Until) with { Ready = null });

        page.Should().Contain("No VM was ready").And.Contain("No job waited for room").And.Contain("does not say how much memory");
    }

    [Fact]
    public void One_job_that_waited_for_no_time_worth_drawing_is_one_job()
    {
        var page = Page(Entry() with { Prepare = new Dictionary<string, double> { ["boot"] = 4, ["capacity"] = 0.001 } });

        page.Should().Contain("<strong>1</strong><span>job</span>").And.Contain("1 job of 1 waited").And.NotContain("longest wait of each");
        Tick().Matches(page).Select(match => match.Groups[1].Value).Should().Contain("1").And.NotContain("0.5", "jobs are counted");
    }

    [Fact]
    public void A_code_stays_whole_and_a_reason_that_is_longer_than_a_word_is_cut()
    {
        var page = Page(Entry() with { Result = "prepare_failed", Reason = "VMX1402" }, Entry() with { Result = "leftover", Reason = new string('y', 300) });

        page.Should().Contain("<td class=\"code\"><a href=\"#vmx1402\">").And.Contain($"<td class=\"long\">{new string('y', 60)}…</td>");
    }

    [Theory]
    [InlineData(0, "0 %")]
    [InlineData(0.0001, "&lt; 0.1 %")]
    [InlineData(0.034, "3.4 %")]
    [InlineData(0.5, "50 %")]
    [InlineData(0.99999, "&gt; 99.9 %")]
    public void A_share_is_only_all_or_nothing_if_it_is(double share, string words)
    {
        var data = ReportTally.Of([], new ReportTime(Until.AddDays(-7), Until));
        var jobs = 1_000_000;

        ReportPage.Write(data with { Jobs = jobs, Ends = new Dictionary<JobEnd, int> { [JobEnd.Succeeded] = (int)Math.Round(share * jobs) }, Projects = [new ProjectFigures("p", 1, 0, 0, 0, null)] }, Host, Guide)
            .Should().Contain($"<strong>{words}</strong><span>succeeded</span>");
    }

    private static LedgerEntry Entry() => ReportTallyTests.Entry(Until) with { Prepare = new Dictionary<string, double> { ["boot"] = 4 }, MemoryBytes = 1 << 30, HostMemoryBytes = 1 << 29 };

    private static string Page(params LedgerEntry[] entries) => Page(Host, entries);

    private static string Page(ReportHost host, params LedgerEntry[] entries) => ReportPage.Write(ReportTally.Of(entries, new ReportTime(Until.AddDays(-7), Until)), host, Guide);

    private static IEnumerable<string> Sections(string page) => Section().Matches(page).Select(match => match.Groups[1].Value);

    /// <summary>Each element with the names of its attributes; values and texts are left out.</summary>
    private static IEnumerable<string> Tags(string page) => Tag().Matches(page).Select(match => Value().Replace(match.Value, ""));

    [GeneratedRegex("<text class=\"tick\"[^>]*>([^<]*)<")]
    private static partial Regex Tick();

    [GeneratedRegex("<section id=\"(\\w+)\"")]
    private static partial Regex Section();

    [GeneratedRegex("href=\"([^\"]*)\"")]
    private static partial Regex Href();

    [GeneratedRegex("<style>(.*?)</style>", RegexOptions.Singleline)]
    private static partial Regex Style();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Value();
}

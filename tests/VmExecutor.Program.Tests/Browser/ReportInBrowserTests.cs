using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Reporting;
using Xunit;

namespace VmExecutor.Program.Tests.Browser;

/// <summary>The report as a real browser shows it. With <c>VM_EXECUTOR_TEST_SCREENSHOTS</c> set to a directory the pictures are kept there for people.</summary>
public sealed class ReportInBrowserTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Until = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private static readonly string[] Whole = ["jobs", "starts", "waits", "memory", "projects", "failures", "images", "guide"];

    private readonly string _file = Path.GetTempFileName();

    public ValueTask DisposeAsync()
    {
        File.Delete(_file);
        return ValueTask.CompletedTask;
    }

    [Theory(Explicit = true, Timeout = 600_000)]
    [InlineData("busy", 7)]
    [InlineData("busy", 1)]
    [InlineData("busy", 45)]
    [InlineData("busy", 400)]
    [InlineData("hostile", 7)]
    [InlineData("scripts", 7)]
    [InlineData("single", 1)]
    [InlineData("single", 365)]
    [InlineData("empty", 7)]
    public async Task Nothing_overlaps_is_cut_or_cannot_be_read_on_a_screen_or_a_telephone_light_or_dark(string kind, int days)
    {
        await File.WriteAllTextAsync($"{_file}.html", Page(kind, days), TestContext.Current.CancellationToken);
        await using var browser = await Chromium.StartAsync(TestContext.Current.CancellationToken);
        foreach (var (width, isDark) in (IEnumerable<(int, bool)>)[(1280, false), (1280, true), (400, false), (400, true)])
        {
            await browser.ShowAsync($"{_file}.html", width, isDark, TestContext.Current.CancellationToken);
            await KeepAsync(browser, $"report-{kind}-{days}-{width}-{(isDark ? "dark" : "light")}.png");
            var look = PageLook.Of(await browser.EvaluateAsync(PageLook.Expression, TestContext.Current.CancellationToken));

            look.Should().BeEquivalentTo(new PageLook { Overflow = 0, Sections = kind == "empty" ? ["empty", "failures", "images"] : Whole, Overlaps = [], Cut = [], Hidden = [] }, $"{width} pixels, dark: {isDark}");
        }

        browser.Said.Should().BeEmpty("there is nothing to complain about");
        File.Delete($"{_file}.html");
    }

    [Fact(Explicit = true, Timeout = 600_000)]
    public async Task The_browser_finds_the_faults_that_it_is_asked_for()
    {
        await File.WriteAllTextAsync(
            $"{_file}.html",
            "<!DOCTYPE html><title>x</title><section id='a'><p style='color:#eee'>pale</p><div style='width:3000px'>wide</div><svg width='90' height='40'><text x='1' y='20'>one one</text><text x='5' y='22'>two</text><text x='80' y='38'>three</text></svg></section><script>console.error('x')</script>",
            TestContext.Current.CancellationToken);
        await using var browser = await Chromium.StartAsync(TestContext.Current.CancellationToken);

        await browser.ShowAsync($"{_file}.html", 400, isDark: false, TestContext.Current.CancellationToken);
        var look = PageLook.Of(await browser.EvaluateAsync(PageLook.Expression, TestContext.Current.CancellationToken));

        look.Overflow.Should().BeGreaterThan(2000);
        look.Hidden.Should().Equal("P pale");
        look.Overlaps.Should().Equal("one one | two");
        look.Cut.Should().Equal("three");
        browser.Said.Should().ContainSingle();
        File.Delete($"{_file}.html");
    }

    private static async Task KeepAsync(Chromium browser, string name)
    {
        if (Environment.GetEnvironmentVariable("VM_EXECUTOR_TEST_SCREENSHOTS") is { Length: > 0 } directory)
        {
            await File.WriteAllBytesAsync(Path.Combine(directory, name), await browser.ScreenshotAsync(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        }
    }

    private static string Page(string kind, int days)
    {
        using var text = new StreamReader(typeof(Reports.ReportTasks).Assembly.GetManifestResourceStream("troubleshooting.md")!);
        var host = new ReportHost(
            "runner-1.example.com", "0.1.0", 24L << 30, 8,
            kind == "empty" ? [] : [new ReportImage("debian-12", "ready", 112, Until.AddDays(-9), 3, 6L << 30, 2, 1L << 30), new ReportImage(Name(kind, "windows"), "NOT PUBLISHED: jobs fail", null, null, 0, 0, null, 0)],
            []);
        return ReportPage.Write(ReportTally.Of(kind switch { "empty" => [], "single" => Entries(kind, days).Take(1), _ => Entries(kind, days) }, new ReportTime(Until.AddDays(-days), Until)), host, GuideSections.Read(text.ReadToEnd()));
    }

    private static string Name(string kind, string name) => kind switch
    {
        "hostile" => $"<b>{name}</b>{new string('x', 250)}",
        "scripts" => $"{Scripts[name[^1] % Scripts.Length]}{name}",
        _ => name,
    };

    /// <summary>Written from the right, in letters twice as wide, of several code points, and with marks far above and below.</summary>
    private static readonly string[] Scripts = ["مجموعة/مشروع-", "קבוצה/", "組/プロジェクト漢字の長い名前組/プロジェクト漢字の長い名前", "group/🙂🚀👩‍👩‍👧‍👦", "ไทย/โครงการ", "z̸͑a̵̋l̶͝g̷o/"];

    /// <summary>The same each time: 3,000 jobs, of which some failed, waited, or were large.</summary>
    private static IEnumerable<LedgerEntry> Entries(string kind, int days) => Enumerable.Range(0, 3000).Select(number =>
    {
        var removed = Until - (TimeSpan.FromDays(days) * (number * 7919 % 3000 / 3000.0));
        var (start, seconds) = (number % 10) switch
        {
            0 => ("cold", 20 + (number % 23)),
            < 5 => ("standby", 0.1 + (number % 7 / 50.0)),
            _ => ("warm", 1 + (number % 19 / 10.0)),
        };
        var (result, reason) = (number % 37) switch
        {
            0 => ("prepare_failed", (string?)"VMX1402"),
            1 => ("prepare_failed", "VMX1501"),
            2 => ("canceled", null),
            3 => ("leftover", kind == "hostile" ? new string('y', 150) : "runner_gone"),
            < 8 => ("failed", null),
            _ => ("success", null),
        };
        return new LedgerEntry
        {
            Job = "abc-1-ffffff",
            Project = Name(kind, $"group/project-{number * number % 23}"),
            Image = "debian-12",
            Start = start,
            Result = result,
            Reason = reason,
            RemovedBy = "cleanup",
            RemovedParts = [],
            Created = removed.AddSeconds(-30 - (number * 31 % 900)),
            Ready = removed.AddSeconds(-20),
            Removed = removed,
            CleanupSeconds = 0.3,
            CpuSeconds = number % 400,
            Prepare = number % 15 == 0 ? new Dictionary<string, double> { ["start"] = seconds, ["capacity"] = number * 13 % 900 } : new Dictionary<string, double> { ["start"] = seconds },
            Scripts = result == "failed" ? [new ScriptRecord("build_script", 3, 1, null)] : [],
            MemoryBytes = 512L << 20 << (number % 4),
            HostMemoryBytes = (200L << 20) + (number % 300 << 20),
            PeakMemoryBytes = 300L << 20,
        };
    });
}

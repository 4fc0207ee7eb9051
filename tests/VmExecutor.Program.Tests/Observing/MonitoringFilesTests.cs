using System.Text.Json;
using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Core.Observing;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Program.Tests.Observing;

/// <summary>The dashboard and the alerts ask for what there is.</summary>
public sealed partial class MonitoringFilesTests
{
    private static readonly string[] Files = ["dashboard.json", "alerts.yaml", "alerts.test.yaml"];

    [Fact]
    public void Every_metric_that_is_asked_for_is_one_of_ours()
    {
        var known = MetricName.All.SelectMany(metric => metric.Type == "histogram"
            ? (string[])[$"{metric.Name}_bucket", $"{metric.Name}_sum", $"{metric.Name}_count"]
            : [metric.Name]).ToHashSet();

        foreach (var file in Files)
        {
            var asked = Metric().Matches(File.ReadAllText(PathOf(file))).Select(match => match.Value).Distinct().ToList();
            asked.Should().NotBeEmpty(file);
            asked.Should().BeSubsetOf(known, file);
        }
    }

    [Fact]
    public void Every_metric_is_shown_by_the_dashboard()
    {
        var shown = File.ReadAllText(PathOf("dashboard.json"));

        MetricName.All.Where(metric => metric != MetricName.Info && !shown.Contains(metric.Name, StringComparison.Ordinal)).Select(metric => metric.Name).Should().BeEmpty();
    }

    [Fact]
    public void The_dashboard_has_panels_with_a_title_and_a_question_each()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(PathOf("dashboard.json")));
        var panels = document.RootElement.GetProperty("panels").EnumerateArray().ToList();

        panels.Select(panel => panel.GetProperty("id").GetInt32()).Should().OnlyHaveUniqueItems();
        panels.Should().OnlyContain(panel => panel.GetProperty("title").GetString()!.Length > 0 && panel.GetProperty("targets").GetArrayLength() > 0);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_dashboards_questions_are_ones_that_Prometheus_understands()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(PathOf("dashboard.json")));
        var rules = document.RootElement.GetProperty("panels").EnumerateArray().SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select((target, number) => $"      - record: question:{number}\n        expr: {JsonSerializer.Serialize(Ask(target))}\n");
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $"groups:\n  - name: dashboard\n    rules:\n{string.Concat(rules)}", TestContext.Current.CancellationToken);
            (await Promtool.RunAsync("", "check", "rules", file)).Should().Contain("SUCCESS");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task The_alerts_are_ones_that_Prometheus_understands_and_fire_when_they_should()
    {
        (await Promtool.RunAsync("", "check", "rules", PathOf("alerts.yaml"))).Should().Contain("SUCCESS");
        (await Promtool.RunAsync("", "test", "rules", PathOf("alerts.test.yaml"))).Should().Contain("SUCCESS");
    }

    private static string Ask(JsonElement target) =>
        target.GetProperty("expr").GetString()!.Replace("$__rate_interval", "5m", StringComparison.Ordinal).Replace("$__range", "1d", StringComparison.Ordinal);

    private static string PathOf(string file) => Path.Combine(BuiltDriver.Checkout(), "executor", "monitoring", file);

    [GeneratedRegex(@"\bvm_executor_[a-z_]+")]
    private static partial Regex Metric();
}

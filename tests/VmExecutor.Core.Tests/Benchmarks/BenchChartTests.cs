using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Benchmarks;
using Xunit;

namespace VmExecutor.Core.Tests.Benchmarks;

public sealed class BenchChartTests
{
    private static readonly Floor Floor = new(Of(0.1), Of(0.2), Of(0.3), Of(1.2));

    [Fact]
    public void A_bar_is_as_long_as_its_job_and_made_of_its_parts()
    {
        var picture = Chart([Start("cold", 10, ("boot", 6), ("ssh", 2)), Start("warm", 2, ("load", 0.5), ("ssh", 0.5))], Floor);

        var bars = Bars(picture);
        bars.Keys.Should().Equal("cold", "warm", "floor");
        bars["cold"].Select(part => part.Name).Should().Equal("config 0.10 s", "boot 6.00 s", "ssh 2.00 s", "rest of prepare 2.00 s", "sub-stages 2.00 s", "cleanup 0.40 s");
        bars["floor"].Select(part => part.Name).Should().Equal("ssh 0.10 s", "sub-stages 0.80 s", "cleanup 0.30 s");
        var whole = bars["cold"].Sum(part => part.Width);
        (bars["cold"][1].Width / whole).Should().BeApproximately(6 / 12.5, 0.001);
        (bars["warm"].Sum(part => part.Width) / whole).Should().BeApproximately(4.5 / 12.5, 0.001);
        bars["cold"].Zip(bars["cold"].Skip(1)).Should().OnlyContain(pair => Math.Abs(pair.First.X + pair.First.Width - pair.Second.X) < 0.02, "they stand beside each other");
    }

    [Fact]
    public void The_parts_of_cleanup_about_a_projects_disk_are_parts_of_the_bar()
    {
        var start = Start("cold", 2) with { UnmountSeconds = Of(0.1), PromoteSeconds = Of(0.05) };

        var bar = Bars(Chart([start], null))["cold"];

        bar.Select(part => part.Name).Should().EndWith(["unmount 0.10 s", "promote 0.05 s", "cleanup 0.25 s"]);
    }

    [Fact]
    public void Nothing_is_outside_of_the_picture_and_each_part_has_one_colour()
    {
        var starts = Enumerable.Range(0, 6).Select(number => Start($"warm {number}", 3, [.. Enumerable.Range(0, 9).Select(phase => ($"phase {number % 2}{phase}", 0.1))])).ToList();

        var picture = Chart(starts, null);

        var (width, height) = ((double)picture.Attribute("width")!, (double)picture.Attribute("height")!);
        picture.Descendants().Where(one => one.Attribute("x") is not null).Should().OnlyContain(one =>
            (double)one.Attribute("x")! >= 0 && (double)one.Attribute("x")! + ((double?)one.Attribute("width") ?? 0) <= width && (double)one.Attribute("y")! < height);
        Bars(picture).Values.SelectMany(parts => parts).GroupBy(part => part.Name).Should().OnlyContain(same => same.Select(part => part.Colour).Distinct().Count() == 1);
    }

    [Fact]
    public void Names_are_texts_and_nothing_else()
    {
        var picture = BenchChart.Write("<script>alert(1)</script> & more", [Start("cold", 1)], null);

        picture.Should().NotContain("<script>");
        XElement.Parse(picture).Elements().First().Value.Should().Be("<script>alert(1)</script> & more");
    }

    [Theory]
    [InlineData(40, null)]
    [InlineData(160, 736.0)]
    public void A_title_that_is_too_long_is_drawn_narrower_and_stays_inside(int letters, double? width) =>
        XElement.Parse(BenchChart.Write(new string('m', letters), [Start("cold", 1)], null)).Elements().Single(one => one.Name.LocalName == "text" && one.Value.StartsWith('m'))
            .Attribute("textLength").Should().Match<XAttribute?>(length => (double?)length == width);

    [Fact]
    public void A_start_that_took_no_time_makes_no_bar_that_is_no_number() =>
        BenchChart.Write("x", [new Summary("cold", [], null, Of(0), null, null, null, null, null, null)], null).Should().NotContain("NaN");

    private static XElement Chart(IReadOnlyList<Summary> starts, Floor? floor) => XElement.Parse(BenchChart.Write("title", starts, floor));

    /// <summary>By the kind of start: the parts with name and time, as a pointer over them shows.</summary>
    private static Dictionary<string, List<(string Name, double X, double Width, string Colour)>> Bars(XElement picture) =>
        picture.Descendants().Where(one => one.Name.LocalName == "rect" && one.HasElements)
            .GroupBy(one => one.Value.Split(": ")[0])
            .ToDictionary(row => row.Key, row => row.Select(one => (one.Value.Split(": ")[1], (double)one.Attribute("x")!, (double)one.Attribute("width")!, (string)one.Attribute("fill")!)).ToList());

    private static Summary Start(string name, double prepare, params (string Name, double Seconds)[] phases) =>
        new(name, [.. phases.Select(phase => new PhaseSpread(phase.Name, Of(phase.Seconds)))], Of(0.1), Of(prepare), Of(0.5), Of(0.4), null, null, null, null);

    private static Spread Of(double seconds) => new(seconds, seconds, seconds, 1);
}

using System.Xml.Linq;
using CdrEngine.Benchmarks.Charts;
using CdrEngine.Benchmarks.Growth;
using Xunit;

namespace CdrEngine.Simulation.Tests.Bench;

/// <summary>Charts as files that a browser reads.</summary>
public sealed class ChartTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Theory]
    [InlineData(0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    [InlineData(7.0, 0.0, 2.0, 4.0, 6.0, 8.0)]
    [InlineData(430.0, 0.0, 100.0, 200.0, 300.0, 400.0, 500.0)]
    [InlineData(1e6, 0.0, 2e5, 4e5, 6e5, 8e5, 1e6)]
    public void LinearScale_HasRoundMarksFromZero(double most, params double[] marks)
    {
        double[] expected = most > 0 ? marks : [0, .. marks];
        var scale = ChartScale.For(new ChartAxis("x"), most > 0 ? [most] : []);
        Assert.Equal(expected.Length, scale.Marks.Count);
        Assert.All(expected.Zip(scale.Marks), static pair => Assert.Equal(pair.First, pair.Second, 9));
        Assert.Equal(0, scale.Place(0), 9);
        Assert.InRange(scale.Place(most), 0, 1);
    }

    [Fact]
    public void LogarithmicScale_PlacesPowersEvenly_AndLeavesOutWhatHasNoLogarithm()
    {
        var scale = ChartScale.For(new ChartAxis("x", IsLogarithmic: true), [1000, 100_000, 0, -5, double.NaN]);
        Assert.Equal(0.5, scale.Place(10_000), 9);
        Assert.Contains(10_000.0, scale.Marks);
        Assert.False(scale.Holds(0));
        Assert.All(scale.Marks, mark => Assert.InRange(scale.Place(mark), 0, 1));
    }

    [Theory]
    [InlineData(0.5, "0.5")]
    [InlineData(3000, "3,000")]
    [InlineData(40_000, "40 k")]
    [InlineData(2_500_000, "2.5 M")]
    public void Marks_AreNamedShortly(double value, string name) => Assert.Equal(name, ChartScale.Name(value));

    [Fact]
    public void Picture_HasTitleDescriptionAxesWithUnits_AndAMarkForEachPoint()
    {
        string svg = SvgChart.Draw(new Chart
        {
            Title = "Time <against> calls & more",
            Description = "It grows.",
            Across = new ChartAxis("calls", IsLogarithmic: true),
            Up = new ChartAxis("processor time", "s"),
            Series = [new("one", [new ChartPoint(10, 1), new ChartPoint(1000, 5, "a note"), new ChartPoint(0, 3)]), new("none", []), new("other", [new ChartPoint(10, 2)])],
        });
        XElement root = XDocument.Parse(svg).Root!;
        Assert.Equal("Time <against> calls & more", root.Element(Svg + "title")!.Value);
        Assert.Equal("It grows.", root.Element(Svg + "desc")!.Value);
        string[] texts = [.. root.Elements(Svg + "text").Select(static text => text.Value)];
        Assert.Contains("calls (logarithmic)", texts);
        Assert.Contains("processor time, s", texts);
        Assert.Contains("one", texts);
        Assert.DoesNotContain("none", texts);

        // The point at 0 has no place on a logarithmic axis.
        Assert.Equal(["one: 1 s at 10", "one: 5 s at 1,000 (a note)", "other: 2 s at 10"], root.Elements(Svg + "path").Elements(Svg + "title").Select(static title => title.Value));
        Assert.Contains("prefers-color-scheme:dark", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("Infinity", svg, StringComparison.Ordinal);
    }

    [Fact]
    public void Picture_WithoutPoints_IsStillOne() => Assert.Empty(XDocument.Parse(SvgChart.Draw(new Chart
    {
        Title = "t",
        Across = new ChartAxis("x", IsLogarithmic: true),
        Up = new ChartAxis("y"),
        Series = [],
    })).Root!.Elements(Svg + "polyline"));

    [Fact]
    public void Growth_IsATableWithThePower_AndTwoChartsOfASeries()
    {
        GrowthSeries series = GrowthSeries.All(quick: true)[2];
        GrowthPoint[] points = [.. new[] { 1000, 10_000 }.Select(static size => new GrowthPoint(size, size * 30, size, size, (1 + (size / 1000.0), 50e6 + (size * 3000.0)), (2 + (size / 1000.0), 60e6)))];
        string table = GrowthPage.Table(series, points, (1, 50e6));
        Assert.Contains("| 30,000 | 1,000 | 1,000 | 2.00 | 66,667 | 53 | 3.00 | 100,000 | 60 |", table, StringComparison.Ordinal);
        Assert.Contains("processor time grows with calls at once to the power of 1.00 (records and packets: 0.74), memory to that of 1.00 (0.00)", table, StringComparison.Ordinal);
        Assert.Equal(["-growth-at-once-time.svg", "-growth-at-once-memory.svg"], GrowthPage.Charts(series, points).Select(static chart => chart.Ending));
        Assert.All(GrowthPage.Charts(series, points), static chart => XDocument.Parse(chart.Svg));
    }

    [Fact]
    public void GrowthMeasuredInSeveralRuns_IsOnePage()
    {
        string folder = Directory.CreateTempSubdirectory("cdr-growth-").FullName;
        try
        {
            string stem = Path.Combine(folder, "day-machine");
            GrowthPoint[] points = [new(1000, 5000, 1000, 40, (1.5, 70e6), (2.5, 80e6)), new(2000, 9000, 2000, 41, (2.5, 71e6), (4, 81e6))];
            new GrowthNotes(stem).Put(new GrowthNote("calls", "abc", "0.1 0.2 0.3", (0.2, 60e6), points, []));
            new GrowthNotes(stem).Put(new GrowthNote("stored", "def", "0", default, [], ["10 million calls do not fit"]));
            new GrowthNotes(stem).Put(new GrowthNote("calls", "ghi", "0.1 0.2 0.3", (0.25, 61e6), points, []));
            var read = new GrowthNotes(stem);
            Assert.Equal(("ghi", (0.25, 61e6)), (read.Find("calls")!.Commit, read.Find("calls")!.Start));
            Assert.Equal(points, read.Find("calls")!.Points);
            Assert.Equal(["10 million calls do not fit"], read.Find("stored")!.Left);
            Assert.Null(read.Find("packets"));
            Assert.Null(new GrowthNotes(null).Find("calls"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

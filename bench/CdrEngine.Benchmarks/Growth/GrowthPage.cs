using System.Globalization;
using System.Text;
using CdrEngine.Benchmarks.Charts;

namespace CdrEngine.Benchmarks.Growth;

/// <summary>The page of how cost grows: tables and charts.</summary>
public static class GrowthPage
{
    private const string Records = "records";
    private const string WithPackets = "records and packets";

    /// <summary>The charts of a series: ending of the file's name, and the picture.</summary>
    public static IReadOnlyList<(string Ending, string Svg)> Charts(GrowthSeries series, IReadOnlyList<GrowthPoint> points)
    {
        ArgumentNullException.ThrowIfNull(series);

        // Both axes from 0 and even, so that what grows in proportion is a straight line.
        var across = new ChartAxis(series.Across);
        return
        [
            ($"-growth-{series.Name}-time.svg", SvgChart.Draw(new Chart
            {
                Title = $"Processor time against {series.Across}",
                Description = $"{series.Explained} What grows in proportion is a straight line; where it meets the left axis is the start of the program.",
                Across = across,
                Up = new ChartAxis("processor time", "s"),
                Series = Lines(points, static cost => cost.CpuSeconds),
            })),
            ($"-growth-{series.Name}-memory.svg", SvgChart.Draw(new Chart
            {
                Title = $"Peak memory against {series.Across}",
                Description = $"{series.Explained} What grows in proportion is a straight line; where it meets the left axis is the program itself.",
                Across = across,
                Up = new ChartAxis("peak memory", "MB"),
                Series = Lines(points, static cost => cost.PeakBytes / 1e6),
            })),
        ];
    }

    /// <summary>The table of a series, and what power of the size its costs grow by.</summary>
    /// <param name="series">Series.</param>
    /// <param name="points">Its points.</param>
    /// <param name="start">The program over one call.</param>
    public static string Table(GrowthSeries series, IReadOnlyList<GrowthPoint> points, (double CpuSeconds, double PeakBytes) start)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentNullException.ThrowIfNull(points);
        var text = new StringBuilder();
        Line(text, $"| packets | calls | at once | {Records}: CPU s | ns/packet | peak MB | {WithPackets}: CPU s | ns/packet | peak MB |");
        Line(text, $"|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        foreach (GrowthPoint point in points) Line(text, $"| {point.Packets:N0} | {point.Calls:N0} | {point.AtOnce:N0} | {Cells(point.Records, point)} | {Cells(point.WithPackets, point)} |");
        Line(text, $"");
        text.Append(CultureInfo.InvariantCulture, $"With the start of the program taken off ({start.CpuSeconds:N2} s, {start.PeakBytes / 1e6:N0} MB), processor time grows with {series.Across} to the power of ");
        text.Append($"{Power(points, static point => point.Records.CpuSeconds, start.CpuSeconds)} ({WithPackets}: {Power(points, static point => point.WithPackets.CpuSeconds, start.CpuSeconds)}), ");
        Line(text, $"memory to that of {Power(points, static point => point.Records.PeakBytes, start.PeakBytes)} ({Power(points, static point => point.WithPackets.PeakBytes, start.PeakBytes)}).");
        return text.ToString();
    }

    private static string Power(IReadOnlyList<GrowthPoint> points, Func<GrowthPoint, double> cost, double start)
    {
        double power = GrowthLaw.Power(points.Select(point => (point.At, cost(point))), start);
        return double.IsNaN(power) ? "?" : power.ToString("0.00", CultureInfo.InvariantCulture);
    }

    private static IReadOnlyList<ChartSeries> Lines(IReadOnlyList<GrowthPoint> points, Func<(double CpuSeconds, double PeakBytes), double> of) =>
    [
        new(Records, [.. points.Select(point => new ChartPoint(point.At, of(point.Records)))]),
        new(WithPackets, [.. points.Select(point => new ChartPoint(point.At, of(point.WithPackets)))]),
    ];

    private static string Cells((double CpuSeconds, double PeakBytes) cost, GrowthPoint point) =>
        string.Create(CultureInfo.InvariantCulture, $"{cost.CpuSeconds:N2} | {cost.CpuSeconds * 1e9 / Math.Max(1, point.Packets):N0} | {cost.PeakBytes / 1e6:N0}");

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}

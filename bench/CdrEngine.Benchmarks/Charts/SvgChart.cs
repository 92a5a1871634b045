using System.Globalization;
using System.Security;
using System.Text;

namespace CdrEngine.Benchmarks.Charts;

/// <summary>Draws charts as SVG of its own: no script, no font, no file beside it. Legible on light and dark ground, and told apart without colours.</summary>
public static class SvgChart
{
    private const int Width = 760;
    private const int Left = 78;
    private const int Right = 24;
    private const int Top = 48;
    private const int Plot = 290;
    private const int LegendRow = 20;

    // Each has a pattern and a mark of its own. Colours of Okabe and Ito: told apart by most of the colour-blind, and on either ground.
    private static readonly (string Colour, string Dash, string Mark)[] Styles =
    [
        ("#0072b2", "", "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z"),
        ("#d55e00", "8 4", "M-4,-4h8v8h-8z"),
        ("#009e73", "2 4", "M0,-5l5,9h-10z"),
        ("#cc79a7", "10 4 2 4", "M0,-5l5,5l-5,5l-5,-5z"),
        ("#e69f00", "4 2", "M-5,-4h10l-5,9z"),
        ("#56b4e9", "12 3", "M-4,-1h3v-3h2v3h3v2h-3v3h-2v-3h-3z"),
    ];

    /// <summary>The picture.</summary>
    public static string Draw(Chart chart)
    {
        ArgumentNullException.ThrowIfNull(chart);
        ChartSeries[] series = [.. chart.Series.Where(static one => one.Points.Count > 0)];
        var across = ChartScale.For(chart.Across, series.SelectMany(static one => one.Points).Select(static point => point.X));
        var up = ChartScale.For(chart.Up, series.SelectMany(static one => one.Points).Select(static point => point.Y));
        int legend = Top + Plot + 62;
        int height = legend + (series.Length * LegendRow) + 6;
        var svg = new StringBuilder();
        Line(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" width=\"{Width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">");
        Line(svg, $"<title id=\"title\">{Text(chart.Title)}</title>");
        Line(svg, $"<desc id=\"desc\">{Text(chart.Description)}</desc>");

        // One style sheet for both grounds; a viewer that knows no media queries has the light one.
        svg.Append("<style>\n.ground{fill:#fff}.ink{fill:#1f2328}.soft{fill:#57606a}.grid{stroke:#d0d7de}.axis{stroke:#57606a}\n");
        svg.Append("@media (prefers-color-scheme:dark){.ground{fill:#0d1117}.ink{fill:#e6edf3}.soft{fill:#9aa4b0}.grid{stroke:#30363d}.axis{stroke:#9aa4b0}}\n");
        svg.Append("text{font-family:sans-serif;font-size:12px}.title{font-size:16px;font-weight:bold}\n</style>\n");
        Line(svg, $"<rect class=\"ground\" width=\"{Width}\" height=\"{height}\"/>");
        Line(svg, $"<text class=\"ink title\" x=\"{Left}\" y=\"26\">{Text(chart.Title)}</text>");
        Axes(svg, chart, across, up);
        for (int i = 0; i < series.Length; i++) Draw(svg, chart, series[i], Styles[i % Styles.Length], across, up, legend + (i * LegendRow));
        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static void Axes(StringBuilder svg, Chart chart, ChartScale across, ChartScale up)
    {
        foreach (double mark in up.Marks)
        {
            Line(svg, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(up, mark):F1}\" y2=\"{Y(up, mark):F1}\"/>");
            Line(svg, $"<text class=\"soft\" x=\"{Left - 8}\" y=\"{Y(up, mark) + 4:F1}\" text-anchor=\"end\">{ChartScale.Name(mark)}</text>");
        }

        foreach (double mark in across.Marks)
        {
            Line(svg, $"<line class=\"grid\" x1=\"{X(across, mark):F1}\" x2=\"{X(across, mark):F1}\" y1=\"{Top}\" y2=\"{Top + Plot}\"/>");
            Line(svg, $"<text class=\"soft\" x=\"{X(across, mark):F1}\" y=\"{Top + Plot + 18}\" text-anchor=\"middle\">{ChartScale.Name(mark)}</text>");
        }

        Line(svg, $"<line class=\"axis\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Top + Plot}\" y2=\"{Top + Plot}\"/>");
        Line(svg, $"<line class=\"axis\" x1=\"{Left}\" x2=\"{Left}\" y1=\"{Top}\" y2=\"{Top + Plot}\"/>");
        Line(svg, $"<text class=\"ink\" x=\"{(Left + Width - Right) / 2}\" y=\"{Top + Plot + 40}\" text-anchor=\"middle\">{Text(Named(chart.Across))}</text>");
        Line(svg, $"<text class=\"ink\" transform=\"translate(18,{Top + (Plot / 2)}) rotate(-90)\" text-anchor=\"middle\">{Text(Named(chart.Up))}</text>");
    }

    private static void Draw(StringBuilder svg, Chart chart, ChartSeries series, (string Colour, string Dash, string Mark) style, ChartScale across, ChartScale up, int legend)
    {
        ChartPoint[] points = [.. series.Points.Where(point => across.Holds(point.X) && up.Holds(point.Y)).OrderBy(static point => point.X)];
        string way = string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(across, point.X):F1},{Y(up, point.Y):F1}")));
        Line(svg, $"<polyline points=\"{way}\" fill=\"none\" stroke=\"{style.Colour}\" stroke-width=\"2\" stroke-dasharray=\"{style.Dash}\"/>");
        foreach (ChartPoint point in points)
        {
            string told = $"{series.Name}: {Value(point.Y, chart.Up)} at {Value(point.X, chart.Across)}";
            if (point.Note.Length > 0) told += $" ({point.Note})";
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"{style.Mark}\" transform=\"translate({X(across, point.X):F1},{Y(up, point.Y):F1})\" fill=\"{style.Colour}\">");
            Line(svg, $"<title>{Text(told)}</title></path>");
        }

        Line(svg, $"<line x1=\"{Left}\" x2=\"{Left + 34}\" y1=\"{legend}\" y2=\"{legend}\" stroke=\"{style.Colour}\" stroke-width=\"2\" stroke-dasharray=\"{style.Dash}\"/>");
        Line(svg, $"<path d=\"{style.Mark}\" transform=\"translate({Left + 17},{legend})\" fill=\"{style.Colour}\"/>");
        Line(svg, $"<text class=\"ink\" x=\"{Left + 44}\" y=\"{legend + 4}\">{Text(series.Name)}</text>");
    }

    private static string Value(double value, ChartAxis axis) => string.Create(CultureInfo.InvariantCulture, $"{value:#,0.###} {axis.Unit}").TrimEnd();

    private static string Named(ChartAxis axis) => axis.IsLogarithmic ? $"{axis.Label} (logarithmic)" : axis.Label;

    private static double X(ChartScale scale, double value) => Left + (scale.Place(value) * (Width - Left - Right));

    private static double Y(ChartScale scale, double value) => Top + Plot - (scale.Place(value) * Plot);

    private static string Text(string text) => SecurityElement.Escape(text);

    private static void Line(StringBuilder svg, FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}

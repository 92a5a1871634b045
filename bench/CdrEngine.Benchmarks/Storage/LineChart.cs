using System.Globalization;
using System.Text;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>One line of a chart.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Points">Across, up, and what to say of the point.</param>
public sealed record ChartLine(string Name, IReadOnlyList<(double X, double Y, string Note)> Points);

/// <summary>Draws lines over a logarithmic axis as SVG that reads on light and dark ground.</summary>
public static class LineChart
{
    private const int Width = 760;
    private const int Height = 380;
    private const int Left = 70;
    private const int Right = 230;
    private const int Top = 44;
    private const int Bottom = 52;

    // Told apart also without colours: each line has a mark of its own.
    private static readonly (string Colour, string Dash)[] Styles = [("#2a7ab9", ""), ("#c8501e", "7 3"), ("#3a8f3a", "2 3"), ("#8a4fb0", "9 3 2 3")];

    /// <summary>The picture.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="across">Name of the axis across, logarithmic.</param>
    /// <param name="unit">Unit of the axis up, which begins at 0.</param>
    /// <param name="lines">Lines; those without points are left out.</param>
    public static string Draw(string title, string across, string unit, IReadOnlyList<ChartLine> lines)
    {
        ChartLine[] drawn = [.. lines.Where(static line => line.Points.Count > 0)];
        double least = drawn.Length == 0 ? 1 : drawn.Min(static line => line.Points.Min(static point => point.X)), most = drawn.Length == 0 ? 10 : drawn.Max(static line => line.Points.Max(static point => point.X));
        double low = Math.Log10(least) - 0.1, high = Math.Max(Math.Log10(most), Math.Log10(least) + 0.5) + 0.1;
        double top = Ceiling(drawn.Length == 0 ? 1 : drawn.Max(static line => line.Points.Max(static point => point.Y)));
        var svg = new StringBuilder();
        Line(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"{Text(title)}\">");
        Line(svg, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#ffffff\"/>");
        Line(svg, $"<text x=\"{Left}\" y=\"24\" font-size=\"15\" fill=\"#222222\">{Text(title)}</text>");
        for (int i = 0; i <= 4; i++)
        {
            double value = top * i / 4;
            Line(svg, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(value):F1}\" y2=\"{Y(value):F1}\" stroke=\"#dddddd\"/>");
            Line(svg, $"<text x=\"{Left - 6}\" y=\"{Y(value) + 4:F1}\" text-anchor=\"end\" fill=\"#444444\">{value:#,0.##} {Text(i == 4 ? unit : "")}</text>");
        }

        foreach (double x in drawn.SelectMany(static line => line.Points).Select(static point => point.X).Distinct())
            Line(svg, $"<text x=\"{X(x):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\" fill=\"#444444\">{x / 1e6:0.#} M</text>");
        Line(svg, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 10}\" text-anchor=\"middle\" fill=\"#444444\">{Text(across)}</text>");
        for (int i = 0; i < drawn.Length; i++)
        {
            (string colour, string dash) = Styles[i % Styles.Length];
            string way = string.Join(' ', drawn[i].Points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.X):F1},{Y(point.Y):F1}")));
            Line(svg, $"<polyline points=\"{way}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>");
            foreach ((double x, double y, string note) in drawn[i].Points)
                Line(svg, $"<circle cx=\"{X(x):F1}\" cy=\"{Y(y):F1}\" r=\"4\" fill=\"{colour}\"><title>{Text($"{x:N0} calls, {note}: {y:N2} {unit}")}</title></circle>");
            Line(svg, $"<line x1=\"{Width - Right + 14}\" x2=\"{Width - Right + 40}\" y1=\"{Top + 10 + (i * 20)}\" y2=\"{Top + 10 + (i * 20)}\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>");
            Line(svg, $"<text x=\"{Width - Right + 46}\" y=\"{Top + 14 + (i * 20)}\" fill=\"#222222\">{Text(drawn[i].Name)}</text>");
        }

        Line(svg, $"</svg>");
        return svg.ToString();

        double X(double value) => Left + ((Math.Log10(value) - low) / (high - low) * (Width - Left - Right));

        double Y(double value) => Height - Bottom - (value / top * (Height - Top - Bottom));
    }

    // The next of 1, 2, 4, 6, 8 times a power of ten.
    private static double Ceiling(double value)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(value, 1e-6))));
        foreach (double step in (double[])[1, 2, 4, 6, 8, 10])
        {
            if (value <= step * power) return step * power;
        }

        return 10 * power;
    }

    private static string Text(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal);

    private static void Line(StringBuilder svg, FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}

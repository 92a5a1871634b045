using CdrEngine.Page.Markup;

namespace CdrEngine.Page.Kit;

/// <summary>A line of a chart.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Kind">Class of its colour: <c>s1</c> … <c>s4</c>.</param>
/// <param name="Values">Values by place; null leaves a gap.</param>
internal sealed record Series(string Name, string Kind, IReadOnlyList<double?> Values);

/// <summary>A bar of a chart, of one part or of several on each other.</summary>
/// <param name="Label">What it stands for, for example <c>10:15</c>.</param>
/// <param name="Parts">Heights, in the order of the chart's parts.</param>
/// <param name="Link">Where a click on it leads; null for nowhere.</param>
internal sealed record Bar(string Label, IReadOnlyList<double> Parts, string? Link = null);

/// <summary>Charts as SVG, drawn here and not in the browser. Each has a title and a description, so that it can be read aloud too.</summary>
internal static class Charts
{
    private const double Left = 40;
    private const double Bottom = 18;
    private const double Top = 8;

    /// <summary>A line without axes, as high as a line of text.</summary>
    public static Html Spark(string title, IReadOnlyList<double?> values, string kind = "s1")
    {
        double most = Most(values);
        return Html.Of($"""<svg class="spark" viewBox="0 0 100 24" width="100" height="24" preserveAspectRatio="none" role="img" aria-label="{title}"><path class="line {kind}" d="{Path(values, 0, 100, 2, 20, 0, most)}"/></svg>""");
    }

    /// <summary>Lines over an axis of labels.</summary>
    /// <param name="id">Unique on the page.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="description">The same in a sentence or two, with its most notable values.</param>
    /// <param name="labels">Labels of the places.</param>
    /// <param name="lines">Lines; as many values as labels.</param>
    /// <param name="least">Lower end of the axis.</param>
    /// <param name="most">Upper end; null takes the greatest value.</param>
    /// <param name="unit">Unit of the axis.</param>
    /// <param name="marks">Places to be marked, each with why: from, to (places), class, words.</param>
    public static Html Lines(
        string id, string title, string description, IReadOnlyList<string> labels, IReadOnlyList<Series> lines, double least = 0, double? most = null, string unit = "",
        IReadOnlyList<(double From, double To, string Kind, string Words)>? marks = null)
    {
        const double width = 420, height = 130;
        double top = most ?? Nice(lines.Max(static line => Most(line.Values)));
        double step = (width - Left) / Math.Max(1, labels.Count - 1);
        Html body = Html.Of($"""
            {Grid(width, height, least, top, unit)}
            {(marks ?? []).Select(mark => Html.Of($"""<rect class="mark {mark.Kind}" x="{Left + (mark.From * step)}" y="{Top}" width="{Math.Max(2, (mark.To - mark.From) * step)}" height="{height - Bottom - Top}"><title>{mark.Words}</title></rect>"""))}
            {lines.Select(line => Line(line, labels, step, height, least, top, unit))}
            {Labels(labels, step, height)}
            """);
        return Frame(id, title, description, width, height, body, lines.Select(static line => (line.Name, line.Kind)));
    }

    /// <summary>Bars over an axis of labels.</summary>
    /// <param name="id">Unique on the page.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="description">The same in a sentence or two.</param>
    /// <param name="parts">Names of the parts of each bar, from below, with the class of their colour.</param>
    /// <param name="bars">Bars.</param>
    /// <param name="height">Height of the drawing.</param>
    /// <param name="width">Width of the drawing: the wider, the smaller its letters on the page.</param>
    public static Html Bars(string id, string title, string description, IReadOnlyList<(string Name, string Kind)> parts, IReadOnlyList<Bar> bars, double height = 150, double width = 640)
    {
        double top = Nice(bars.Count == 0 ? 1 : bars.Max(static bar => bar.Parts.Sum()));
        double step = (width - Left) / Math.Max(1, bars.Count);
        Html body = Html.Of($"""
            {Grid(width, height, 0, top, "")}
            {bars.Select((bar, i) => Stack(bar, parts, Left + (i * step), step, height, top))}
            {Labels([.. bars.Select(static bar => bar.Label)], step, height, step / 2)}
            """);
        return Frame(id, title, description, width, height, body, parts);
    }

    /// <summary>A field of squares, darker where there is more: hours by weekdays, for example.</summary>
    /// <param name="id">Unique on the page.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="description">The same in a sentence or two.</param>
    /// <param name="rows">Labels of the rows.</param>
    /// <param name="columns">Labels of the columns.</param>
    /// <param name="value">Value by row and column.</param>
    /// <param name="words">What a square says when hovered over.</param>
    /// <param name="link">Where a click on it leads; null for nowhere.</param>
    public static Html Heat(
        string id, string title, string description, IReadOnlyList<string> rows, IReadOnlyList<string> columns, Func<int, int, double> value, Func<int, int, string> words,
        Func<int, int, string?>? link = null)
    {
        const double size = 24, gap = 2;
        double width = Left + (columns.Count * size), height = Top + (rows.Count * size) + Bottom;
        double most = 0;
        for (int row = 0; row < rows.Count; row++)
        {
            for (int column = 0; column < columns.Count; column++) most = Math.Max(most, value(row, column));
        }

        Html body = Html.Join(rows.SelectMany((name, row) => columns.Select((_, column) => Square(row, column)).Prepend(Html.Of(
            $"""<text class="axis" x="{Left - 6}" y="{Top + (row * size) + 16}" text-anchor="end">{name}</text>"""))));
        Html under = Html.Join(columns.Select((name, column) => column % 3 == 0
            ? Html.Of($"""<text class="axis" x="{Left + (column * size) + (size / 2)}" y="{height - 4}" text-anchor="middle">{name}</text>""")
            : Html.None));
        return Frame(id, title, description, width, height, Html.Of($"{body}{under}"), []);

        Html Square(int row, int column)
        {
            double share = most > 0 ? value(row, column) / most : 0;
            Html square = Html.Of($"""<rect class="heat" x="{Left + (column * size)}" y="{Top + (row * size)}" width="{size - gap}" height="{size - gap}" rx="3" fill-opacity="{(share == 0 ? 0.06 : 0.15 + (0.85 * share))}"><title>{words(row, column)}</title></rect>""");
            return link?.Invoke(row, column) is { } there ? Html.Of($"""<a href="{there}" aria-label="{words(row, column)}">{square}</a>""") : square;
        }
    }

    /// <summary>A round number at or above a value, for the end of an axis.</summary>
    public static double Nice(double value)
    {
        if (value <= 0 || !double.IsFinite(value)) return 1;
        double power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        double lead = value / power;
        return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 4 ? 4 : lead <= 5 ? 5 : 10);
    }

    private static double Most(IReadOnlyList<double?> values) => values.Max() ?? 0;

    private static Html Frame(string id, string title, string description, double width, double height, Html body, IEnumerable<(string Name, string Kind)> legend)
    {
        (string Name, string Kind)[] names = [.. legend];
        Html key = names.Length < 2 ? Html.None : Html.Of($"""<ul class="legend" aria-hidden="true">{names.Select(static name => Html.Of($"""<li class="{name.Kind}">{name.Name}</li>"""))}</ul>""");
        return Html.Of($"""
            <figure class="chart"><figcaption>{title}{key}</figcaption>
            <svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{id}-title {id}-desc"><title id="{id}-title">{title}</title><desc id="{id}-desc">{description}</desc>{body}</svg></figure>
            """);
    }

    private static Html Grid(double width, double height, double least, double most, string unit)
    {
        double[] shares = [0, 0.5, 1];
        double range = most - least;
        int decimals = range <= 0.05 ? 3 : range <= 0.5 ? 2 : 1;
        return Html.Join(shares.Select(share =>
        {
            double y = height - Bottom - (share * (height - Bottom - Top));
            double value = least + (share * (most - least));
            return Html.Of($"""<line class="grid" x1="{Left}" x2="{width}" y1="{y}" y2="{y}"/><text class="axis" x="{Left - 6}" y="{y + 4}" text-anchor="end">{Words.Number(value, value < 10 && value != Math.Floor(value) ? decimals : 0)}{unit}</text>""");
        }));
    }

    private static Html Labels(IReadOnlyList<string> labels, double step, double height, double shift = 0)
    {
        int every = Math.Max(1, (int)Math.Ceiling(labels.Count / 6.0));
        return Html.Join(labels.Select((label, i) => i % every != 0
            ? Html.None
            : Html.Of($"""<text class="axis" x="{Left + (i * step) + shift}" y="{height - 4}" text-anchor="{(i == 0 && shift == 0 ? "start" : i == labels.Count - 1 && shift == 0 ? "end" : "middle")}">{label}</text>""")));
    }

    private static Html Line(Series line, IReadOnlyList<string> labels, double step, double height, double least, double most, string unit)
    {
        double room = height - Bottom - Top;
        bool hasDots = labels.Count <= 120;
        Html points = Html.Join(line.Values.Select((value, i) => value is not { } at || !(hasDots || IsAlone(line.Values, i))
            ? Html.None
            : Html.Of($"""<circle class="dot {line.Kind}" cx="{Left + (i * step)}" cy="{Top + (room * (1 - Share(at, least, most)))}" r="2.500"><title>{line.Name}, {labels[i]}: {Words.Number(at, 2)}{unit}</title></circle>""")));
        return Html.Of($"""<path class="line {line.Kind}" d="{Path(line.Values, Left, (line.Values.Count - 1) * step, Top, room, least, most)}"/>{points}""");
    }

    // A value between two gaps is no line.
    private static bool IsAlone(IReadOnlyList<double?> values, int at) => (at == 0 || values[at - 1] is null) && (at == values.Count - 1 || values[at + 1] is null);

    private static Html Stack(Bar bar, IReadOnlyList<(string Name, string Kind)> parts, double x, double step, double height, double most)
    {
        double room = height - Bottom - Top;
        double y = height - Bottom;
        string words = $"{bar.Label}: {string.Join(", ", parts.Select((part, i) => $"{part.Name} {Words.Number(bar.Parts[i])}"))}";
        Html boxes = Html.Join(parts.Select((part, i) =>
        {
            double tall = room * bar.Parts[i] / most;
            y -= tall;
            return tall <= 0 ? Html.None : Html.Of($"""<rect class="bar {part.Kind}" x="{x + Math.Min(1, step * 0.1)}" y="{y}" width="{Math.Max(0.5, step - Math.Min(2, step * 0.2))}" height="{tall}"/>""");
        }));
        Html whole = Html.Of($"""<g><title>{words}</title><rect class="reach" x="{x}" y="{Top}" width="{step}" height="{room}"/>{boxes}</g>""");
        return bar.Link is { } link ? Html.Of($"""<a href="{link}" aria-label="{words}">{whole}</a>""") : whole;
    }

    private static double Share(double value, double least, double most) => most <= least ? 0 : Math.Clamp((value - least) / (most - least), 0, 1);

    private static string Path(IReadOnlyList<double?> values, double left, double width, double top, double room, double least, double most)
    {
        var path = new System.Text.StringBuilder(values.Count * 12);
        double step = width / Math.Max(1, values.Count - 1);
        bool isDown = false;
        for (int i = 0; i < values.Count; i++)
        {
            if (values[i] is not { } value)
            {
                isDown = false;
                continue;
            }

            path.Append(System.Globalization.CultureInfo.InvariantCulture, $"{(isDown ? 'L' : 'M')}{left + (i * step):0.#} {top + (room * (1 - Share(value, least, most))):0.#}");
            isDown = true;
        }

        return path.ToString();
    }
}

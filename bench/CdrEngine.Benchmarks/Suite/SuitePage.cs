using System.Globalization;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>A row of a page that was written before.</summary>
/// <param name="CpuSeconds">Processor time; NaN where the tool had no figures.</param>
/// <param name="PeakMegabytes">Peak memory; NaN likewise.</param>
/// <param name="Right">What stands under <c>right</c>.</param>
public sealed record SuitePageRow(double CpuSeconds, double PeakMegabytes, string Right)
{
    /// <summary>Whether the tool had figures.</summary>
    public bool HasFigures => CpuSeconds > 0;
}

/// <summary>The figures of a page of record, read from its text.</summary>
public sealed class SuitePage
{
    private readonly Dictionary<(string Load, string Tool), SuitePageRow> _rows = [];
    private readonly Dictionary<string, List<(string Layer, double Nanoseconds)>> _layers = new(StringComparer.Ordinal);

    private SuitePage()
    {
    }

    /// <summary>Rows by load and tool.</summary>
    public IReadOnlyDictionary<(string Load, string Tool), SuitePageRow> Rows => _rows;

    /// <summary>Layers by load, in order, with processor time for each packet.</summary>
    public IReadOnlyDictionary<string, List<(string Layer, double Nanoseconds)>> Layers => _layers;

    /// <summary>Reads a page. Throws <see cref="FormatException"/> where it has no table of a load, or a figure is none.</summary>
    public static SuitePage Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var page = new SuitePage();
        (string load, bool isLayers) = ("", false);
        string[] columns = [];
        foreach (string line in text.Split('\n').Select(static line => line.TrimEnd('\r')))
        {
            if (line.StartsWith(SuiteText.LayersHeading, StringComparison.Ordinal)) (load, isLayers, columns) = (line[SuiteText.LayersHeading.Length..].Trim(), true, []);
            else if (line.StartsWith("### ", StringComparison.Ordinal) && line.IndexOf(':', StringComparison.Ordinal) is var colon and > 4) (load, isLayers, columns) = (line[4..colon], false, []);
            else if (line.StartsWith('#')) (load, columns) = ("", []);
            else if (load.Length > 0 && line.StartsWith('|')) page.Take(load, isLayers, Cells(line), ref columns);
        }

        return page._rows.Count > 0 ? page : throw new FormatException("no page of the suite: it has no table of a load");
    }

    private void Take(string load, bool isLayers, string[] cells, ref string[] columns)
    {
        if (columns.Length == 0)
        {
            columns = cells;
            return;
        }

        if (cells.Length == 0 || cells[0].StartsWith("--", StringComparison.Ordinal)) return;
        if (isLayers)
        {
            if (!_layers.TryGetValue(load, out List<(string, double)>? layers)) _layers.Add(load, layers = []);
            layers.Add((cells[0], Number(Cell(columns, cells, "CPU ns/packet"))));
            return;
        }

        // Earlier pages call the column of correctness "records".
        string right = Cell(columns, cells, "right") is { Length: > 0 } said ? said : Cell(columns, cells, "records");
        _rows[(load, cells[0])] = new SuitePageRow(Number(Cell(columns, cells, "CPU s")), Number(Cell(columns, cells, "peak MB")), right);
    }

    private static string Cell(string[] columns, string[] cells, string name)
    {
        int at = Array.IndexOf(columns, name);
        return at >= 0 && at < cells.Length ? cells[at] : "";
    }

    private static double Number(string text)
    {
        if (text.Length == 0) return double.NaN;
        return double.TryParse(text, NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out double value)
            ? value
            : throw new FormatException($"'{text}' stands where a figure should");
    }

    // A bar within a cell is escaped.
    private static string[] Cells(string line)
    {
        const char bar = '\u0001';
        string[] cells = [.. line.Replace("\\|", bar.ToString(), StringComparison.Ordinal).Trim().Trim('|').Split('|').Select(static cell => cell.Trim().Replace(bar, '|'))];
        return cells;
    }
}

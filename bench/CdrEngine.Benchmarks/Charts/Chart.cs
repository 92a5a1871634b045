namespace CdrEngine.Benchmarks.Charts;

/// <summary>A picture of lines over two axes.</summary>
public sealed record Chart
{
    /// <summary>What it shows, in one line.</summary>
    public required string Title { get; init; }

    /// <summary>The same told in a sentence or two, for those who cannot see it.</summary>
    public string Description { get; init; } = "";

    /// <summary>The axis across.</summary>
    public required ChartAxis Across { get; init; }

    /// <summary>The axis up.</summary>
    public required ChartAxis Up { get; init; }

    /// <summary>The lines; those without points are left out.</summary>
    public required IReadOnlyList<ChartSeries> Series { get; init; }
}

/// <summary>An axis.</summary>
/// <param name="Name">What is measured along it.</param>
/// <param name="Unit">Unit; empty for a count.</param>
/// <param name="IsLogarithmic">Whether each step is ten times the one before. Values of 0 and below are left out then. Otherwise it begins at 0.</param>
public sealed record ChartAxis(string Name, string Unit = "", bool IsLogarithmic = false)
{
    /// <summary>Name and unit.</summary>
    public string Label => Unit.Length == 0 ? Name : $"{Name}, {Unit}";
}

/// <summary>One line.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Points">Its points.</param>
public sealed record ChartSeries(string Name, IReadOnlyList<ChartPoint> Points);

/// <summary>One point.</summary>
/// <param name="X">Across.</param>
/// <param name="Y">Up.</param>
/// <param name="Note">What else to say of it where one points at it.</param>
public readonly record struct ChartPoint(double X, double Y, string Note = "");

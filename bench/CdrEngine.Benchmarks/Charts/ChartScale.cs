using System.Globalization;

namespace CdrEngine.Benchmarks.Charts;

/// <summary>Where values stand along an axis, and where it has its marks.</summary>
public sealed class ChartScale
{
    private const int LinearMarks = 5;
    private readonly bool _isLogarithmic;
    private readonly double _low;
    private readonly double _high;

    private ChartScale(bool isLogarithmic, double low, double high, IReadOnlyList<double> marks)
    {
        (_isLogarithmic, _low, _high) = (isLogarithmic, low, high);
        Marks = marks;
    }

    /// <summary>Values at which the axis has a mark, in order.</summary>
    public IReadOnlyList<double> Marks { get; }

    /// <summary>A scale with room for all values. Without any it goes from 0 to 1, or from 1 to 10.</summary>
    public static ChartScale For(ChartAxis axis, IEnumerable<double> values)
    {
        ArgumentNullException.ThrowIfNull(axis);
        double[] all = [.. values.Where(value => double.IsFinite(value) && (!axis.IsLogarithmic || value > 0))];
        return axis.IsLogarithmic ? Logarithmic(all) : Linear(all);
    }

    /// <summary>Where a value stands: 0 at the beginning of the axis, 1 at its end.</summary>
    public double Place(double value) => ((_isLogarithmic ? Math.Log10(value) : value) - _low) / (_high - _low);

    /// <summary>Whether the value can stand on the axis.</summary>
    public bool Holds(double value) => double.IsFinite(value) && (!_isLogarithmic || value > 0);

    /// <summary>A value as the axis names it: 0.5, 20, 3,000, 40 k, 2 M.</summary>
    public static string Name(double value) => Math.Abs(value) switch
    {
        >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e9:0.##} G"),
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:0.##} M"),
        >= 1e4 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e3:0.##} k"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value:#,0.####}"),
    };

    // Whole steps of 1, 2 or 5 times a power of ten, five of them or a few more.
    private static ChartScale Linear(double[] values)
    {
        double most = values.Length == 0 ? 1 : Math.Max(values.Max(), 0), least = values.Length == 0 ? 0 : Math.Min(values.Min(), 0);
        if (most <= least) most = least + 1;
        double raw = (most - least) / LinearMarks, power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double step = power * (raw / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        double low = Math.Floor(least / step) * step;
        int steps = Math.Max(1, (int)Math.Ceiling(((most - low) / step) - 1e-9));
        return new ChartScale(false, low, low + (steps * step), [.. Enumerable.Range(0, steps + 1).Select(i => low + (i * step))]);
    }

    // Marks at powers of ten, and at 2 and 5 times of them where there are less than three powers. Some room at both ends.
    private static ChartScale Logarithmic(double[] values)
    {
        double least = Math.Log10(values.Length == 0 ? 1 : values.Min()), most = Math.Log10(values.Length == 0 ? 10 : values.Max());
        if (most - least < 0.3) (least, most) = (least - 0.15, most + 0.15);
        double room = 0.04 * (most - least), low = least - room, high = most + room;
        double[] between = high - low < 3 ? [1, 2, 5] : [1];
        var marks = new List<double>();
        for (int power = (int)Math.Floor(low); power <= (int)Math.Ceiling(high); power++)
        {
            foreach (double times in between)
            {
                double mark = times * Math.Pow(10, power), at = Math.Log10(mark);
                if (at >= low && at <= high) marks.Add(mark);
            }
        }

        return new ChartScale(true, low, high, marks);
    }
}

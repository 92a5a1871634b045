using System.Globalization;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>What a comparison of two pages found.</summary>
/// <param name="Regressions">What is worse than it may be, a line each; empty where nothing is.</param>
/// <param name="Lines">Everything that was compared, a line each.</param>
public sealed record RegressionReport(IReadOnlyList<string> Regressions, IReadOnlyList<string> Lines);

/// <summary>Compares two pages of the suite by ratios, never by times: what ours took over what a peer took in the same run, and what a layer took over the
/// layer below it. So pages of different machines and days can be compared.</summary>
/// <remarks>A row of ours has a ratio with each peer. Each peer is noisy in its own way, so the median of the changes counts.</remarks>
public static class RegressionCheck
{
    /// <summary>How much larger a ratio may have become: a quarter. Two runs on a shared machine differ by a tenth or two.</summary>
    public const double DefaultTolerance = 0.25;

    /// <summary>A peer that took less than this is no yardstick: its start is all that was measured.</summary>
    private const double ShortestCpuSeconds = 0.2;

    /// <summary>A layer that takes less has no ratio worth comparing.</summary>
    private const double LeastNanoseconds = 5;

    /// <summary>Compares.</summary>
    /// <param name="before">The page to compare with.</param>
    /// <param name="now">The new one.</param>
    /// <param name="tolerance">How much larger a ratio may have become: 0.25 for a quarter.</param>
    public static RegressionReport Compare(SuitePage before, SuitePage now, double tolerance)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(now);
        var check = new Check(before, now, tolerance);
        foreach (((string load, string tool), SuitePageRow old) in before.Rows)
        {
            if (IsOurs(tool) && old.HasFigures) check.Row(load, tool, old);
        }

        // What is new has to be right too.
        foreach (((string load, string tool), SuitePageRow row) in now.Rows)
        {
            if (IsOurs(tool) && !before.Rows.ContainsKey((load, tool))) check.Correct(load, tool, row);
        }

        foreach ((string load, List<(string, double)> layers) in before.Layers) check.Layers(load, layers);
        return new RegressionReport(check.Regressions, check.Lines);
    }

    private static bool IsOurs(string tool) => tool.StartsWith("cdrengine", StringComparison.Ordinal);

    private sealed class Check(SuitePage before, SuitePage now, double tolerance)
    {
        public List<string> Regressions { get; } = [];

        public List<string> Lines { get; } = [];

        public void Row(string load, string tool, SuitePageRow old)
        {
            if (!now.Rows.TryGetValue((load, tool), out SuitePageRow? row))
            {
                Lines.Add($"{load}, {tool}: not measured now");
                return;
            }

            if (!Correct(load, tool, row)) return;
            Ratio(load, tool, "CPU", old, row, static row => row.CpuSeconds, ShortestCpuSeconds);
            Ratio(load, tool, "memory", old, row, static row => row.PeakMegabytes, 1);
        }

        public bool Correct(string load, string tool, SuitePageRow row)
        {
            if (row.HasFigures && row.Right == "all right") return true;
            Regressions.Add(row.HasFigures ? $"{load}, {tool}: records are wrong: {row.Right}" : $"{load}, {tool}: no figures any more: {row.Right}");
            return false;
        }

        public void Layers(string load, List<(string Layer, double Nanoseconds)> old)
        {
            if (!now.Layers.TryGetValue(load, out List<(string Layer, double Nanoseconds)>? layers)) return;
            for (int i = 1; i < old.Count; i++)
            {
                int at = layers.FindIndex(layer => layer.Layer == old[i].Layer);
                if (at < 1 || layers[at - 1].Layer != old[i - 1].Layer || !(old[i - 1].Nanoseconds >= LeastNanoseconds) || !(layers[at - 1].Nanoseconds >= LeastNanoseconds)) continue;
                double was = old[i].Nanoseconds / old[i - 1].Nanoseconds, isNow = layers[at].Nanoseconds / layers[at - 1].Nanoseconds;
                Judge($"{load}, layers, '{old[i].Layer}' ÷ '{old[i - 1].Layer}'", isNow / was, Told(was, isNow));
            }
        }

        private void Ratio(string load, string tool, string what, SuitePageRow old, SuitePageRow row, Func<SuitePageRow, double> of, double least)
        {
            var changes = new List<(double Change, string Peer, string Told)>();
            foreach (((string otherLoad, string peer), SuitePageRow oldPeer) in before.Rows)
            {
                if (otherLoad != load || IsOurs(peer) || !now.Rows.TryGetValue((load, peer), out SuitePageRow? newPeer)) continue;
                if (!(of(oldPeer) >= least) || !(of(newPeer) >= least)) continue;
                double was = of(old) / of(oldPeer), isNow = of(row) / of(newPeer);
                changes.Add((isNow / was, peer, Told(was, isNow)));
            }

            if (changes.Count == 0)
            {
                Lines.Add($"{load}, {tool}, {what}: no peer to compare with on both pages");
                return;
            }

            foreach ((double change, string peer, string told) in changes) Lines.Add($"{load}, {tool}, {what} ÷ {peer}: {told}, {Percent(change)}");
            changes.Sort(static (left, right) => left.Change.CompareTo(right.Change));
            double median = changes.Count % 2 == 1 ? changes[changes.Count / 2].Change : (changes[(changes.Count / 2) - 1].Change + changes[changes.Count / 2].Change) / 2;
            Judge($"{load}, {tool}, {what} ÷ peers", median, $"median of {changes.Count}");
        }

        private void Judge(string what, double change, string told)
        {
            string line = $"{what}: {told}, {Percent(change)}";
            Lines.Add(line);
            if (change > 1 + tolerance) Regressions.Add(string.Create(CultureInfo.InvariantCulture, $"{line}; {tolerance:P0} is tolerated"));
        }

        private static string Told(double was, double isNow) => string.Create(CultureInfo.InvariantCulture, $"{isNow:0.000}, was {was:0.000}");

        private static string Percent(double change) => string.Create(CultureInfo.InvariantCulture, $"{(change - 1) * 100:+0.0;-0.0;0.0} %");
    }
}

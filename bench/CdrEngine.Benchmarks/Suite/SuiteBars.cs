using System.Globalization;
using System.Text;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>A figure that is asked for, and what was measured.</summary>
/// <param name="Key">Its name in the file of reasons.</param>
/// <param name="Work">What is done.</param>
/// <param name="Unit">Unit of both figures.</param>
/// <param name="Asked">Figure asked for; NaN where none is and the row is there to compare.</param>
/// <param name="Measured">Figure measured.</param>
/// <param name="WithoutStart">The same with the start of the program taken off; NaN where that says nothing.</param>
/// <param name="AtLeast">Whether more is better.</param>
public sealed record Bar(string Key, string Work, string Unit, double Asked, double Measured, double WithoutStart = double.NaN, bool AtLeast = false)
{
    /// <summary>Whether it is met, as measured from start to end; null where nothing is asked.</summary>
    public bool? IsMet => double.IsNaN(Asked) ? null : AtLeast ? Measured >= Asked : Measured <= Asked;
}

/// <summary>What the project asks of its speed and memory, and what was measured in one run.</summary>
public static class SuiteBars
{
    /// <summary>Lower than a copy by tcpdump must be the cost of keeping every packet, times this.</summary>
    private const double OverCopying = 1.5;

    /// <summary>The bars that can be told from what was measured; those whose load or tool is missing are left out.</summary>
    /// <param name="loads">Loads; S, M and L are looked at, and C for memory.</param>
    /// <param name="start">Our program over a capture of one call: what it takes before it does anything; null where it was not measured.</param>
    /// <param name="encoderShare">Share of libmp3lame in the processor time that MP3 adds, 0 to 1; null where it was not measured.</param>
    public static IReadOnlyList<Bar> Of(IReadOnlyList<LoadResult> loads, ToolResult? start, double? encoderShare)
    {
        ArgumentNullException.ThrowIfNull(loads);
        var bars = new List<Bar>();
        double off = start is { Fault: null } ? start.CpuSeconds : double.NaN;
        foreach (LoadResult load in loads.Where(static load => load.Name is "M" or "L"))
        {
            PerPacket(bars, load, "read", "read the file, nothing else (tcpdump)", SuiteTools.Reading, double.NaN, double.NaN);
            PerPacket(bars, load, "copy", "read and write it, nothing else (tcpdump)", SuiteTools.Copying, double.NaN, double.NaN);
            PerPacket(bars, load, "records", "records and stream figures", SuiteTools.Reference, 0.20, off);
            PerPacket(bars, load, "packets", "+ every packet kept per call", SuiteTools.WithPackets, 0.50, off);
            if (load.Of(SuiteTools.WithPackets) is { } kept && load.Of(SuiteTools.Copying) is { CpuSeconds: > 0 } copy)
                bars.Add(new Bar($"packets-copy-{load.Name}", $"the same as multiple of tcpdump -w ({load.Name})", "×", OverCopying, kept.CpuSeconds / copy.CpuSeconds, (kept.CpuSeconds - off) / copy.CpuSeconds));
            PerPacket(bars, load, "wav", "+ recordings as WAV", SuiteTools.WithWav, 1.5, double.NaN);
        }

        if (encoderShare is { } share) bars.Add(new Bar("mp3", "share of libmp3lame in what MP3 adds (M)", "%", 85, share * 100, AtLeast: true));
        if (loads.FirstOrDefault(static load => load.Name == "S") is { SipMessages: > 0 } s && s.Of(SuiteTools.Reference) is { } signalling)
            bars.Add(new Bar("sip-S", "signalling only, records in the database (S)", "µs/message", 12, signalling.CpuSeconds * 1e6 / s.SipMessages, (signalling.CpuSeconds - off) * 1e6 / s.SipMessages));
        foreach ((string name, double asked) in new[] { ("S", 250.0), ("M", 200), ("L", 250), ("C", double.NaN), ("C100", double.NaN) })
        {
            // Whichever takes more: with the packets or without.
            double peak = loads.Where(load => load.Name == name).SelectMany(static load => load.Tools)
                .Where(static tool => tool.Fault is null && tool.Tool is SuiteTools.Reference or SuiteTools.WithPackets).Select(static tool => tool.PeakBytes).DefaultIfEmpty().Max();
            if (peak > 0) bars.Add(new Bar($"memory-{name}", $"peak memory, records and packets ({name})", "MB", asked, peak / 1e6));
        }

        return bars;
    }

    /// <summary>The table.</summary>
    /// <param name="bars">Bars.</param>
    /// <param name="start">As for <see cref="Of"/>; its cost stands in the last line.</param>
    /// <param name="reasons">Why a bar is not met, by its key.</param>
    public static string Table(IReadOnlyList<Bar> bars, ToolResult? start, IReadOnlyDictionary<string, string> reasons)
    {
        ArgumentNullException.ThrowIfNull(bars);
        ArgumentNullException.ThrowIfNull(reasons);
        var text = new StringBuilder("| bar, end to end with records written | asked | measured | start taken off | met | why not |\n|---|--:|--:|--:|---|---|\n");
        foreach (Bar bar in bars)
        {
            string sign = bar.AtLeast ? "≥" : "≤";
            string asked = double.IsNaN(bar.Asked) ? "" : $"{sign} {Figure(bar.Asked)} {bar.Unit}";
            string without = double.IsNaN(bar.WithoutStart) ? "" : Figure(bar.WithoutStart);
            string met = bar.IsMet switch { true => "yes", false => "**no**", _ => "" };
            string why = bar.IsMet == false ? reasons.GetValueOrDefault(bar.Key, "no reason is written down") : "";
            text.Append($"| {SuiteTable.Cell(bar.Work)} | {asked} | {Figure(bar.Measured)} {bar.Unit} | {without} | {met} | {SuiteTable.Cell(why)} |\n");
        }

        if (start is { Fault: null }) text.Append(CultureInfo.InvariantCulture, $"\nThe start, an import of one call: {start.CpuSeconds:N2} s CPU, {start.PeakBytes / 1e6:N0} MB.\n");
        return text.ToString();
    }

    /// <summary>Reads a file of reasons: lines <c>KEY = TEXT</c>; empty ones and those that begin with # do not count. Throws <see cref="FormatException"/>
    /// where a line is none of these.</summary>
    public static IReadOnlyDictionary<string, string> Reasons(IEnumerable<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var reasons = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in lines.Select(static line => line.Trim()).Where(static line => line.Length > 0 && line[0] != '#'))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1) throw new FormatException($"'{line}' is no reason: write KEY = TEXT");
            reasons[line[..equals].Trim()] = line[(equals + 1)..].Trim();
        }

        return reasons;
    }

    private static void PerPacket(List<Bar> bars, LoadResult load, string key, string work, string tool, double asked, double start)
    {
        if (load.Packets > 0 && load.Of(tool) is { } measured)
            bars.Add(new Bar($"{key}-{load.Name}", $"{work} ({load.Name})", "µs/packet", asked, measured.CpuSeconds * 1e6 / load.Packets, (measured.CpuSeconds - start) * 1e6 / load.Packets));
    }

    private static string Figure(double value) => value.ToString(Math.Abs(value) switch { < 10 => "0.00", < 100 => "0.0", _ => "N0" }, CultureInfo.InvariantCulture);
}

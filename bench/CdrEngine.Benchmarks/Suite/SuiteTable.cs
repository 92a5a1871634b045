using System.Globalization;
using System.Text;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>The tables of the page of record.</summary>
public static class SuiteTable
{
    /// <summary>The table of one load. Ratios are the tool's processor time over that of <paramref name="reference"/> in the same run of the suite.</summary>
    public static string Of(LoadResult load, string reference)
    {
        ArgumentNullException.ThrowIfNull(load);
        ToolResult? ours = load.Tools.FirstOrDefault(tool => tool.Tool == reference && tool.Fault is null);
        var text = new StringBuilder();
        Line(text, $"### {load.Name}: {load.Description}");
        text.Append(CultureInfo.InvariantCulture, $"{load.Packets:N0} packets ({load.SipMessages:N0} SIP messages, {load.RtpPackets:N0} RTP), ");
        Line(text, $"{load.Calls:N0} calls, at most {load.MostConcurrent:N0} at once, {load.Bytes / 1e6:N0} MB.");
        Line(text, $"");
        Line(text, $"| tool | CPU s | CPU ÷ ours | CPU ns/packet | SIP messages/CPU s | wall s | peak MB | written MB | records | runs |");
        Line(text, $"|---|--:|--:|--:|--:|--:|--:|--:|---|--:|");
        foreach (ToolResult tool in load.Tools) Row(text, load, tool, ours);
        return text.ToString();
    }

    /// <summary>What the first bars of the project ask, and what was measured. Rows whose tool failed are left out.</summary>
    /// <param name="loads">Loads; S, M and C are looked at.</param>
    /// <param name="reference">Tool that the bars are for.</param>
    /// <param name="start">The same tool over a capture of one call: what it takes before it does anything.</param>
    public static string Bars(IReadOnlyList<LoadResult> loads, string reference, ToolResult start)
    {
        ArgumentNullException.ThrowIfNull(loads);
        ArgumentNullException.ThrowIfNull(start);
        var text = new StringBuilder();
        Line(text, $"| bar (end to end, records written, cold start included) | asked | measured |");
        Line(text, $"|---|--:|--:|");
        if (Ours("M") is { } media)
            Line(text, $"| RTP packets for each second of CPU (M) | 1,500,000 | {PerSecond(media.Load.RtpPackets, media.Tool.CpuSeconds):N0} |");
        if (Ours("S") is { } signalling)
            Line(text, $"| SIP messages for each second of CPU (S) | 150,000 | {PerSecond(signalling.Load.SipMessages, signalling.Tool.CpuSeconds):N0} |");
        if (Ours("S") is { } calls) Line(text, $"| calls for each second of CPU (S) | | {PerSecond(calls.Load.Calls, calls.Tool.CpuSeconds):N0} |");
        if (Ours("C") is { } concurrent)
        {
            Line(text, $"| peak memory with {concurrent.Load.MostConcurrent:N0} calls at once (C) | 1,000 MB with 20,000 | {concurrent.Tool.PeakBytes / 1e6:N0} MB |");
            double each = (concurrent.Tool.PeakBytes - start.PeakBytes) / Math.Max(1, concurrent.Load.MostConcurrent);
            Line(text, $"| peak memory for each of them, over an import of one call ({start.PeakBytes / 1e6:N0} MB) | | {each / 1e3:N1} kB |");
        }

        Line(text, $"| an import of one call: start, compile, end | | {start.CpuSeconds:N2} s CPU, {start.PeakBytes / 1e6:N0} MB |");
        return text.ToString();

        (LoadResult Load, ToolResult Tool)? Ours(string name)
        {
            LoadResult? load = loads.FirstOrDefault(candidate => candidate.Name == name);
            ToolResult? tool = load?.Tools.FirstOrDefault(candidate => candidate.Tool == reference && candidate.Fault is null);
            return tool is null ? null : (load!, tool);
        }
    }

    private static void Row(StringBuilder text, LoadResult load, ToolResult tool, ToolResult? ours)
    {
        if (tool.Fault is { } fault)
        {
            Line(text, $"| {Cell(tool.Tool)} | | | | | | | | {Cell(fault)} | {tool.Runs.Count} |");
            return;
        }

        string ratio = ours is null || ours.CpuSeconds <= 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{tool.CpuSeconds / ours.CpuSeconds:N2}");
        double nanoseconds = load.Packets == 0 ? 0 : tool.CpuSeconds * 1e9 / load.Packets;
        text.Append(CultureInfo.InvariantCulture, $"| {Cell(tool.Tool)} | {tool.CpuSeconds:N2} | {ratio} | {nanoseconds:N0} ");
        text.Append(CultureInfo.InvariantCulture, $"| {PerSecond(load.SipMessages, tool.CpuSeconds):N0} | {tool.WallSeconds:N2} ");
        Line(text, $"| {tool.PeakBytes / 1e6:N0} | {tool.WrittenBytes / 1e6:N0} | {Cell(Records(tool))} | {tool.Runs.Count} |");
    }

    private static string Records(ToolResult tool)
    {
        if (!tool.IsOurs) return "";
        return tool.Runs.FirstOrDefault(static run => run.RecordsFault is not null)?.RecordsFault ?? "all right";
    }

    private static double PerSecond(long count, double seconds) => seconds <= 0 ? 0 : count / seconds;

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}

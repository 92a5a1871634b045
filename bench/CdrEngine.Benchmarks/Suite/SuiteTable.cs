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
        Line(text, $"| bar, end to end with records written | asked | measured | the start taken off |");
        Line(text, $"|---|--:|--:|--:|");
        if (Ours("M") is { } media) Rate("RTP packets for each second of CPU (M)", "1,500,000", media.Load.RtpPackets, media.Tool);
        if (Ours("S") is { } signalling)
        {
            Rate("SIP messages for each second of CPU (S)", "150,000", signalling.Load.SipMessages, signalling.Tool);
            Rate("calls for each second of CPU (S)", "", signalling.Load.Calls, signalling.Tool);
        }

        if (Ours("C") is { } concurrent)
        {
            double over = concurrent.Tool.PeakBytes - start.PeakBytes;
            int calls = Math.Max(1, concurrent.Load.MostConcurrent);
            Line(text, $"| peak memory with {calls:N0} calls at once (C) | 1,000 MB with 20,000 | {concurrent.Tool.PeakBytes / 1e6:N0} MB | {over / 1e6:N0} MB |");
            Line(text, $"| the same for each call | | {concurrent.Tool.PeakBytes / calls / 1e3:N1} kB | {over / calls / 1e3:N1} kB |");
        }

        Line(text, $"| the start: an import of one call | | {start.CpuSeconds:N2} s CPU, {start.PeakBytes / 1e6:N0} MB | |");
        return text.ToString();

        (LoadResult Load, ToolResult Tool)? Ours(string name)
        {
            LoadResult? load = loads.FirstOrDefault(candidate => candidate.Name == name);
            ToolResult? tool = load?.Tools.FirstOrDefault(candidate => candidate.Tool == reference && candidate.Fault is null);
            return tool is null ? null : (load!, tool);
        }

        void Rate(string name, string asked, long count, ToolResult tool) =>
            Line(text, $"| {name} | {asked} | {PerSecond(count, tool.CpuSeconds):N0} | {PerSecond(count, tool.CpuSeconds - start.CpuSeconds):N0} |");
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

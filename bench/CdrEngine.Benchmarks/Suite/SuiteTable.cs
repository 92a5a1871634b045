using System.Globalization;
using System.Text;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>The tables of the page of record.</summary>
public static class SuiteTable
{
    /// <summary>First line of each table of a load; <see cref="SuitePage"/> reads the columns by these names.</summary>
    public const string Head =
        "| tool | CPU s | CPU ÷ ours | CPU ns/packet | CPU µs/SIP message | packets/s | calls/s | wall s | peak MB | kB/call at once | written MB | right | runs |";

    private const string Rule = "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|--:|";

    /// <summary>The table of one load. Ratios are the tool's processor time over that of <paramref name="reference"/> in the same run of the suite.</summary>
    public static string Of(LoadResult load, string reference)
    {
        ArgumentNullException.ThrowIfNull(load);
        ToolResult? ours = load.Of(reference);
        var text = new StringBuilder();
        Line(text, $"### {load.Name}: {load.Description}");
        text.Append(CultureInfo.InvariantCulture, $"{load.Packets:N0} packets ({load.SipMessages:N0} SIP messages, {load.RtpPackets:N0} RTP), ");
        Line(text, $"{load.Calls:N0} calls, at most {load.MostConcurrent:N0} at once, {load.Registrations:N0} registrations, {load.Bytes / 1e6:N0} MB.");
        Line(text, $"");
        Line(text, $"{Head}");
        Line(text, $"{Rule}");
        foreach (ToolResult tool in load.Tools) Row(text, load, tool, ours);
        return text.ToString();
    }

    /// <summary>Text that can stand in a cell.</summary>
    public static string Cell(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
    }

    private static void Row(StringBuilder text, LoadResult load, ToolResult tool, ToolResult? ours)
    {
        if (tool.Fault is { } fault)
        {
            Line(text, $"| {Cell(tool.Tool)} | | | | | | | | | | | {Cell(fault)} | {tool.Runs.Count} |");
            return;
        }

        string ratio = ours is null || ours.CpuSeconds <= 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{tool.CpuSeconds / ours.CpuSeconds:N2}");
        text.Append(CultureInfo.InvariantCulture, $"| {Cell(tool.Tool)} | {tool.CpuSeconds:F3} | {ratio} ");
        text.Append($"| {Per(tool.CpuSeconds * 1e9, load.Packets)} | {Per(tool.CpuSeconds * 1e6, load.SipMessages, "N1")} ");
        text.Append($"| {Per(load.Packets, tool.WallSeconds)} | {(load.Calls == 0 ? "" : Per(load.Calls, tool.WallSeconds))} ");
        text.Append(CultureInfo.InvariantCulture, $"| {tool.WallSeconds:F3} | {tool.PeakBytes / 1e6:N0} | {(load.MostConcurrent < 100 ? "" : Per(tool.PeakBytes / 1e3, load.MostConcurrent, "N1"))} ");
        Line(text, $"| {tool.WrittenBytes / 1e6:N0} | {Cell(tool.Right)} | {tool.Runs.Count} |");
    }

    private static string Per(double amount, double by, string format = "N0") => by <= 0 ? "" : (amount / by).ToString(format, CultureInfo.InvariantCulture);

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}

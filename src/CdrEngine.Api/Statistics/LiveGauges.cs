using System.Globalization;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Statistics;

/// <summary>The calls in progress as gauges of Prometheus. Labels are states (a few) and sources, at most <see cref="LiveTotals.MaxSources"/>.</summary>
internal static class LiveGauges
{
    public static string Prometheus(LiveTotals totals)
    {
        var text = new StringBuilder(1024);
        Head(text, "cdrengine_live_calls", "calls in progress by state");
        foreach ((LiveState state, int calls) in totals.States)
            text.Append(CultureInfo.InvariantCulture, $"cdrengine_live_calls{{state=\"{EnumNames<LiveState>.Of(state)}\"}} {calls}\n");
        Head(text, "cdrengine_live_source_calls", "calls in progress by source");
        foreach ((string source, int calls) in totals.Sources)
            text.Append(CultureInfo.InvariantCulture, $"cdrengine_live_source_calls{{source=\"{Label(source)}\"}} {calls}\n");
        return text.ToString();
    }

    private static void Head(StringBuilder text, string name, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(" gauge\n");

    // Names of sources may come from the wire (HEP agents).
    private static string Label(string text)
    {
        var label = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (c is '\\' or '"') label.Append('\\').Append(c);
            else label.Append(char.IsControl(c) ? '?' : c);
        }

        return label.ToString();
    }
}

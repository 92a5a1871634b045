using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CdrEngine.Api.Statistics;

/// <summary>All counters at one moment, in the two forms they are served in.</summary>
internal sealed class StatisticsReport
{
    /// <summary>Media type of <see cref="Prometheus"/>.</summary>
    public const string PrometheusType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly List<Area> _areas = [];

    private StatisticsReport(string version, DateTimeOffset startedAt, TimeSpan uptime)
    {
        Version = version;
        StartedAt = startedAt;
        Uptime = uptime;
    }

    private string Version { get; }

    private DateTimeOffset StartedAt { get; }

    private TimeSpan Uptime { get; }

    /// <summary>Reads all sources. Areas stand in alphabetical order, counters as their part lists them.</summary>
    public static StatisticsReport Of(IEnumerable<IStatisticsSource> sources, string version, DateTimeOffset startedAt, TimeSpan uptime)
    {
        var report = new StatisticsReport(version, startedAt, uptime);
        foreach ((string area, string name, long value, string description) in sources.SelectMany(static source => source.Read()))
            report.Add(area, name, value, description);
        report._areas.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        return report;
    }

    public void WriteJson(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("version"u8, Version);
        writer.WriteString("started_at"u8, Core.Timestamp.From(StartedAt).ToString());
        writer.WriteNumber("uptime_seconds"u8, (long)Uptime.TotalSeconds);
        writer.WriteStartArray("areas"u8);
        foreach (Area area in _areas)
        {
            writer.WriteStartObject();
            writer.WriteString("area"u8, area.Name);
            writer.WriteStartArray("counters"u8);
            foreach (Counter counter in area.Counters)
            {
                writer.WriteStartObject();
                writer.WriteString("name"u8, counter.Name);
                writer.WriteNumber("value"u8, counter.Value);
                writer.WriteString("description"u8, counter.Description);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>The text format of Prometheus, version 0.0.4.</summary>
    public string Prometheus()
    {
        var text = new StringBuilder(16 * 1024);
        Head(text, "cdrengine_build_info", "gauge", "version of the program");
        text.Append(CultureInfo.InvariantCulture, $"cdrengine_build_info{{version=\"{Label(Version)}\"}} 1\n");
        Head(text, "cdrengine_uptime_seconds", "gauge", "seconds since the start");
        text.Append(CultureInfo.InvariantCulture, $"cdrengine_uptime_seconds {(long)Uptime.TotalSeconds}\n");
        foreach (Area area in _areas)
        {
            foreach (Counter counter in area.Counters)
            {
                string name = $"cdrengine_{MetricName(area.Name)}_{MetricName(counter.Name)}_total";
                Head(text, name, "counter", counter.Description);
                text.Append(CultureInfo.InvariantCulture, $"{name} {counter.Value}\n");
            }
        }

        return text.ToString();
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(Help(help)).Append('\n').Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static string Help(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Label(string text) => Help(text).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string MetricName(string name) =>
        string.Create(name.Length, name, static (span, from) =>
        {
            for (int i = 0; i < span.Length; i++) span[i] = char.IsAsciiLetterOrDigit(from[i]) ? from[i] : '_';
        });

    private void Add(string areaName, string name, long value, string description)
    {
        Area? area = _areas.Find(area => area.Name == areaName);
        if (area is null) _areas.Add(area = new Area(areaName));
        int at = area.Counters.FindIndex(counter => counter.Name == name);
        if (at < 0) area.Counters.Add(new Counter(name, value, description));
        else area.Counters[at] = area.Counters[at] with { Value = area.Counters[at].Value + value };
    }

    private sealed record Area(string Name)
    {
        public List<Counter> Counters { get; } = [];
    }

    private sealed record Counter(string Name, long Value, string Description);
}

using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;

namespace CdrEngine.Page.OneCall;

/// <summary>The streams of a call: figures, and charts over time for each direction.</summary>
internal static class CallQuality
{
    private const int IntervalSeconds = 10;

    private static readonly Column[] Columns =
    [
        new("From"), new("Way", "code"), new("Codec"), new("Packets", "num"), new("Lost", "num"), new("Jitter", "num"), new("Worst gap", "num"), new("MOS", "num"), new("Worst 10 s", "num"), new("RTCP says"), new("SSRC", "code"),
    ];

    /// <summary>The part of the page; nothing where there were no streams.</summary>
    public static Html Draw(CallRecord call)
    {
        if (call.Streams.Count == 0) return Html.None;
        Html table = Pieces.Table("Streams of sound", Columns, call.Streams.Select(Row));
        StreamRecord? caller = Main(call, PartySide.Caller), callee = Main(call, PartySide.Callee);
        Html charts = caller is null && callee is null ? Html.None : Charts(call, caller, callee);
        return Pieces.Card("quality", "Sound quality", Html.Of($"{charts}{table}"));
    }

    private static Html Row(StreamRecord stream) => Pieces.Row(
        Columns,
        Html.Of($"{SideName(stream.From)}"),
        Html.Of($"{stream.Source} → {stream.Destination}"),
        Words.Text(stream.Codec ?? $"type {stream.PayloadType}"),
        Html.Of($"{Words.Number(stream.Packets)}"),
        Html.Of($"{Words.Number(stream.Lost)} <span class=\"dim\">{Words.Percent(stream.Lost, stream.Expected)}</span>"),
        Html.Of($"{Words.Milliseconds(stream.JitterMillisecondsMean)}{(stream.JitterMillisecondsMax is { } most ? Html.Of($" <span class=\"dim\">max {Words.Number(most, 0)}</span>") : Html.None)}"),
        Words.Milliseconds(stream.DeltaMillisecondsMax),
        Badge.Mos(stream.Mos),
        Badge.Mos(stream.MosMin),
        Rtcp(stream.Rtcp),
        Html.Of($"{stream.Ssrc.ToString("x8", CultureInfo.InvariantCulture)}"));

    private static Html Rtcp(RtcpRecord? rtcp)
    {
        if (rtcp is null || (rtcp.Reports == 0 && rtcp.RoundTripMilliseconds is null)) return Words.None;
        string loss = rtcp.LossPercentMax is { } most ? $"loss up to {Words.Number(most, 1)}%" : "";
        string round = rtcp.RoundTripMilliseconds is { } trip ? $"round trip {Words.Number(trip, 0)} ms" : "";
        return Html.Of($"{string.Join(", ", new[] { loss, round }.Where(static text => text.Length > 0))}");
    }

    /// <summary>Charts with both directions in each: what each side sent, as it passed the capture.</summary>
    private static Html Charts(CallRecord call, StreamRecord? caller, StreamRecord? callee)
    {
        Timestamp from = new[] { caller?.StartedAt, callee?.StartedAt }.Min(static at => at?.Microseconds) is { } first ? new Timestamp(first) : call.StartedAt;
        Timestamp to = Timestamp.Max(caller?.EndedAt ?? from, callee?.EndedAt ?? from);
        int places = Math.Clamp((int)((to - from).TotalSeconds / IntervalSeconds) + 1, 2, 2000);
        int every = Math.Max(1, places / 240);
        int count = (places + every - 1) / every;
        string[] labels = [.. Enumerable.Range(0, count).Select(i => Words.Span(TimeSpan.FromSeconds(i * every * IntervalSeconds)).Replace(" s", "", StringComparison.Ordinal))];
        for (int i = 0; i < labels.Length; i++) labels[i] = TimeSpan.FromSeconds(i * every * IntervalSeconds) is var at ? $"{(int)at.TotalMinutes}:{at.Seconds:00}" : "";
        (double, double, string, string)[] marks = [.. Marks(call, from, every)];
        Html Chart(string id, string title, string unit, double least, double? most, Func<StreamIntervalRecord, double?> value, Func<double, double, bool> isWorse)
        {
            Series[] lines = [.. new[] { (Name: "caller sent", Kind: "s1", Stream: caller), (Name: "callee sent", Kind: "s2", Stream: callee) }
                .Where(static line => line.Stream is not null)
                .Select(line => new Series(line.Name, line.Kind, Values(line.Stream!, from, count, every, value, isWorse)))];
            string description = string.Join(". ", lines.Select(line => line.Values.Any(static v => v is not null)
                ? $"{Words.Plain(line.Name)}: between {Words.Number(line.Values.Min() ?? 0, 2)} and {Words.Number(line.Values.Max() ?? 0, 2)}{unit}"
                : $"{Words.Plain(line.Name)}: nothing known"));
            return Kit.Charts.Lines(id, title, description, labels, lines, least, most, unit, marks);
        }

        return Html.Of($"""
            <div class="charts">
            {Chart("chart-mos", "MOS", "", 1, 4.5, static interval => interval.Mos, static (a, b) => a < b)}
            {Chart("chart-loss", "Loss", "%", 0, null, static interval => interval.Packets + interval.Lost == 0 ? null : 100.0 * interval.Lost / (interval.Packets + interval.Lost), static (a, b) => a > b)}
            {Chart("chart-jitter", "Jitter", " ms", 0, null, static interval => interval.JitterMilliseconds, static (a, b) => a > b)}
            </div>
            """);
    }

    private static double?[] Values(StreamRecord stream, Timestamp from, int count, int every, Func<StreamIntervalRecord, double?> value, Func<double, double, bool> isWorse)
    {
        double?[] values = new double?[count];
        double shift = (stream.StartedAt - from).TotalSeconds;
        foreach (StreamIntervalRecord interval in stream.Intervals)
        {
            int at = (int)((shift + interval.StartSecond) / IntervalSeconds / every);
            if (at < 0 || at >= count || value(interval) is not { } own) continue;
            if (values[at] is not { } there || isWorse(own, there)) values[at] = own;
        }

        return values;
    }

    private static IEnumerable<(double, double, string, string)> Marks(CallRecord call, Timestamp from, int every)
    {
        double Place(Timestamp at) => Math.Max(0, (at - from).TotalSeconds / IntervalSeconds / every);
        foreach (HeldInterval held in call.Held) yield return (Place(held.From), Place(held.To ?? call.EndedAt ?? held.From), "m-hold", $"on hold by the {EnumNames<PartySide>.Of(held.By)}");
        foreach (OneWayInterval oneWay in call.OneWay) yield return (Place(oneWay.StartedAt), Place(oneWay.EndedAt), "m-gap", $"the {EnumNames<PartySide>.Of(oneWay.From)} was not heard");
        foreach (StreamRecord stream in call.Streams)
        {
            foreach (StreamGap gap in stream.Gaps.Take(20)) yield return (Place(gap.From), Place(gap.To), "m-gap", $"nothing from the {EnumNames<PartySide>.Of(stream.From)} for {Words.Span(gap.To - gap.From)}");
        }
    }

    /// <summary>The stream with most packets of a side, measured where it was seen first.</summary>
    private static StreamRecord? Main(CallRecord call, PartySide side) =>
        call.Streams.Where(stream => stream.From == side && stream.Intervals.Count > 0).OrderByDescending(static stream => stream.Packets).ThenBy(static stream => stream.StartedAt).FirstOrDefault();

    private static string SideName(PartySide side) => side switch { PartySide.Caller => "Caller", PartySide.Callee => "Callee", _ => "Unknown" };
}

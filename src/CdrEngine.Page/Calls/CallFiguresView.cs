using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Calls;

/// <summary>Draws the sums over a list of calls.</summary>
internal static class CallFiguresView
{
    private static readonly (string Name, string Kind)[] Kinds = [("answered", "c-good"), ("not reached", "c-mild"), ("failed", "c-bad")];

    /// <summary>Figures and charts.</summary>
    public static Html Draw(CallFigures figures, PageRequest request, CallQuery filter)
    {
        CallSums sums = figures.Sums;
        if (sums.Calls == 0 && figures.CountedFrom is null) return Html.None;
        Html scope = figures.CountedFrom is { } from ? Html.Of($"since {Words.Time(from, request.Viewer.Zone)}; older ones are not counted") : Html.Of($"all that match");
        double? mos = sums.MeanMos;
        Tile[] tiles =
        [
            new("Calls", Html.Of($"{Words.Number(sums.Calls)}{(figures.CountedFrom is null ? "" : "+")}"), scope),
            new("Answered", Html.Of($"{Words.Number(sums.Answered)}"), Html.Of($"ASR {Words.Percent(sums.Answered, sums.Calls)}")),
            new("Minutes", Html.Of($"{Words.Number(sums.Minutes, sums.Minutes < 100 ? 1 : 0)}"), Html.Of($"{(sums.AverageCallSeconds is { } mean ? $"ACD {Words.Span(TimeSpan.FromSeconds(mean))}" : "nothing was talked")}")),
            new("PDD", sums.MeanPddSeconds is { } delay ? Words.Milliseconds(delay * 1000) : Words.None, Html.Of($"mean until it rang")),
            new("MOS", mos is { } score ? Html.Of($"{Words.Number(score, 2)}") : Words.None, Html.Of($"{(mos is { } heard ? Badge.MosWords(heard) : "nothing was heard")}")) { Tone = mos is { } tone ? Badge.MosTone(tone) : Tone.Plain },
        ];
        return Html.Of($"""<div class="totals">{Pieces.Tiles(tiles)}{Chart(figures, request, filter)}</div>""");
    }

    private static Html Chart(CallFigures figures, PageRequest request, CallQuery filter)
    {
        if (figures.Chart is not { } chart) return Html.None;
        (string Name, string Kind)[] parts = chart.HasKinds ? Kinds : [Kinds[0], ("not answered", Kinds[1].Kind)];
        TimeSpan span = chart.Bars.Count * chart.Step;
        string form = span > TimeSpan.FromDays(1.5) ? chart.Step < TimeSpan.FromDays(1) ? "d MMM HH:mm" : "d MMM" : chart.Step < TimeSpan.FromMinutes(1) ? "HH:mm:ss" : "HH:mm";
        Place here = Place.Of(request.Context.Request).At("/calls").Without("when", "from", "to", "cursor", "after", "before", "totals");
        Bar[] bars = [.. chart.Bars.Select((heights, i) =>
        {
            Timestamp from = chart.Start + (i * chart.Step);
            string label = Words.Local(from, request.Viewer.Zone).ToString(form, CultureInfo.InvariantCulture);
            Timestamp first = filter.From is { } cut && cut > from ? cut : from, last = filter.To is { } end && end < from + chart.Step ? end : from + chart.Step;
            return new Bar(label, heights[..parts.Length], heights.Sum() == 0 ? null : here.With("from", Moments.From(first, request.Viewer.Zone)).With("to", Moments.To(last, request.Viewer.Zone)).ToString());
        })];
        double all = chart.Bars.Sum(static heights => heights.Sum());
        string part = figures.CountedFrom is { } since ? $", since {Words.Local(since, request.Viewer.Zone).ToString("d MMM HH:mm", CultureInfo.InvariantCulture)}" : "";
        string description = $"{Words.Count((long)all, "call")}: {string.Join(", ", parts.Select((part, i) => $"{Words.Number(chart.Bars.Sum(heights => heights[i]))} {part.Name}"))}.";
        return Charts.Bars("calls-over-time", $"Calls by {Name(chart.Step)}{part}", description, parts, bars[Math.Min(chart.Counted, bars.Length - 1)..], 96, 420);
    }

    private static string Name(TimeSpan step) => step switch
    {
        { TotalDays: >= 1 } => step.TotalDays == 1 ? "day" : $"{step.TotalDays:0} days",
        { TotalHours: >= 1 } => step.TotalHours == 1 ? "hour" : $"{step.TotalHours:0} hours",
        { TotalMinutes: >= 1 } => step.TotalMinutes == 1 ? "minute" : $"{step.TotalMinutes:0} minutes",
        _ => step.TotalSeconds == 1 ? "second" : $"{step.TotalSeconds:0} seconds",
    };
}

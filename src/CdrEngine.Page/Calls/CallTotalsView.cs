using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Calls;

/// <summary>Draws the sums over a list of calls.</summary>
internal static class CallTotalsView
{
    private const int Places = 48;

    private static readonly (string Name, string Kind)[] Parts = [("answered", "c-good"), ("not reached", "c-mild"), ("failed", "c-bad")];

    /// <summary>Figures and charts.</summary>
    public static Html Draw(CallTotals totals, PageRequest request)
    {
        if (totals.Calls == 0) return Html.None;
        string scope = totals.IsCut ? $"of the newest {Words.Number(totals.Calls)}; there are more" : "all that match";
        Tile[] tiles =
        [
            new("Calls", Html.Of($"{Words.Number(totals.Calls)}{(totals.IsCut ? "+" : "")}"), Html.Of($"{scope}")),
            new("Answered", Html.Of($"{Words.Number(totals.Answered)}"), Html.Of($"ASR {Words.Percent(totals.Answered, totals.Calls)}")),
            new("Minutes", Html.Of($"{Words.Number(totals.Talk.TotalMinutes, totals.Talk.TotalMinutes < 100 ? 1 : 0)}"), Html.Of($"{(totals.MeanTalk is { } mean ? $"ACD {Words.Span(mean)}" : "nothing was talked")}")),
            new("PDD", totals.PostDialDelay is { } delay ? Words.Milliseconds(delay) : Words.None, Html.Of($"mean until it rang")),
            new("MOS", totals.Mos is { } mos ? Html.Of($"{Words.Number(mos, 2)}") : Words.None, Html.Of($"{(totals.Mos is { } score ? Badge.MosWords(score) : "nothing was heard")}")) { Tone = totals.Mos is { } tone ? Badge.MosTone(tone) : Tone.Plain },
        ];
        return Html.Of($"""<div class="totals">{Pieces.Tiles(tiles)}{Chart(totals, request)}</div>""");
    }

    private static Html Chart(CallTotals totals, PageRequest request)
    {
        if (totals.Calls < 2) return Html.None;
        Timestamp first = totals.Marks[^1].At, last = totals.Marks[0].At;
        TimeSpan step = Step(last - first);
        long start = first.Microseconds - (first.Microseconds % ((long)step.TotalMicroseconds));
        int count = (int)Math.Min(Places * 2, ((last.Microseconds - start) / (long)step.TotalMicroseconds) + 1);
        double[][] sums = [.. Enumerable.Range(0, count).Select(static _ => new double[3])];
        foreach (CallMark mark in totals.Marks)
        {
            int at = (int)Math.Clamp((mark.At.Microseconds - start) / (long)step.TotalMicroseconds, 0, count - 1);
            sums[at][PartOf(mark.Disposition)]++;
        }

        bool hasDays = last - first > TimeSpan.FromDays(1.5);
        Place here = Place.Of(request.Context.Request).At("/calls").Without("when", "from", "to", "cursor", "after", "before", "totals");
        Bar[] bars = [.. sums.Select((parts, i) =>
        {
            var from = new Timestamp(start + (i * (long)step.TotalMicroseconds));
            DateTime local = Words.Local(from, request.Viewer.Zone);
            string label = local.ToString(hasDays ? "d MMM" : "HH:mm", CultureInfo.InvariantCulture);
            return new Bar(label, parts, parts.Sum() == 0 ? null : here.With("from", from.ToString()).With("to", (from + step).ToString()).ToString());
        })];
        string description = $"{Words.Count(totals.Calls, "call")} from {first} to {last}: {string.Join(", ", Parts.Select((part, i) => $"{sums.Sum(parts => parts[i])} {part.Name}"))}.";
        return Charts.Bars("calls-over-time", $"Calls by {Name(step)}", description, Parts, bars, 110);
    }

    private static int PartOf(Disposition disposition) => disposition switch
    {
        Disposition.Answered or Disposition.InProgress => 0,
        Disposition.Busy or Disposition.NoAnswer or Disposition.Cancelled or Disposition.Redirected => 1,
        _ => 2,
    };

    private static TimeSpan Step(TimeSpan span)
    {
        TimeSpan[] steps =
        [
            TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(3),
            TimeSpan.FromHours(6), TimeSpan.FromDays(1), TimeSpan.FromDays(7), TimeSpan.FromDays(30),
        ];
        return Array.Find(steps, step => span / step <= Places) is { Ticks: > 0 } found ? found : TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerDay, span.Ticks / Places));
    }

    private static string Name(TimeSpan step) => step switch
    {
        { TotalDays: >= 1 } => step.TotalDays == 1 ? "day" : $"{step.TotalDays:0} days",
        { TotalHours: >= 1 } => step.TotalHours == 1 ? "hour" : $"{step.TotalHours:0} hours",
        { TotalMinutes: >= 1 } => step.TotalMinutes == 1 ? "minute" : $"{step.TotalMinutes:0} minutes",
        _ => step.TotalSeconds == 1 ? "second" : $"{step.TotalSeconds:0} seconds",
    };
}

using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Calls;

/// <summary>Draws the sums over a list of calls.</summary>
internal static class CallFiguresView
{
    private const int Places = 48;

    private static readonly (string Name, string Kind)[] Parts = [("answered", "c-good"), ("not reached", "c-mild"), ("failed", "c-bad")];

    /// <summary>Figures and charts.</summary>
    public static Html Draw(CallFigures figures, PageRequest request)
    {
        CallSums sums = figures.Sums;
        if (sums.Calls == 0) return Html.None;
        Html scope = figures.IsComplete ? Html.Of($"all that match")
            : figures.CountedFrom is { } from ? Html.Of($"since {Words.Time(from, request.Viewer.Zone)}; there are older ones")
            : Html.Of($"of the newest {Words.Number(sums.Calls)}; there are more");
        double? mos = sums.MeanMos;
        Tile[] tiles =
        [
            new("Calls", Html.Of($"{Words.Number(sums.Calls)}{(figures.IsComplete ? "" : "+")}"), scope),
            new("Answered", Html.Of($"{Words.Number(sums.Answered)}"), Html.Of($"ASR {Words.Percent(sums.Answered, sums.Calls)}")),
            new("Minutes", Html.Of($"{Words.Number(sums.Minutes, sums.Minutes < 100 ? 1 : 0)}"), Html.Of($"{(sums.AverageCallSeconds is { } mean ? $"ACD {Words.Span(TimeSpan.FromSeconds(mean))}" : "nothing was talked")}")),
            new("PDD", sums.MeanPddSeconds is { } delay ? Words.Milliseconds(delay * 1000) : Words.None, Html.Of($"mean until it rang")),
            new("MOS", mos is { } score ? Html.Of($"{Words.Number(score, 2)}") : Words.None, Html.Of($"{(mos is { } heard ? Badge.MosWords(heard) : "nothing was heard")}")) { Tone = mos is { } tone ? Badge.MosTone(tone) : Tone.Plain },
        ];
        return Html.Of($"""<div class="totals">{Pieces.Tiles(tiles)}{Chart(figures, request)}</div>""");
    }

    private static Html Chart(CallFigures figures, PageRequest request)
    {
        if (figures.Marks.Count < 2) return Html.None;
        Timestamp first = figures.Marks[^1].At, last = figures.Marks[0].At;
        TimeSpan step = Step(last - first);
        long width = (long)step.TotalMicroseconds;
        long start = first.Microseconds - (first.Microseconds % width);
        int count = (int)Math.Min(Places * 2, ((last.Microseconds - start) / width) + 1);
        double[][] sums = [.. Enumerable.Range(0, count).Select(static _ => new double[3])];
        foreach (CallMark mark in figures.Marks) sums[(int)Math.Clamp((mark.At.Microseconds - start) / width, 0, count - 1)][PartOf(mark.Disposition)]++;
        bool hasDays = last - first > TimeSpan.FromDays(1.5);
        Place here = Place.Of(request.Context.Request).At("/calls").Without("when", "from", "to", "cursor", "after", "before", "totals");
        Bar[] bars = [.. sums.Select((parts, i) =>
        {
            var from = new Timestamp(start + (i * width));
            DateTime local = Words.Local(from, request.Viewer.Zone);
            string label = local.ToString(hasDays ? "d MMM" : "HH:mm", CultureInfo.InvariantCulture);
            return new Bar(label, parts, parts.Sum() == 0 ? null : here.With("from", from.ToString()).With("to", (from + step).ToString()).ToString());
        })];
        string description = $"{Words.Count(figures.Marks.Count, "call")} from {first} to {last}: {string.Join(", ", Parts.Select((part, i) => $"{sums.Sum(parts => parts[i])} {part.Name}"))}.";
        string cut = figures.AreMarksCut ? $", the newest {Words.Number(figures.Marks.Count)}" : "";
        return Charts.Bars("calls-over-time", $"Calls by {Name(step)}{cut}", description, Parts, bars, 110);
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

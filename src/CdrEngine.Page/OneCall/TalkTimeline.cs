using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;

namespace CdrEngine.Page.OneCall;

/// <summary>The time line under a recording: two lanes of sound, with what happened meanwhile marked in them. It is drawn of the records; a module draws the outline of the
/// sound into it. Lanes stretch with the page, what is written in them does not.</summary>
internal sealed record TalkTimeline
{
    private const double Width = 1000;
    private const double Lane = 61;
    private const double Lanes = 124;
    private const int MostDigits = 200;
    private const int MostLosses = 400;

    private static readonly int[] TickSeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

    /// <summary>Calls heard in it.</summary>
    public required IReadOnlyList<SessionTalk> Talks { get; init; }

    /// <summary>First instant.</summary>
    public required Timestamp From { get; init; }

    /// <summary>Length.</summary>
    public required TimeSpan Length { get; init; }

    /// <summary>Whose voice is in the upper lane, on the left.</summary>
    public required string Upper { get; init; }

    /// <summary>Whose is in the lower, on the right.</summary>
    public required string Lower { get; init; }

    /// <summary>Instants at which somebody was connected with somebody else, with what it was.</summary>
    public IReadOnlyList<(Timestamp At, string Words)> Moves { get; init; } = [];

    /// <summary>The drawing.</summary>
    public Html Draw()
    {
        DtmfDigit[][] pressed = [.. Talks.Select(talk => talk.Call.Dtmf.Where(digit => IsWithin(digit.At)).Take(MostDigits).ToArray())];
        (Timestamp At, string Words)[] moves = [.. Moves.Where(move => IsWithin(move.At))];
        int digitCount = pressed.Sum(static digits => digits.Length), holds = Talks.Sum(talk => talk.Call.Held.Count), oneWays = Talks.Sum(talk => talk.Call.OneWay.Count);
        double digitRow = Lanes + 32, moveRow = digitRow + (digitCount > 0 ? 16 : 0), height = moveRow + (moves.Length > 0 ? 4 : -12);
        string spoken = $"Time line of {Words.SpanWords(Length)}: {Words.Count(holds, "hold")}, {Words.Count(digitCount, "digit")}, {Words.Count(oneWays, "stretch")} of one-way sound, {Words.Count(moves.Length, "transfer")}.";
        return Html.Of($"""
            <div class="timeline"><svg class="timeline-drawing" width="100%" height="{height}" role="img" aria-label="{spoken}">
              <svg viewBox="0 0 {Width} {Lanes}" width="100%" height="{Lanes}" preserveAspectRatio="none" aria-hidden="true">
                <rect class="lane" x="0" y="0" width="{Width}" height="{Lane}"/><rect class="lane" x="0" y="{Lanes - Lane}" width="{Width}" height="{Lane}"/>
                {Talks.Select(Holds)}{Talks.Select(OneWays)}<path class="wave caller" d=""/><path class="wave callee" d=""/>{Talks.Select(Losses)}
                {Talks.Select((talk, i) => pressed[i].Select(digit => Html.Of($"""<line class="m-digit" x1="{Place(digit.At)}" x2="{Place(digit.At)}" y1="0" y2="{Lanes}"/>"""))).SelectMany(static lines => lines)}
                {moves.Select(move => Html.Of($"""<line class="m-transfer" x1="{Place(move.At)}" x2="{Place(move.At)}" y1="0" y2="{Lanes}"/>"""))}
                <line class="head" x1="0" x2="0" y1="0" y2="{Lanes}" visibility="hidden"/>
              </svg>
              {Ticks()}
              {Talks.Select((talk, i) => Groups(pressed[i]).Select(group => Digits(talk, group, digitRow))).SelectMany(static groups => groups)}
              {moves.Select(move => Html.Of($"""<text class="m-transfer" x="{Percent(move.At)}%" y="{moveRow}" text-anchor="{Anchor(move.At)}"><title>{move.Words}, {Clock(move.At)}</title>{move.Words}</text>"""))}
            </svg><span class="lane-name">{Html.Wire(Upper)}</span><span class="lane-name lower">{Html.Wire(Lower)}</span></div>
            {Legend(digitCount > 0, moves.Length > 0)}
            """);
    }

    private Html Holds(SessionTalk talk) => Html.Join(talk.Call.Held.Select(held => Stretch(held.From, held.To ?? talk.To, 0, Lanes, "m-hold", $"on hold by the {EnumNames<PartySide>.Of(held.By)}, {Clock(held.From)}")));

    private Html OneWays(SessionTalk talk) => Html.Join(talk.Call.OneWay.Select(oneWay =>
        Stretch(oneWay.StartedAt, oneWay.EndedAt, IsUpper(talk, oneWay.From) ? 0 : Lanes - Lane - 1, Lane + 1, "m-gap", $"{Who(talk, oneWay.From)} was not heard, {Clock(oneWay.StartedAt)}")));

    private Html Losses(SessionTalk talk) => Html.Join(talk.Call.Streams.SelectMany(stream => stream.Intervals.Where(static interval => interval.Lost > 0).Take(MostLosses).Select(interval =>
    {
        Timestamp start = stream.StartedAt + TimeSpan.FromSeconds(interval.StartSecond);
        double share = 100.0 * interval.Lost / Math.Max(1, interval.Lost + interval.Packets);
        return Stretch(start, start + TimeSpan.FromSeconds(10), IsUpper(talk, stream.From) ? 0 : Lanes - 6, 6, share >= 3 ? "m-loss heavy" : "m-loss", $"{Who(talk, stream.From)}: {Words.Number(share, 1)}% lost, {Clock(start)}");
    })));

    // What lies outside is not drawn: the recording begins with the answer.
    private Html Stretch(Timestamp start, Timestamp end, double y, double height, string kind, string words)
    {
        if (end <= From || start >= From + Length) return Html.None;
        double x = Place(start);
        return Html.Of($"""<rect class="{kind}" x="{x}" y="{y}" width="{Math.Max(2, Place(end) - x)}" height="{height}"><title>{words}</title></rect>""");
    }

    private Html Digits(SessionTalk talk, List<DtmfDigit> group, double y)
    {
        string dialled = string.Concat(group.Select(static digit => digit.Digit));
        return Html.Of($"""<text class="m-digit" x="{Percent(group[0].At)}%" y="{y}" text-anchor="{Anchor(group[0].At)}"><title>{(dialled.Length == 1 ? "digit" : "digits")} {dialled} by {Who(talk, group[0].From)}, {Clock(group[0].At)}</title>{dialled}</text>""");
    }

    private Html Ticks()
    {
        int step = Array.Find(TickSeconds, seconds => Length.TotalSeconds / seconds <= 8);
        if (step == 0) step = (int)Math.Ceiling(Length.TotalHours / 8) * 3600;
        return Html.Join(Enumerable.Range(0, (int)(Length.TotalSeconds / step) + 1).Select(i =>
        {
            Timestamp at = From + TimeSpan.FromSeconds(i * step);
            return Html.Of($"""<text class="axis" x="{Percent(at)}%" y="{Lanes + 14}" text-anchor="{Anchor(at)}">{Words.Minutes(TimeSpan.FromSeconds(i * step))}</text>""");
        }));
    }

    private Html Legend(bool hasDigits, bool hasMoves)
    {
        (string Kind, string Name)[] entries = [.. new[]
            {
                ("m-hold", "hold", Talks.Any(static talk => talk.Call.Held.Count > 0)), ("m-loss", "loss", Talks.Any(static talk => talk.Call.Streams.Any(static stream => stream.Lost > 0))),
                ("m-gap", "not heard", Talks.Any(static talk => talk.Call.OneWay.Count > 0)), ("m-digit", "digits", hasDigits), ("m-transfer", "transfer", hasMoves),
            }
            .Where(static entry => entry.Item3).Select(static entry => (entry.Item1, entry.Item2))];
        return entries.Length == 0 ? Html.None : Html.Of($"""<ul class="legend">{entries.Select(static entry => Html.Of($"""<li class="{entry.Kind}">{entry.Name}</li>"""))}</ul>""");
    }

    // Digits so close that their names would lie upon each other.
    private List<List<DtmfDigit>> Groups(DtmfDigit[] digits)
    {
        var groups = new List<List<DtmfDigit>>();
        foreach (DtmfDigit digit in digits)
        {
            if (groups.Count > 0 && Place(digit.At) - Place(groups[^1][^1].At) < 16 && groups[^1][0].From == digit.From) groups[^1].Add(digit);
            else groups.Add([digit]);
        }

        return groups;
    }

    private static bool IsUpper(SessionTalk talk, PartySide side) => (side == PartySide.Callee) != talk.IsCaller;

    // Of one call "the caller" says who; in a conversation their number does.
    private string Who(SessionTalk talk, PartySide side) => Talks.Count == 1 && talk.IsCaller ? $"the {EnumNames<PartySide>.Of(side)}" : Words.Who(side == PartySide.Callee ? talk.Call.Callee : talk.Call.Caller);

    private bool IsWithin(Timestamp at) => at >= From && at <= From + Length;

    private double Place(Timestamp at) => Math.Clamp((at - From) / Length, 0, 1) * Width;

    private string Percent(Timestamp at) => (Place(at) / Width * 100).ToString("0.##", CultureInfo.InvariantCulture);

    private string Anchor(Timestamp at) => (Place(at) / Width) switch { < 0.02 => "start", > 0.96 => "end", _ => "middle" };

    private string Clock(Timestamp at) => at >= From ? $"at {Words.Minutes(at - From)}" : "before the answer";
}

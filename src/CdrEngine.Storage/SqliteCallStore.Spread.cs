using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage;

// How calls are spread over the texts that groups of days have.
public sealed partial class SqliteCallStore
{
    // Groups of which it is looked which calls a query asks for: days are much alike.
    private const int SpreadGroups = 6;

    private readonly Dictionary<TextOf, (ArchiveTexts.Known Known, TextSpread? Spread)> _spreads = [];

    /// <inheritdoc />
    public ITextSpread? SpreadOf(CallQuery query, TextOf of)
    {
        if (of == TextOf.SipCallId) return SpreadOfCallIds();
        if (TextRanges.FieldAt(of) is not { } field) return null;
        query = query with { Sort = CallSort.StartedAt, Cursor = null, Start = null, From = null, To = null, Moments = [], Ranges = [.. query.Ranges.Where(range => range.Of != of || range.Sense != TextSense.Present)] };
        var asked = new DayQuestion(query);
        if (asked.IsCounted && asked.Profiles.IsEverything) return SpreadOfAll(of, field);
        return asked.MayBeKnown ? Reading(days =>
        {
            ArchiveTexts.Known known = days.Groups ??= _texts.Now();
            TextGroup[] all = [.. known.Groups.Values];
            var some = new List<(IReadOnlyList<TextStep>, int[])>();
            foreach (TextGroup group in all.Where((_, i) => i * (long)SpreadGroups / all.Length != (i - 1) * (long)SpreadGroups / all.Length || i == 0))
            {
                if (_texts.RanksOf(group, field) is { } ranks) some.Add((ranks.Steps, ranks.CountSteps(AskedOf(days, asked, group))));
            }

            return TextSpread.Of(some);
        }) : SpreadOfAll(of, field);
    }

    private TextSpread? SpreadOfAll(TextOf of, int field)
    {
        ArchiveTexts.Known known = _texts.Now();
        lock (_spreads)
        {
            if (_spreads.TryGetValue(of, out (ArchiveTexts.Known Known, TextSpread? Spread) kept) && kept.Known == known) return kept.Spread;
        }

        TextGroup[] groups = [.. known.Groups.Values];
        var each = new TextRanks?[groups.Length];
        _helpers.ForEach([.. Enumerable.Range(0, groups.Length)], at => each[at] = _texts.RanksOf(groups[at], field));
        TextSpread? spread = TextSpread.Of([.. each.OfType<TextRanks>().Select(static ranks => (ranks.Steps, ranks.CountSteps(null)))]);
        lock (_spreads) _spreads[of] = (known, spread);
        return spread;
    }

    // The calls of a group that a query asks for, as far as memory tells them.
    private ulong[] AskedOf(OpenDays days, DayQuestion asked, TextGroup group)
    {
        ulong[] bits = new ulong[(group.Span / 64) + 1];
        foreach (TextGroupDay its in group.Days)
        {
            if (SealOf(days, its.Day) is not { Calls: { } known } seal || seal.Stamp != its.Stamp || PlacesIn(days, asked, its.Day, known, seal) is not { } places) continue;
            int shift = (int)(its.Begin + known.DocumentOf(0) - its.First);
            foreach (int place in places)
            {
                if (place + shift is var at && at >= its.Begin && at < its.End) bits[at / 64] |= 1UL << (at % 64);
            }
        }

        return bits;
    }
}

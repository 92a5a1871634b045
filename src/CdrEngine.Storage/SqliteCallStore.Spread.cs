using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage;

// How calls are spread over the texts that groups of days have.
public sealed partial class SqliteCallStore
{
    // Questions of which it is kept how their calls are spread.
    private const int SpreadsKept = 64;

    private readonly Dictionary<(TextOf Of, string Asked), (ArchiveTexts.Known Known, TextSpread? Spread)> _spreads = [];

    /// <inheritdoc />
    public ITextSpread? SpreadOf(CallQuery query, TextOf of)
    {
        if (of == TextOf.SipCallId) return SpreadOfCallIds();
        if (TextRanges.FieldAt(of) is not { } field) return null;
        query = query with { Sort = CallSort.StartedAt, Cursor = null, Start = null, From = null, To = null, Moments = [], Ranges = [.. query.Ranges.Where(range => range.Of != of || range.Sense != TextSense.Present)] };
        var asked = new DayQuestion(query);
        bool isOfAll = !asked.MayBeKnown || (asked.IsCounted && asked.Profiles.IsEverything);

        // Days that are sealed meanwhile change it little: it holds as long as the groups do.
        (TextOf, string) key = (of, isOfAll ? "" : asked.Text);
        ArchiveTexts.Known known = _texts.Now();
        lock (_spreads)
        {
            if (_spreads.TryGetValue(key, out (ArchiveTexts.Known Known, TextSpread? Spread) kept) && ReferenceEquals(kept.Known, known)) return kept.Spread;
        }

        TextGroup[] groups = [.. known.Groups.Values];
        var each = new TextRanks?[groups.Length];
        _helpers.ForEach([.. Enumerable.Range(0, groups.Length)], at => each[at] = _texts.RanksOf(groups[at], field));
        int[]?[] calls = isOfAll ? Array.ConvertAll(each, static ranks => ranks?.CountSteps(null)) : Reading(days => groups.Select((group, at) => each[at]?.CountSteps(AskedOf(days, asked, group))).ToArray());
        var spread = TextSpread.Of([.. each.Zip(calls).Where(static pair => pair.First is not null).Select(static pair => (pair.First!.Steps, pair.Second!))]);
        lock (_spreads)
        {
            if (_spreads.Count >= SpreadsKept) _spreads.Clear();
            _spreads[key] = (known, spread);
        }

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

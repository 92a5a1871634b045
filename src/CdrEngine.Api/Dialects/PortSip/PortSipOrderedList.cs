using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>A list in order of a field, as its first page was told: of the calls that were stored by then, and of no others. How many of them stand before which values is kept as far as it was counted. Under its
/// lock.</summary>
internal sealed class PortSipOrderedList
{
    private const int PlacesKept = 2_000;
    private const int SampledAtOnce = 50;
    private const int LeastSampled = 8;

    // How often a page is looked for anew.
    private const int MostSteps = 200;

    // Records that are read at once.
    private const int MostFew = 250;

    // Records that are read beside those of a page at most.
    private const int MostBeside = 150;

    // A place this near before or behind a page is near enough, and how much more than a page is read at once, in calls.
    private const int MostNear = 100;
    private const int Margin = 30;

    // Calls beside a place of which it is known how many stand before it.
    private const int MostCounted = 5_000;

    // Lengths in whole seconds before which it is told how many calls stand: four hours.
    private const int LengthsTold = 14_400;

    // How much farther the next place is looked for where there were far fewer calls than were thought, and at most.
    private const int Growth = 4;
    private const int MostGrowth = 1_024;

    private readonly PortSipKeys _keys;
    private readonly PortSipField<PortSipRow> _field;
    private readonly SortedList<long, (PortSipKey Least, PortSipKey Greatest)> _places = [];
    private readonly SortedSet<PortSipKey> _samples = [];
    private readonly Dictionary<int, long> _words = [];
    private readonly int _few;
    private readonly int _near;

    // Of lists by length: how many calls are shorter than each whole second from the first on; null where that is not told.
    private readonly IReadOnlyList<long>? _shorter;
    private PortSipOrder _of;
    private readonly PortSipSource _source;
    private (ITextSpread? Spread, bool IsKnown) _spread;

    /// <summary>A list as it is now.</summary>
    /// <param name="of">Asks.</param>
    /// <param name="keys">Values of the field.</param>
    /// <param name="source">Its calls.</param>
    public PortSipOrderedList(PortSipOrder of, PortSipKeys keys, PortSipSource source)
    {
        _keys = keys;
        _field = PortSipCalls.SessionFields.First(field => field.Name == keys.Field);
        _source = source;
        _of = of;
        _few = Math.Min(MostFew, of.Request.Desk.Options.MostJudged);
        _near = Math.Min(MostNear, of.Request.Desk.Options.MostJudged);
        _places[0] = (keys.First, keys.First);
        All = Count(null);
        if (IsLength) _shorter = source.CountShorter(of, new LengthSteps(WholeSeconds.AtLeast(1, of.Request.Desk.Options.Rounding), TimeSpan.FromSeconds(1), LengthsTold));
        Happened = keys.Words.Count > 0 || keys.CountsBetween || IsLength ? All : Math.Min(All, Count(keys.Within(null, null)));
    }

    /// <summary>Its calls.</summary>
    public PortSipSource Source => _source;

    /// <summary>How many.</summary>
    public long All { get; }

    /// <summary>Those that have a value; of words all of them.</summary>
    public long Happened { get; }

    /// <summary>How many more calls had begun at a time than had come to what they are put in order by.</summary>
    public long Drift { get; private set; }

    /// <summary>How many places were guessed since calls of the page were found.</summary>
    public int Guesses { get; private set; }

    /// <summary>The place that was guessed last, and how many calls began before it.</summary>
    public (PortSipKey Key, long Calls)? Begun { get; set; }

    /// <summary>How its calls are spread over their texts, about; null where nothing tells.</summary>
    public ITextSpread? Spread
    {
        get
        {
            if (_spread.IsKnown) return _spread.Spread;
            CallQuery query = _of.QueryOf(_keys.Within(null, null))!;
            _spread = (query.Ranges is [.., var range] ? _of.Request.Desk.Calls.SpreadOf(query, range.Of) : null, true);
            return _spread.Spread;
        }
    }

    /// <summary>When the call began that stands at a place in order of starts, of those that have a value.</summary>
    public Timestamp? StartAt(long place) => _source.StartAt(_of, _keys.Within(null, null), place);

    /// <summary>The call that stands there.</summary>
    public ListedCall? CallAt(long place) => Page(_keys.Within(null, null), place, 1, ascending: true) is { Calls: [var call] } ? call : null;

    /// <summary>How long the call lasted, in whole seconds, that stands about a place in order of lengths, near the beginning of the list or its end; null where there is none.</summary>
    public long? LengthAt(long place)
    {
        if (_source.HasRows) return null;
        bool ascending = place < Happened - place;
        int from = (int)(ascending ? place : Happened - 1 - place);
        CallPage page = _of.Request.Desk.Reader.List(_of.QueryOf(_keys.Within(null, null))! with { Sort = CallSort.Duration, Ascending = ascending, Limit = from + 1 });
        return page.Calls.Count > from ? WholeSeconds.Of(page.Calls[from].Duration, _of.Request.Desk.Options.Rounding) : null;
    }

    /// <summary>Values of some calls of a stretch, in order: places within it.</summary>
    public PortSipKey[] Sample(in PortSipStretch stretch)
    {
        PortSipKey[] known = Within(stretch);
        if (known.Length >= LeastSampled) return known;
        foreach (ListedCall call in Page(_keys.Within(stretch.Low, stretch.High), 0, SampledAtOnce, ascending: true).Calls)
        {
            if (ValueOf(call) is string text && PortSipTextKeys.Beside(text, stretch) is { } key) _samples.Add(key);
        }

        return Within(stretch);
    }

    /// <summary>Some calls of it.</summary>
    /// <param name="of">Asks.</param>
    /// <param name="skip">Calls before them.</param>
    /// <param name="take">How many.</param>
    /// <param name="descending">The greatest first, and before all those that have no value.</param>
    public List<ListedCall> Take(PortSipOrder of, long skip, int take, bool descending)
    {
        _of = of;
        if (_keys.Words.Count > 0) return ByWord(skip, take, descending);
        if (IsLength && _shorter is null && !_source.HasRows && skip == 0 && AtEnd(take, descending) is { } end) return end;
        long until = Math.Min(skip + take, All), first = descending ? All - Happened : Happened;
        var found = new List<ListedCall>();
        if (skip < first) found.AddRange(Part(!descending, skip, Math.Min(until, first)));
        if (until > first) found.AddRange(Part(descending, Math.Max(0, skip - first), until - first));
        return found;

        IEnumerable<ListedCall> Part(bool hasValue, long from, long to)
        {
            if (!hasValue) return Page(_keys.Null(), from, (int)(to - from), !descending).Calls;
            return descending ? Enumerable.Reverse(Ordered(Happened - to, Happened - from)) : Ordered(from, to);
        }
    }

    private bool IsLength => _keys.Field == "duration";

    // The shortest or the longest, which the store has in order of microseconds: all of them but those of the last second, of which it may have others that began before. Null where these are all.
    private List<ListedCall>? AtEnd(int take, bool descending)
    {
        DialectDesk desk = _of.Request.Desk;
        IReadOnlyList<CallRecord> calls = desk.Reader.List(_of.QueryOf(_keys.Within(null, null))! with { Sort = CallSort.Duration, Ascending = !descending, Limit = take + 1 }).Calls;
        if (calls.Count <= take) return null;
        long last = Seconds(calls[^1]);
        IEnumerable<string> closed = calls.Where(call => Seconds(call) != last).OrderBy(Seconds).ThenBy(static call => call.StartedAt).ThenBy(static call => call.Id, StringComparer.Ordinal).Select(static call => call.Id);
        List<ListedCall> found = PortSipCalls.Found(desk.Calls, [.. descending ? closed.Reverse() : closed]);
        if (found.Count < take) found.AddRange(Page(_keys.Within(new PortSipKey(last), new PortSipKey(last + 1)), 0, take - found.Count, !descending).Calls);
        return found;

        long Seconds(CallRecord call) => WholeSeconds.Of(call.Duration, desk.Options.Rounding);
    }

    // Words one after the other, and at last none; how many have one is told with the first page that has any of them.
    private List<ListedCall> ByWord(long skip, int take, bool descending)
    {
        var found = new List<ListedCall>();
        int count = _keys.Words.Count + 1;
        long before = 0;
        for (int i = 0; i < count && before < Math.Min(skip + take, All); i++)
        {
            int word = descending ? count - 1 - i : i;
            PortSipCondition condition = word == count - 1 ? _keys.Null() : _keys.Within(new PortSipKey(word), new PortSipKey(word + 1));
            if (_words.TryGetValue(word, out long known) && before + known <= skip)
            {
                before += known;
                continue;
            }

            CallSlice slice = Page(condition, Math.Max(0, skip - before), take - found.Count, !descending, wantsTotal: true);
            found.AddRange(slice.Calls);
            before += _words[word] = slice.Total ?? slice.Calls.Count;
        }

        return found;
    }

    // Those at some places in ascending order.
    private List<ListedCall> Ordered(long from, long to)
    {
        var found = new List<ListedCall>();
        Guesses = 0;
        long reach = 1, at = from;
        for (int steps = 0; from < to && steps < MostSteps; steps++)
        {
            (Guesses, at) = (from == at ? Guesses + 1 : 0, from);
            _of.Request.Http.RequestAborted.ThrowIfCancellationRequested();
            if (_shorter is { } shorter) AddLengths(shorter, from, to);
            PortSipStretch stretch = Around(from);
            long until = Math.Min(to, stretch.Beyond);
            if (_keys.IsOne(stretch))
            {
                // Those of one value stand by their starts.
                found.AddRange(Page(_keys.Within(stretch.Low, stretch.High), from - stretch.At, (int)(until - from), ascending: true).Calls);
                from = until;
                continue;
            }

            if (stretch.Beyond - stretch.At <= _few)
            {
                Use(Read(stretch, CallQuery.MaxLimit).Calls, stretch.At);
                continue;
            }

            bool isNear = from - stretch.At <= _near, isBefore = stretch.Beyond - to <= _near && stretch.Beyond >= to;
            long wanted = isNear ? to + Margin - stretch.At : stretch.Beyond - from + Margin;
            long place = isNear ? Math.Min(stretch.At + (wanted * reach), stretch.Beyond - 1) : isBefore ? Math.Max(stretch.Beyond - (wanted * reach), stretch.At + 1) : from - (_near / 2);
            if (_keys.Guess(this, stretch, place) is not { } key)
            {
                // Nothing divides them that could be asked for.
                Use(ReadAll(stretch), stretch.At);
                continue;
            }

            if (key.IsBehind && key.Text == stretch.Low.Text && !stretch.Low.IsBehind)
            {
                // Where a text begins that many have: theirs stand by their starts.
                CallSlice slice = Page(_keys.Within(stretch.Low, key), from - stretch.At, (int)(until - from), ascending: true, wantsTotal: true);
                long behind = stretch.At + slice.Total!.Value;
                Add(behind, key);
                if (behind <= from) continue;
                found.AddRange(slice.Calls);
                from = Math.Min(until, behind);
                continue;
            }

            if (!_keys.IsClose || !(isNear || isBefore))
            {
                // A few calls are counted by themselves, and not with all that stand before them.
                if (_keys.CountsBetween || place - stretch.At <= MostCounted) Add(stretch.At + Count(_keys.Within(stretch.Low, key)), key);
                else if (stretch.High is not null && stretch.Beyond - place <= MostCounted) Add(stretch.Beyond - Count(_keys.Within(key, stretch.High)), key);
                else Add(Count(_keys.Within(null, key)), key);
                continue;
            }

            PortSipStretch beside = isNear ? stretch with { High = key } : stretch with { Low = key };
            int most = (int)Math.Min(CallQuery.MaxLimit, (isNear ? to - stretch.At : stretch.Beyond - from) + MostBeside);
            (List<ListedCall> calls, long total) = Read(beside, most);
            Add(isNear ? stretch.At + total : stretch.Beyond - total, key);

            // Where the texts of many groups begin or end they stand closer than their calls do.
            reach = total < wanted / 3 ? Math.Min(reach * Growth, MostGrowth) : 1;
            if (total > calls.Count) continue;
            long begin = isNear ? stretch.At : stretch.Beyond - total;
            if (from < begin || from >= begin + total) continue;
            until = Math.Min(to, begin + total);
            Use(calls, begin);

            void Use(List<ListedCall> calls, long begin)
            {
                found.AddRange(calls.Skip((int)(from - begin)).Take((int)(until - from)));
                from = until;
            }
        }

        return found;
    }

    // The places about some: of one length where it has many calls, else of as many lengths as are read at once.
    private void AddLengths(IReadOnlyList<long> shorter, long from, long to)
    {
        int low = LengthAt(shorter, from), high = LengthAt(shorter, to - 1) + 1;
        if (Before(high) - Before(low) > _few) high = low + 1;
        Add(Before(low), new PortSipKey(low));
        if (high <= shorter.Count) Add(Before(high), new PortSipKey(high));

        long Before(int seconds) => seconds == 0 ? 0 : seconds > shorter.Count ? Happened : shorter[seconds - 1];
    }

    // The length of the call at a place, or the longest that is told where it is longer.
    private static int LengthAt(IReadOnlyList<long> shorter, long place) => Bisection.First(shorter.Count, length => shorter[length] > place);

    // The calls of a stretch in order, and how many there are: all of them, or no more than so many of any.
    private (List<ListedCall> Calls, long Total) Read(in PortSipStretch stretch, int most)
    {
        CallSlice slice = Page(_keys.Within(stretch.Low, stretch.High), 0, most, ascending: true, wantsTotal: true, most);
        return (InOrder(slice.Calls), slice.Total ?? slice.Calls.Count);
    }

    private List<ListedCall> ReadAll(in PortSipStretch stretch)
    {
        var calls = new List<ListedCall>();
        CallSlice slice;
        do
        {
            slice = Page(_keys.Within(stretch.Low, stretch.High), calls.Count, CallQuery.MaxLimit, ascending: true);
            calls.AddRange(slice.Calls);
        }
        while (slice.HasMore && calls.Count < _of.Request.Desk.Options.MostJudged);
        return InOrder(calls);
    }

    private List<ListedCall> InOrder(IReadOnlyList<ListedCall> calls) =>
        [.. calls.Select(call => (Call: call, Value: ValueOf(call))).OrderBy(static call => call.Value, Comparer<object?>.Create(PortSipJudge.Compare)).Select(static call => call.Call)];

    private object? ValueOf(ListedCall call) => _field.Order is not null ? (decimal)call.Number : _source.ValueOf(_of, _field, call);

    private long Count(PortSipCondition? condition) => _source.Count(_of, condition);

    private CallSlice Page(PortSipCondition condition, long skip, int take, bool ascending, bool wantsTotal = false, long? mostInAll = null) =>
        _source.Page(_of, condition, skip, take, ascending, wantsTotal, mostInAll);

    private PortSipKey[] Within(PortSipStretch stretch) => [.. (stretch.High is { } high ? _samples.GetViewBetween(stretch.Low, high) : _samples.Count > 0 && _samples.Max.CompareTo(stretch.Low) > 0 ? _samples.GetViewBetween(stretch.Low, _samples.Max) : []).Where(key => stretch.Has(key))];

    // The nearest known places about one.
    private PortSipStretch Around(long place)
    {
        int at = Math.Max(0, PortSipKept.UpTo(_places, place) - 1);
        PortSipKey? end = at + 1 < _places.Count ? _places.Values[at + 1].Least : null;
        return new PortSipStretch(_places.Keys[at], _places.Values[at].Greatest, at + 1 < _places.Count ? _places.Keys[at + 1] : Happened, end);
    }

    private void Add(long place, PortSipKey key)
    {
        if (Begun is { } begun && begun.Key == key) Drift = begun.Calls - place;
        place = Math.Clamp(place, 0, Happened);
        if (!_places.TryGetValue(place, out (PortSipKey Least, PortSipKey Greatest) known))
        {
            // Some of the first are let go of where there are too many.
            if (_places.Count >= PlacesKept) _places.RemoveAt(_places.Count / 2);
            known = (key, key);
        }

        _places[place] = (key.CompareTo(known.Least) < 0 ? key : known.Least, key.CompareTo(known.Greatest) > 0 ? key : known.Greatest);
    }
}


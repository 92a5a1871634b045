using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Ports;
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

    // A place this near before or behind a page is near enough, and how much more than a page is read at once, in calls.
    private const int MostNear = 100;
    private const int Margin = 30;

    private readonly PortSipKeys _keys;
    private readonly PortSipField<PortSipRow> _field;
    private readonly SortedList<long, (PortSipKey Least, PortSipKey Greatest)> _places = [];
    private readonly SortedSet<PortSipKey> _samples = [];
    private readonly int _few;
    private readonly int _near;
    private PortSipOrder _of;
    private (ITextSpread? Spread, bool IsKnown) _spread;

    /// <summary>A list as it is now.</summary>
    /// <param name="of">Asks.</param>
    /// <param name="keys">Values of the field.</param>
    public PortSipOrderedList(PortSipOrder of, PortSipKeys keys)
    {
        _keys = keys;
        _field = PortSipCalls.LegFields.First(field => field.Name == keys.Field);
        Mark = of.Request.Desk.Calls.Mark();
        _of = of;
        _few = Math.Min(MostFew, of.Request.Desk.Options.MostJudged);
        _near = Math.Min(MostNear, of.Request.Desk.Options.MostJudged);
        _places[0] = (keys.First, keys.First);
        All = Count(null);
        if (keys.Words.Count == 0)
        {
            Happened = Math.Min(All, Count(keys.Within(null, null)));
            return;
        }

        for (int word = 0; word < keys.Words.Count; word++)
        {
            Happened += Count(keys.Within(new PortSipKey(word), new PortSipKey(word + 1)));
            Add(Happened, new PortSipKey(word + 1));
        }
    }

    /// <summary>What was stored by then.</summary>
    public CallMark Mark { get; }

    /// <summary>Calls on it.</summary>
    public long All { get; }

    /// <summary>Those that have a value.</summary>
    public long Happened { get; }

    /// <summary>How many more calls had begun at a time than had come to what they are put in order by.</summary>
    public long Drift { get; private set; }

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
    public Timestamp? StartAt(long place) => Page(_keys.Within(null, null), place, 1, ascending: true) is { Calls: [var call] } ? call.Record.StartedAt : null;

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
        long end = Math.Min(skip + take, All), first = descending ? All - Happened : Happened;
        var found = new List<ListedCall>();
        if (skip < first) found.AddRange(Part(!descending, skip, Math.Min(end, first)));
        if (end > first) found.AddRange(Part(descending, Math.Max(0, skip - first), end - first));
        return found;

        IEnumerable<ListedCall> Part(bool hasValue, long from, long to)
        {
            if (!hasValue) return Page(_keys.Null(), from, (int)(to - from), !descending).Calls;
            return descending ? Enumerable.Reverse(Ordered(Happened - to, Happened - from)) : Ordered(from, to);
        }
    }

    // Those at some places in ascending order.
    private List<ListedCall> Ordered(long from, long to)
    {
        var found = new List<ListedCall>();
        for (int steps = 0; from < to && steps < MostSteps; steps++)
        {
            _of.Request.Http.RequestAborted.ThrowIfCancellationRequested();
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
            long place = isNear ? Math.Min(to + Margin, stretch.Beyond - 1) : isBefore ? Math.Max(from - Margin, stretch.At + 1) : from - (_near / 2);
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
                Add(Count(_keys.Within(null, key)), key);
                continue;
            }

            PortSipStretch beside = isNear ? stretch with { High = key } : stretch with { Low = key };
            int most = (int)Math.Min(CallQuery.MaxLimit, (isNear ? to - stretch.At : stretch.Beyond - from) + MostFew);
            (List<ListedCall> calls, long total) = Read(beside, most);
            Add(isNear ? stretch.At + total : stretch.Beyond - total, key);
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

    private object? ValueOf(ListedCall call) => _field.Value(PortSipCalls.Row(_of.Request, call.Record, sessions: false));

    private long Count(PortSipCondition? condition) => _of.Request.Desk.Calls.Count(_of.QueryOf(condition)!, Mark);

    private CallSlice Page(PortSipCondition condition, long skip, int take, bool ascending, bool wantsTotal = false, long? mostInAll = null) =>
        _of.Request.Desk.Calls.Page(new CallPageRequest { Query = _of.QueryOf(condition)! with { Ascending = ascending }, Skip = skip, Take = take, Until = Mark, WantsTotal = wantsTotal, MostInAll = mostInAll });

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

/// <summary>Asks for the calls of one list of legs.</summary>
/// <param name="request">The request.</param>
/// <param name="asked">What is asked for.</param>
/// <param name="context">What conditions are asked of.</param>
internal sealed class PortSipOrder(DialectRequest request, PortSipAsked asked, PortSipNarrowingContext context)
{
    // Calls that are put in order themselves.
    private const int Few = 200;

    /// <summary>The request.</summary>
    public DialectRequest Request => request;

    /// <summary>One page, and how many calls there are on all; null where indexes do not answer it, and where there are few enough to be read one by one.</summary>
    /// <param name="lists">Lists that were asked for.</param>
    /// <param name="key">Tells the list from others.</param>
    public (long Count, List<ListedCall> Calls)? Page(PortSipKept<PortSipOrderedList> lists, string key)
    {
        if (PortSipKeys.Of(asked.OrderBy) is not { } keys || QueryOf(keys.Within(null, null)) is null || QueryOf(keys.Within(keys.First, keys.First)) is null) return null;
        DateTimeOffset now = request.Desk.Options.Time.GetUtcNow();
        if ((asked.Skip == 0 ? null : lists.Find(key, now)) is not { } list)
        {
            list = new PortSipOrderedList(this, keys);
            if (list.All <= Math.Min(Few, request.Desk.Options.MostJudged) || (list.Happened < list.All && QueryOf(keys.Null()) is null)) return null;
            lists.Keep(key, now, list);
        }

        lock (list) return (list.All, list.Take(this, asked.Skip, asked.Top, asked.Descending));
    }

    /// <summary>The query for those calls of the list that meet a condition; null where it would find others as well.</summary>
    public CallQuery? QueryOf(PortSipCondition? condition)
    {
        PortSipCondition? all = asked.Condition is { } first && condition is not null ? new PortSipJunction(false, first, condition) : asked.Condition ?? condition;
        PortSipNarrowing narrowing = PortSipNarrowing.Of(all, context);
        CallQuery query = narrowing.Query();
        return narrowing.IsExact ? query with { Text = asked.Search ?? query.Text, Tenant = request.Tenant } : null;
    }
}

using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>Asks for the calls of one list, of legs or of call logs, by what indexes and memory answer.</summary>
/// <param name="request">The request.</param>
/// <param name="asked">What is asked for.</param>
/// <param name="context">What conditions are asked of: of legs also where the list is of call logs, of which most are one call.</param>
/// <param name="sessions">What is told of sessions that are more than a call; null for legs.</param>
internal sealed class PortSipOrder(DialectRequest request, PortSipAsked asked, PortSipNarrowingContext context, PortSipSessions? sessions)
{
    // Calls that are put in order themselves.
    private const int Few = 200;

    // Calls whose trunks are looked at, and different ones at most.
    private const int SampledTrunks = 100;
    private const int MostTrunks = 16;

    private bool _hasStrays;

    /// <summary>The request.</summary>
    public DialectRequest Request => request;

    /// <summary>One page, and how many calls there are on all; null where neither indexes nor memory answer it, and where there are few enough to be read one by one.</summary>
    /// <param name="lists">Lists that were asked for.</param>
    /// <param name="key">Tells the list from others.</param>
    public (long Count, List<ListedCall> Calls)? Page(PortSipKept<PortSipOrderedList> lists, string key)
    {
        if (PortSipKeys.Of(asked.OrderBy) is not { } keys) return null;
        return Page(lists, key, source => Ordered(keys, source), static list => list.Source, list => (list.All, list.Take(this, asked.Skip, asked.Top, asked.Descending)));
    }

    /// <summary>The same of a list in order of starts.</summary>
    public (long Count, List<ListedCall> Calls)? Page(PortSipKept<PortSipTimedList> lists, string key) => Page(
        lists,
        key,
        source => new PortSipTimedList(source, source.Count(this, null)),
        static list => list.Source,
        list => (list.All, [.. list.Source.Page(this, null, asked.Skip, asked.Top, !asked.Descending).Calls]));

    private (long Count, List<ListedCall> Calls)? Page<T>(PortSipKept<T> lists, string key, Func<PortSipSource, T?> begin, Func<T, PortSipSource> sourceOf, Func<T, (long Count, List<ListedCall> Calls)> page)
        where T : class
    {
        DateTimeOffset now = request.Desk.Options.Time.GetUtcNow();
        T? known = asked.Skip == 0 ? null : lists.Find(key, now);
        if (known is null && QueryOf(null) is null) return null;

        // Sessions are told by several threads, each of which asks for itself; where none has to be told the page is of the same reading.
        PortSipSource? source = null;
        (bool IsRead, (long, List<ListedCall>)? Page) first = request.Desk.Calls.Together(() =>
        {
            source = known is not null ? sourceOf(known) : Source(static (sessions, desk, from, to) => sessions.AsTold(desk, from, to));
            return source is null ? (false, null) : (true, Read());
        });
        if (first.IsRead) return first.Page;
        source = Source(static (sessions, desk, from, to) => sessions.Between(desk, from, to));
        return source is null ? null : request.Desk.Calls.Together(Read);

        (long, List<ListedCall>)? Read()
        {
            _hasStrays = source!.HasStrays;
            if (known is null)
            {
                if (begin(source) is not { } begun) return null;
                lists.Keep(key, now, known = begun);
            }

            lock (known) return page(known);
        }
    }

    // Null where neither indexes nor memory answer it.
    private PortSipOrderedList? Ordered(PortSipKeys keys, PortSipSource source)
    {
        if (keys.Field == "trunk" && Trunks(keys, source) is { } trunks) keys = new PortSipWordKeys(keys.Field, trunks);
        if (QueryOf(keys.Within(null, null)) is null || QueryOf(keys.Within(keys.First, keys.First)) is null) return null;
        var list = new PortSipOrderedList(this, keys, source);
        bool isShort = sessions is null && list.All <= Math.Min(Few, request.Desk.Options.MostJudged);
        return isShort || ((keys.Words.Count > 0 || list.Happened < list.All) && QueryOf(keys.Null()) is null) ? null : list;
    }

    /// <summary>The query for those calls of the list that meet a condition, but for those that memory tells of; null where it would find others as well.</summary>
    public CallQuery? QueryOf(PortSipCondition? condition)
    {
        PortSipCondition? all = asked.Condition is { } first && condition is not null ? new PortSipJunction(false, first, condition) : asked.Condition ?? condition;
        PortSipNarrowing narrowing = PortSipNarrowing.Of(all, context);
        if (!narrowing.IsExact) return null;
        CallQuery query = narrowing.Query();
        query = query with { Text = asked.Search ?? query.Text, Tenant = request.Tenant };
        return sessions is null ? query : OfOneCall(query with { IsSessionStart = true });
    }

    // The calls as they are now; null where memory does not tell which it has of them.
    private PortSipSource? Source(Func<PortSipSessions, DialectDesk, Timestamp?, Timestamp?, PortSipSessions.Known?> between)
    {
        if (sessions is null) return new PortSipSource(request.Desk.Calls.Mark(), null, hasStrays: false);
        Func<PortSipDayRows, bool[]>? meets = asked.Condition is { } condition ? PortSipRowJudge.Of(condition, context.RecordIdOf) : null;
        if ((asked.Condition is not null && meets is null) || QueryOf(null) is not { } query || between(sessions, request.Desk, query.From, query.To) is not { } all) return null;
        _hasStrays = all.HasStrays;
        if (asked.Search is not null)
        {
            if (Found(all.Mark) is not { } found) return null;
            Func<PortSipDayRows, bool[]>? isMet = meets;
            meets = day =>
            {
                bool[]? met = isMet?.Invoke(day);
                return [.. day.Rows.Select((row, place) => (met is null || met[place]) && found.Contains(row.Id))];
            };
        }

        IEnumerable<PortSipDayRows> shown = request.Tenant is { } tenant ? all.Days.Select(day => day.Of(tenant)) : all.Days;
        var rows = new PortSipRowList(shown, meets, asked.OrderBy == "started_at" ? null : asked.OrderBy);
        return new PortSipSource(all.Mark, rows, all.HasStrays);
    }

    // The sessions that memory tells of and a search finds, which looks at more than rows have; null for too many.
    private HashSet<string>? Found(CallMark mark)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (CallQuery query in PortSipSessions.Queries(_hasStrays).Select(query => query with { Text = asked.Search, Tenant = request.Tenant, Ascending = true }))
        {
            if (request.Desk.Calls.Count(query, mark) + found.Count > request.Desk.Options.MostJudged) return null;
            CallSlice slice;
            long skip = 0;
            do
            {
                slice = request.Desk.Calls.Page(new CallPageRequest { Query = query, Skip = skip, Take = CallQuery.MaxLimit, Until = mark });
                skip += slice.Calls.Count;
                found.UnionWith(slice.Calls.Select(static call => call.Record.Id));
            }
            while (slice.HasMore && slice.Calls.Count > 0);
        }

        return found;
    }

    // Leaves out what memory tells of.
    private CallQuery OfOneCall(CallQuery query)
    {
        query = Lacking(query);
        if (!_hasStrays) return query;
        CallQuery[] strays = [.. Alternatives(query).Select(static one => one with { Flags = one.Flags | CallFlags.Linked, Without = null })];
        return query with { Without = query.Without is { } left ? new CallQuery { Any = [.. Alternatives(left), .. strays] } : strays is [var one] ? one : new CallQuery { Any = strays } };

        static IReadOnlyList<CallQuery> Alternatives(CallQuery query) => query.Any.Count > 0 ? query.Any : [query];

        static CallQuery Lacking(CallQuery query)
        {
            if (query.Any.Count > 0) query = query with { Any = [.. query.Any.Select(Lacking)] };
            else query = query with { Traits = query.Traits.Count == 0 ? [new TraitMatch(CallTraits.None, CallTraits.PassedOn)] : [.. query.Traits.Select(static match => match with { Lacks = match.Lacks | CallTraits.PassedOn })] };
            return query.Without is { } without ? query with { Without = Lacking(without) } : query;
        }
    }

    // The trunks of some calls, where no others have any: there are few as a rule, and each is asked for by itself.
    private string[]? Trunks(PortSipKeys keys, PortSipSource source)
    {
        PortSipCondition any = keys.Within(null, null), none = keys.Null();
        if (QueryOf(any) is null || QueryOf(none) is null) return null;
        string[] names = [.. source.Page(this, any, 0, SampledTrunks, ascending: false).Calls.Select(static call => call.Record.Marks?.Trunk).OfType<string>().Distinct(StringComparer.Ordinal)];
        if (names.Length is 0 or > MostTrunks) return null;
        PortSipCondition[] each = [.. names.Select(name => new PortSipComparison(keys.Field, PortSipOperator.Equal, name, default, 0)), none];
        return each.Sum(condition => QueryOf(condition) is null ? 0 : source.Count(this, condition)) == source.Count(this, null) ? names : null;
    }
}

/// <summary>A list in order of starts.</summary>
/// <param name="Source">Its calls.</param>
/// <param name="All">How many.</param>
internal sealed record PortSipTimedList(PortSipSource Source, long All);

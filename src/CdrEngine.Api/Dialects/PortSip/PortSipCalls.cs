using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>What is asked of a list.</summary>
/// <param name="Skip">Items before the page.</param>
/// <param name="Top">Items on it.</param>
/// <param name="OrderBy">Field.</param>
/// <param name="Descending">The greatest first.</param>
/// <param name="Filter">The filter as it was written; empty for none.</param>
/// <param name="Condition">The filter as it was read.</param>
/// <param name="Search">Part of a text; null for none.</param>
internal sealed record PortSipAsked(long Skip, int Top, string OrderBy, bool Descending, string Filter, PortSipCondition? Condition, string? Search)
{
    /// <summary>Items on a page at most, and where it is not said.</summary>
    public const int MaxTop = 100;

    /// <summary>The parameters of every list.</summary>
    public static IReadOnlyList<ApiParameter> Parameters { get; } =
    [
        new("filter", "Conditions: `field eq value`, also `ne gt ge lt le`, `contains(field,'text')`, `and`, `or` and parentheses. Fields are the members of the items.", new ValueShape("string", "started_at ge 2017-07-21T17:32:28Z")),
        new("search", "Part of a number, name or other text; case does not matter.", new ValueShape("string", "1001")),
        new("orderby", "A field, and `desc` for the greatest first.", new ValueShape("string", "started_at desc")),
        new("skip", "Items before the page.", new ValueShape("integer", "0") { Minimum = 0, Maximum = int.MaxValue }) { Default = "0" },
        new("top", "Items on the page.", new ValueShape("integer", "100") { Minimum = 1, Maximum = MaxTop }) { Default = "100" },
    ];

    /// <summary>Reads them; what is wrong is noted as a fault of the request.</summary>
    public static PortSipAsked Read<T>(DialectRequest request, IReadOnlyList<PortSipField<T>> fields, string orderBy)
    {
        var query = new QueryReader(request.Http.Request.Query, PortSipFilterParser<T>.MaxLength);
        long skip = query.Whole("skip", 0, 0, int.MaxValue);
        long top = query.Whole("top", MaxTop, 1, MaxTop);
        bool descending = false;
        if (query.Text("orderby") is { } order)
        {
            string[] words = order.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length is 1 or 2 && fields.Any(field => field.Name == words[0]) && (words.Length == 1 || words[1] is "asc" or "desc")) (orderBy, descending) = (words[0], words is [_, "desc"]);
            else query.Refuse("orderby", order, "is no field, or a field with asc or desc behind it");
        }

        string filter = query.Text("filter") ?? "";
        PortSipCondition? condition = null;
        if (filter.Length > 0)
        {
            condition = PortSipFilterParser<T>.Parse(filter, fields, out PortSipFilterFault? fault);
            if (fault is not null) query.Refuse("filter", filter, $"at character {fault.Position}: {fault.Problem}");
        }

        string? search = request.Query.Text("search");
        if (query.Fault is { } wrong) request.Query.Refuse(wrong);
        return new PortSipAsked(skip, (int)top, orderBy, descending, filter, condition, search);
    }

    /// <summary>A page of what is in memory.</summary>
    public PortSipPage<TItem> Page<T, TItem>(IEnumerable<T> all, IReadOnlyList<PortSipField<T>> fields, Func<T, TItem> show)
    {
        PortSipField<T> order = fields.First(field => field.Name == OrderBy);
        IEnumerable<T> met = all;
        if (Condition is { } condition) met = met.Where(item => PortSipJudge.Meets(condition, item, fields));
        if (Search is { } search) met = met.Where(item => fields.Any(field => field.Value(item) is string text && text.Contains(search, StringComparison.OrdinalIgnoreCase)));
        Comparer<object?> comparer = Comparer<object?>.Create(PortSipJudge.Compare);
        Func<T, object?> by = order.Order ?? order.Value;
        T[] ordered = [.. Descending ? met.Reverse().OrderByDescending(by, comparer) : met.OrderBy(by, comparer)];
        return new PortSipPage<TItem>(ordered.Length, [.. ordered.Skip((int)Skip).Take(Top).Select(show)]);
    }
}

/// <summary>A leg or session on its way to a client.</summary>
/// <param name="Fields">What is shown.</param>
/// <param name="Record">The call, or the first of the session.</param>
/// <param name="Id">Its id.</param>
internal sealed record PortSipRow(PortSipFields Fields, CallRecord Record, Func<string> Id);

/// <summary>Lists legs and sessions.</summary>
internal sealed partial class PortSipCalls
{
    // Call logs that are read and told one by one as long as it is not known what all there are are told.
    private const int FewSessions = 500;

    private readonly PortSipSessions _sessions = new();
    private readonly PortSipKept<PortSipTimedList> _timed = new();
    private readonly PortSipKept<PortSipOrderedList> _ordered = new();
    private readonly PortSipKept<List<string>> _lists = new();

    /// <summary>Every field of a leg.</summary>
    public static IReadOnlyList<PortSipField<PortSipRow>> LegFields { get; } =
    [
        new("id", PortSipKind.Text, static row => row.Id()) { Order = static row => PortSipIds.Place(row.Id()), Place = PortSipIds.Place },
        new("caller", PortSipKind.Text, static row => row.Fields.Caller) { Also = static row => row.Record.Caller.E164 },
        new("caller_domain", PortSipKind.Text, static row => row.Fields.CallerDomain),
        new("caller_display_name", PortSipKind.Text, static row => row.Fields.CallerDisplayName),
        new("callee", PortSipKind.Text, static row => row.Fields.Callee) { Also = static row => row.Fields.Callee == row.Record.Callee.Number ? row.Record.Callee.E164 : null },
        new("callee_domain", PortSipKind.Text, static row => row.Fields.CalleeDomain),
        new("callee_display_name", PortSipKind.Text, static row => row.Fields.CalleeDisplayName),
        new("started_at", PortSipKind.Time, static row => row.Fields.StartedAt),
        new("rang_at", PortSipKind.Time, static row => row.Fields.RangAt),
        new("answered_at", PortSipKind.Time, static row => row.Fields.AnsweredAt),
        new("ended_at", PortSipKind.Time, static row => row.Fields.EndedAt),
        new("call_id", PortSipKind.Text, static row => row.Fields.CallId),
        new("direction", PortSipKind.Word, static row => row.Fields.Direction) { Words = PortSipMapping.DirectionNames },
        new("end_reason", PortSipKind.Word, static row => row.Fields.EndReason) { Words = PortSipMapping.EndReasonNames },
        new("reroute_reason", PortSipKind.Word, static row => row.Fields.RerouteReason) { Words = PortSipMapping.RerouteReasonNames },
        new("status_code", PortSipKind.Number, static row => row.Fields.StatusCode is { } status ? (decimal)status : null),
        new("destination", PortSipKind.Text, static row => row.Fields.Destination),
        new("outbound_caller_id", PortSipKind.Text, static row => row.Fields.OutboundCallerId),
        new("did_cid", PortSipKind.Text, static row => row.Fields.DidCid),
        new("trunk", PortSipKind.Text, static row => row.Fields.Trunk),
        new("duration", PortSipKind.Number, static row => (decimal)row.Fields.Duration),
        new("service_number", PortSipKind.Text, static row => row.Fields.ServiceNumber),
        new("user_data", PortSipKind.Text, static row => row.Fields.UserData),
    ];

    /// <summary>Every field of a session.</summary>
    public static IReadOnlyList<PortSipField<PortSipRow>> SessionFields { get; } = [.. LegFields, new("session_id", PortSipKind.Text, static row => row.Id()) { Order = static row => PortSipIds.Place(row.Id()), Place = PortSipIds.Place }];

    /// <summary>Writes what is known of days that are over, until it ends.</summary>
    public Task KeepAsync(DialectDesk desk, CancellationToken stop) => _sessions.KeepAsync(desk, stop);

    /// <summary>One page with the number of all; null where the request is answered already.</summary>
    public async Task<(long Count, IReadOnlyList<ListedCall> Calls)?> PageAsync(DialectRequest request, PortSipAsked asked, bool sessions)
    {
        DialectDesk desk = request.Desk;
        var legs = new PortSipNarrowingContext(Sessions: false, desk.Options.Rounding, text => NumberText.TryRead(text, out long number) ? desk.Calls.FindByNumber(number)?.Record.Id : null);
        PortSipNarrowingContext context = legs with { Sessions = sessions };
        PortSipNarrowing narrowing = PortSipNarrowing.Of(asked.Condition, context);
        bool byTime = asked.OrderBy == "started_at";
        CallQuery query = narrowing.Query();
        query = query with { Text = asked.Search ?? query.Text, IsSessionStart = sessions, Ascending = !(byTime && asked.Descending) };
        if (narrowing.IsExact && byTime)
        {
            CallSlice? slice = await request.PageAsync(new CallPageRequest { Query = query, Skip = asked.Skip, Take = asked.Top, WantsTotal = true });
            return slice is null ? null : (slice.Total ?? 0, slice.Calls);
        }

        query = query with { Tenant = request.Tenant };
        List<string>? ids = null;
        List<ListedCall> page = [];
        long tooMany = 0;
        long? inOrder = null;
        bool answered = false;
        await desk.Lists.RunAsync(request.Http, () =>
        {
            string key = $"{request.Viewer}|{request.Tenant}|{sessions}|{asked.OrderBy}|{asked.Descending}|{asked.Search}|{asked.Filter}";
            ids = asked.Skip == 0 ? null : _lists.Find(key, desk.Options.Time.GetUtcNow());
            long? left = sessions && !_sessions.AreKnown && ids is null ? desk.Calls.Count(query) : null;
            bool mayBeInOrder = sessions ? left is null || left > Math.Min(FewSessions, desk.Options.MostJudged) : narrowing.IsExact;
            if (ids is null && mayBeInOrder && InOrder(key) is { } ordered)
            {
                (inOrder, page) = ordered;
            }
            else if (ids is null)
            {
                long count = left ?? desk.Calls.Count(query);
                if (count > desk.Options.MostJudged) tooMany = count;
                else _lists.Keep(key, desk.Options.Time.GetUtcNow(), ids = Gather(request, asked, query, sessions));
            }

            if (ids is not null) page = Found(desk.Calls, [.. ids.Skip((int)asked.Skip).Take(asked.Top)]);
            page = request.Shown(page);
            answered = true;
            return Task.CompletedTask;
        });
        if (!answered) return null;
        if (inOrder is { } known) return (known, page);
        if (ids is not null) return (ids.Count, page);
        string parameter = narrowing.IsExact ? "orderby" : "filter";
        await request.ErrorAsync(
            StatusCodes.Status400BadRequest,
            $"{parameter}: no index answers it, and it leaves {tooMany} calls to be read; {desk.Options.MostJudged} may be. Narrow it by started_at, caller, callee, destination, direction, end_reason or duration.",
            parameter);
        return null;

        (long Count, List<ListedCall> Calls)? InOrder(string key)
        {
            var order = new PortSipOrder(request, asked, legs, sessions ? _sessions : null);
            return byTime ? order.Page(_timed, key) : order.Page(_ordered, key);
        }
    }

    /// <summary>The session of a call, as far as the client may see its calls; a session of one call is made of that.</summary>
    public static SessionRecord SessionOf(DialectRequest request, CallRecord call) => SessionOf(request.Desk, call, request.Tenant);

    /// <summary>The session of a call, as a tenant may see its calls; of all tenants where that is null.</summary>
    public static SessionRecord SessionOf(DialectDesk desk, CallRecord call, string? tenant)
    {
        if (!call.Flags.HasFlag(CallFlags.Linked) && call.SessionId == call.Id) return SessionStory.Tell(call.Id, [call]);
        return desk.Sessions.GetSession(call.Id, tenant) ?? SessionStory.Tell(call.Id, [call]);
    }

    /// <summary>What a call, or the session it is the first of, is held against conditions as.</summary>
    public static PortSipRow Row(DialectRequest request, CallRecord call, bool sessions)
    {
        BillsecRounding rounding = request.Desk.Options.Rounding;
        PortSipFields fields = sessions ? PortSipMapping.Fields(SessionOf(request, call), rounding) : PortSipMapping.Fields(call, CallFacts.Of(call), rounding);
        return new PortSipRow(fields, call, () => NumberText.Of(request.Desk.Calls.Find(call.Id)?.Number ?? CallNumber.Of(call.Id)));
    }

    /// <summary>The calls of some ids, in their order; those that are no more are left out.</summary>
    internal static List<ListedCall> Found(ICallPager calls, IReadOnlyList<string> ids)
    {
        IReadOnlyDictionary<string, ListedCall> found = calls.FindAll(ids);
        return [.. ids.Select(id => found.GetValueOrDefault(id)).OfType<ListedCall>()];
    }

    // What came since the calls were counted is left out.
    private static List<string> Gather(DialectRequest request, PortSipAsked asked, CallQuery query, bool sessions)
    {
        IReadOnlyList<PortSipField<PortSipRow>> fields = sessions ? SessionFields : LegFields;
        PortSipField<PortSipRow> order = fields.First(field => field.Name == asked.OrderBy);
        var found = new List<(string Id, object? Key)>();
        string? cursor = null;
        int read = 0;
        do
        {
            CallPage calls = request.Desk.Reader.List(query with { Limit = CallQuery.MaxLimit, Cursor = cursor });
            foreach (CallRecord call in calls.Calls)
            {
                // The count above did not see what came since.
                if (++read > 2 * request.Desk.Options.MostJudged) break;
                PortSipRow row = Row(request, call, sessions);
                if (asked.Condition is null || PortSipJudge.Meets(asked.Condition, row, fields)) found.Add((call.Id, (order.Order ?? order.Value)(row)));
            }

            request.Http.RequestAborted.ThrowIfCancellationRequested();
            cursor = calls.NextCursor;
        }
        while (cursor is not null && read <= 2 * request.Desk.Options.MostJudged);
        if (asked.OrderBy == "started_at") return [.. found.Select(static call => call.Id)];
        Comparer<object?> comparer = Comparer<object?>.Create(PortSipJudge.Compare);
        return [.. (asked.Descending ? Enumerable.Reverse(found).OrderByDescending(static call => call.Key, comparer) : found.OrderBy(static call => call.Key, comparer)).Select(static call => call.Id)];
    }
}

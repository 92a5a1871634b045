using System.Globalization;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Sessions;

/// <summary>Reads sessions out of the records of their calls. Nothing is stored of a session but the id in its calls' records.</summary>
/// <param name="calls">The records; asked by several threads where this is.</param>
public sealed class SessionArchive(ICallReader calls) : ISessionReader
{
    /// <summary>Calls of one session that are read.</summary>
    private const int MostCalls = 1000;

    /// <summary>Days after its first that are looked at for a session's calls, unless a call of it lasted longer.</summary>
    private const int DaysBehind = 1;

    private const int MostDays = 32;

    /// <summary>Calls looked at for one page where a filter throws most of them away.</summary>
    private const int MostExamined = 5000;

    /// <summary>Calls read beside twice those that are missing on a page.</summary>
    private const int FurtherCalls = 8;

    /// <summary>Calls looked at before the first page, where counts do not tell how many sessions they are of.</summary>
    private const int MostPassed = 20_000;

    /// <inheritdoc />
    public SessionRecord? GetSession(string id, string? tenant = null) => Read(id, tenant, null);

    // With the calls of sessions that were read together, where they were.
    private SessionRecord? Read(string id, string? tenant, IReadOnlyDictionary<string, IReadOnlyList<CallRecord>>? together)
    {
        if (!CallId.IsWellFormed(id)) return null;
        CallRecord? named = together?.GetValueOrDefault(id)?.FirstOrDefault(call => call.Id == id) ?? calls.Get(id);
        string session = named?.SessionId ?? id;
        var found = new Dictionary<string, CallRecord>(StringComparer.Ordinal);
        Collect(session, found, together?.GetValueOrDefault(session));
        if (named is not null) found.TryAdd(named.Id, named);

        // A call that was over and forgotten before two sessions became one still says the other name; the links lead to it.
        var strangers = new Queue<string>(Outside(found));
        while (strangers.TryDequeue(out string? stranger) && found.Count < MostCalls)
        {
            if (found.ContainsKey(stranger) || calls.Get(stranger) is not { } call) continue;
            found.Add(call.Id, call);
            if (call.SessionId != session) Collect(call.SessionId, found);
            foreach (string further in Outside(found)) strangers.Enqueue(further);
        }

        // A conversation between two tenants has calls of both. Each is told its own.
        return tenant is null ? (found.Count == 0 ? null : SessionStory.Tell(session, found.Values)) : ToldTo(session, tenant, found);
    }

    /// <summary>What a tenant is told of a session that was read for everybody: its own calls, without what they say of others; null where none is its.</summary>
    /// <param name="session">The session with all its calls.</param>
    /// <param name="tenant">The tenant.</param>
    public static SessionRecord? ToldTo(SessionRecord session, string tenant) =>
        ToldTo(session.Id, tenant, session.Calls.ToDictionary(static call => call.Id, StringComparer.Ordinal));

    private static SessionRecord? ToldTo(string session, string tenant, Dictionary<string, CallRecord> found)
    {
        CallRecord[] told = [.. found.Values.Where(call => call.Tenant == tenant).Select(call => Own(call, tenant, found))];
        return told.Length == 0 ? null : SessionStory.Tell(session, told);
    }

    // Without what it says of calls of others.
    private static CallRecord Own(CallRecord call, string tenant, Dictionary<string, CallRecord> found)
    {
        bool IsOwn(string id) => found.TryGetValue(id, out CallRecord? other) && other.Tenant == tenant;
        return call with
        {
            Links = [.. call.Links.Where(link => IsOwn(link.CallId))],
            Transfer = call.Transfer is { CallId: { } id } transfer && !IsOwn(id) ? transfer with { CallId = null } : call.Transfer,
        };
    }

    /// <inheritdoc />
    public IReadOnlyList<SessionRecord> SessionsOf(IReadOnlyList<CallRecord> some, string? tenant = null)
    {
        IReadOnlyDictionary<string, IReadOnlyList<CallRecord>>? together = Together(some);
        return [.. some.Select(call => (IsOfSeveral(call) ? Read(call.Id, tenant, together) : null) ?? SessionStory.Tell(call.Id, [call]))];
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, SessionRecord> SessionsTogether(IReadOnlyCollection<string> ids)
    {
        var sessions = new Dictionary<string, SessionRecord>(StringComparer.Ordinal);
        string[] asked = [.. ids.Where(static id => CallId.IsWellFormed(id)).Distinct(StringComparer.Ordinal)];
        if (asked.Length == 0 || calls.OfSessions(asked) is not { } together) return sessions;
        foreach (string id in asked)
        {
            if (together.GetValueOrDefault(id)?.FirstOrDefault(call => call.Id == id) is not { } first) continue;
            sessions[id] = (IsOfSeveral(first) ? Read(id, null, together) : null) ?? SessionStory.Tell(id, [first]);
        }

        return sessions;
    }

    /// <inheritdoc />
    public SessionPage ListSessions(SessionQuery query)
    {
        int limit = Math.Clamp(query.Limit, 1, CallQuery.MaxLimit);
        CallTraits makers = MakersOf(query);
        var sessions = new List<SessionRecord>();
        string? cursor = query.Cursor;
        int examined = 0;

        // Where each call is of a session of its own the store passes them by its counts.
        long skip = cursor is null ? Math.Max(0, query.Offset) : 0, left = query.Kind is null && IsListedByStart(query) ? 0 : skip;
        int most = left > 0 ? MostPassed : MostExamined;
        do
        {
            // Each call gives one session at most. Where the calls before gave fewer, more are read at once than are missing.
            var asked = new CallQuery
            {
                From = query.From,
                To = query.To,
                Number = query.Number,
                Tenant = query.Tenant,
                IsSessionStart = IsListedByStart(query),
                Flags = query.Kind == SessionKind.Legs && query.Number is null ? CallFlags.Linked : CallFlags.None,
                Traits = makers == CallTraits.None ? [] : [new TraitMatch(makers)],
                Ascending = query.Ascending,
                Limit = left > 0 ? (int)Math.Min(left, CallQuery.MaxLimit) : examined == 0 ? limit : Math.Min((2 * (limit - sessions.Count)) + FurtherCalls, CallQuery.MaxLimit),
                Skip = skip - left,
                Cursor = cursor,
            };
            CallPage page = calls.List(asked);
            if (page.CursorRejected) return new SessionPage { Sessions = [], CursorRejected = true };
            IReadOnlyDictionary<string, IReadOnlyList<CallRecord>>? together = Together(page.Calls);
            int used = 0;
            foreach (CallRecord call in page.Calls)
            {
                if (left == 0 && sessions.Count == limit) break;
                used++;
                examined++;
                SessionRecord session = !IsOfSeveral(call)
                    ? SessionStory.Tell(call.Id, [call])
                    : Read(call.SessionId, query.Tenant, together) ?? SessionStory.Tell(call.SessionId, [query.Tenant is { } own ? Own(call, own, []) : call]);
                if (query.Kind is { } kind && session.Kind != kind) continue;
                if (!IsListedByStart(query) && !IsFirstMatch(session, call, query)) continue;
                if (left > 0) left--;
                else sessions.Add(session);
            }

            // Behind the last call that was used; the next page begins with those that were not.
            cursor = used == page.Calls.Count ? page.NextCursor : page.CursorBehind is { } behind ? behind(used) : calls.List(asked with { Limit = used }).NextCursor;
        }
        while (cursor is not null && sessions.Count < limit && examined < most);
        if (left > 0 && cursor is not null) return new SessionPage { Sessions = [], IsTooFar = true };
        return new SessionPage { Sessions = sessions, NextCursor = cursor };
    }

    // The calls of the sessions of some calls, where they can be asked for at once.
    private IReadOnlyDictionary<string, IReadOnlyList<CallRecord>>? Together(IEnumerable<CallRecord> some)
    {
        string[] linked = [.. some.Where(IsOfSeveral).Select(static call => call.SessionId).Where(static id => CallId.IsWellFormed(id)).Distinct(StringComparer.Ordinal)];
        return linked.Length > 1 ? calls.OfSessions(linked) : null;
    }

    private static bool IsOfSeveral(CallRecord call) => call.Flags.HasFlag(CallFlags.Linked) || call.SessionId != call.Id;

    private static IEnumerable<string> Outside(Dictionary<string, CallRecord> found) =>
        found.Values.SelectMany(static call => call.Links).Select(static link => link.CallId).Where(id => !found.ContainsKey(id)).Distinct(StringComparer.Ordinal).ToArray();

    // With a number, of one tenant, or by what one of its calls makes it, the first call of the session may not be among those that match.
    private static bool IsListedByStart(SessionQuery query) => query.Number is null && query.Tenant is null && MakersOf(query) == CallTraits.None;

    // What a call must be of for its session to be of the kind; none where that takes several, or a number leads to fewer.
    private static CallTraits MakersOf(SessionQuery query) => query.Number is not null ? CallTraits.None : query.Kind switch
    {
        SessionKind.Group => CallTraits.Forked,
        SessionKind.Forward => CallTraits.Forwarded,
        SessionKind.Pickup => CallTraits.PickedUp,
        SessionKind.Retrieval => CallTraits.Retrieved,
        SessionKind.Transfer => CallTraits.Transferred,
        _ => CallTraits.None,
    };

    /// <summary>A session is then listed where the first of its calls that match stands, and there only.</summary>
    private static bool IsFirstMatch(SessionRecord session, CallRecord call, SessionQuery query)
    {
        CallTraits makers = MakersOf(query);
        foreach (CallRecord other in session.Calls)
        {
            // A tenant is told less of its calls than they are stored with: what it is not told makes nothing.
            bool isMaker = makers == CallTraits.None || (CallTraitsReader.KindOf(other) & makers) != 0;
            if (other.Id == call.Id && !isMaker) return false;
            if (other.Id == call.Id || !isMaker || (query.Number is { } number && !Has(other, number)) || other.StartedAt < (query.From ?? Timestamp.MinValue) || other.StartedAt >= (query.To ?? Timestamp.MaxValue)) continue;
            int order = other.StartedAt.CompareTo(call.StartedAt);
            if (order == 0) order = string.CompareOrdinal(other.Id, call.Id);
            if (query.Ascending ? order < 0 : order > 0) return false;
        }

        return true;
    }

    private static bool Has(CallRecord call, string number) => Is(call.Caller.Number, number) || Is(call.Callee.Number, number) || Is(call.Dialled, number);

    private static bool Is(string? has, string number) =>
        has is not null && (number.EndsWith('*') ? has.StartsWith(number[..^1], StringComparison.Ordinal) : has == number);

    /// <summary>The calls of a session: from the day of its id on, as far as the days of the calls found reach.</summary>
    /// <param name="session">The session.</param>
    /// <param name="found">They are added to it.</param>
    /// <param name="known">Those of its first days, where they are known.</param>
    private void Collect(string session, Dictionary<string, CallRecord> found, IReadOnlyList<CallRecord>? known = null)
    {
        if (!CallId.IsWellFormed(session) || !DateTimeOffset.TryParseExact(session.AsSpan(0, 8), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset day)) return;
        Timestamp first = Timestamp.From(day);
        Timestamp until = first + TimeSpan.FromDays(1 + DaysBehind);
        Timestamp from = first;
        int read = 0;
        if (known is not null)
        {
            foreach (CallRecord call in known) Add(call);
            read = 1 + DaysBehind;
            from += TimeSpan.FromDays(read);
        }

        for (int days = read; days < MostDays && from < until && found.Count < MostCalls; days++)
        {
            Timestamp to = from + TimeSpan.FromDays(1);
            string? cursor = null;
            do
            {
                CallPage page = calls.List(new CallQuery { SessionId = session, From = from, To = to, Ascending = true, Limit = MostCalls, Cursor = cursor });
                foreach (CallRecord call in page.Calls) Add(call);

                cursor = page.NextCursor;
            }
            while (cursor is not null && found.Count < MostCalls);
            from = to;
        }

        void Add(CallRecord call)
        {
            found.TryAdd(call.Id, call);

            // Who joins a call does so before it ends.
            until = Timestamp.Max(until, (call.EndedAt ?? call.StartedAt) + TimeSpan.FromMinutes(1));
        }
    }
}

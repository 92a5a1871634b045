using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Reads sessions.</summary>
public interface ISessionReader
{
    /// <summary>The session with this id, or the one that the call with this id belongs to; null where there is none.</summary>
    /// <param name="id">Id of the session or of one of its calls.</param>
    /// <param name="tenant">The session is then told of this tenant's calls alone, and is none where none is; null for all.</param>
    SessionRecord? GetSession(string id, string? tenant = null);

    /// <summary>The sessions that some calls belong to, in the order of the calls; one that has none to show stands for the call alone.</summary>
    /// <param name="calls">The calls.</param>
    /// <param name="tenant">As for <see cref="GetSession"/>.</param>
    IReadOnlyList<SessionRecord> SessionsOf(IReadOnlyList<CallRecord> calls, string? tenant = null);

    /// <summary>The sessions with these ids, by them, each of their calls read once. Left out are those that have no call of the same id any more, and those whose calls cannot be read together:
    /// they may be asked for by <see cref="SessionsOf"/>.</summary>
    /// <param name="ids">Ids of sessions, which are those of their first calls.</param>
    IReadOnlyDictionary<string, SessionRecord> SessionsTogether(IReadOnlyCollection<string> ids) => new Dictionary<string, SessionRecord>();

    /// <summary>One page of sessions.</summary>
    SessionPage ListSessions(SessionQuery query);
}

/// <summary>What sessions to list: every member that is set narrows the answer.</summary>
public sealed record SessionQuery
{
    /// <summary>Started at or after; with a number, its call did.</summary>
    public Timestamp? From { get; init; }

    /// <summary>Started before; with a number, its call did.</summary>
    public Timestamp? To { get; init; }

    /// <summary>Number of anyone in any of its calls; a prefix where it ends in <c>*</c>.</summary>
    public string? Number { get; init; }

    /// <summary>Of this kind.</summary>
    public SessionKind? Kind { get; init; }

    /// <summary>With calls of this tenant, and told of these alone; null for all.</summary>
    public string? Tenant { get; init; }

    /// <summary>True for the earliest first.</summary>
    public bool Ascending { get; init; }

    /// <summary>Sessions on the page at most, 1..<see cref="CallQuery.MaxLimit"/>; clamped.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Sessions before the first page; with a <see cref="Cursor"/> it does not matter.</summary>
    public long Offset { get; init; }

    /// <summary>Where to go on; null for the first page.</summary>
    public string? Cursor { get; init; }
}

/// <summary>One page of sessions, in order of their start; with a number, of its call's.</summary>
public sealed record SessionPage
{
    /// <summary>Sessions in the order asked for. Fewer than asked for, or none, does not mean that there are no more.</summary>
    public required IReadOnlyList<SessionRecord> Sessions { get; init; }

    /// <summary>Pass it as <see cref="SessionQuery.Cursor"/> to get what follows; null on the last page.</summary>
    public string? NextCursor { get; init; }

    /// <summary>True where the cursor given was not one of ours for this query; the page is then empty.</summary>
    public bool CursorRejected { get; init; }

    /// <summary>True where more calls stand before the first page than are looked at to find where it begins; the page is then empty.</summary>
    public bool IsTooFar { get; init; }
}

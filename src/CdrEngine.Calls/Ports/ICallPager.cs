using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Ports;

/// <summary>Lists stored calls by number of page, finds them by their integer ids, and counts them: what clients ask that know no cursors.</summary>
/// <remarks>Calls that were deleted are never given. Any number of threads.</remarks>
public interface ICallPager
{
    /// <summary>One page. The page that skips nothing takes the calls stored by then for its viewer and query; further pages show of those and
    /// no others, so that what arrives meanwhile neither shifts nor repeats anything. What was taken is forgotten after some minutes without
    /// a question, or for others' sake; the next page then takes what is stored by then.</summary>
    CallSlice Page(CallPageRequest request);

    /// <summary>The call with this record id; null where there is none.</summary>
    ListedCall? Find(string id);

    /// <summary>The calls with these record ids, by their ids; those that there are none of are left out.</summary>
    IReadOnlyDictionary<string, ListedCall> FindAll(IReadOnlyCollection<string> ids)
    {
        var found = new Dictionary<string, ListedCall>(StringComparer.Ordinal);
        foreach (string id in ids)
        {
            if (!found.ContainsKey(id) && Find(id) is { } call) found.Add(id, call);
        }

        return found;
    }

    /// <summary>Integer ids and tenants of the calls with these record ids, by these, as <see cref="FindAll"/> tells them, without their records; those that there are none of are left out.</summary>
    /// <param name="ids">Ids of records.</param>
    IReadOnlyDictionary<string, ListedNumber> NumbersOf(IReadOnlyCollection<string> ids) =>
        FindAll(ids).ToDictionary(static call => call.Key, static call => new ListedNumber(call.Value.Number, call.Value.Tenant), StringComparer.Ordinal);

    /// <summary>The call with this integer id; null where there is none.</summary>
    ListedCall? FindByNumber(long number);

    /// <summary>How many calls a query asks for; its limit, order and cursor do not matter.</summary>
    long Count(CallQuery query);

    /// <summary>What is stored by now.</summary>
    CallMark Mark();

    /// <summary>The days that calls are stored of, each with a text that is another once anything of the day was written or deleted; an empty one tells nothing. Null where the store does not tell.</summary>
    IReadOnlyDictionary<DateOnly, string>? DayStamps() => null;

    /// <summary>Of the calls of a day that are linked with others, or of which something went on: by the id of their session a number that is another once one of them was written otherwise, came or went.
    /// None for a day that has no calls; null where the store does not tell.</summary>
    /// <param name="day">The day.</param>
    IReadOnlyDictionary<string, long>? SessionStates(DateOnly day) => null;

    /// <summary>Tells this store from any other whose <see cref="DayStamps"/> could be the same by chance, also in other runs of the program; null where it cannot be told, so that nothing that
    /// depends on stamps outlives the process.</summary>
    string? Identity => null;

    /// <summary>How many calls a query asks for of those that were stored by a time; its limit, order and cursor do not matter.</summary>
    long Count(CallQuery query, CallMark until);

    /// <summary>How many calls that a query asks for, of those that were stored by a time, lasted less than each of some lengths; null where these are not told together.</summary>
    /// <param name="query">Which calls; its limit, order and cursor do not matter.</param>
    /// <param name="until">The time.</param>
    /// <param name="lengths">The lengths.</param>
    IReadOnlyList<long>? CountShorter(CallQuery query, CallMark until, LengthSteps lengths) => null;

    /// <summary>Asks several questions one after the other, of a state of the days that is looked up once for all of them where the store can do so. Only the thread that asks does so, and what it holds
    /// meanwhile others may wait for: nothing else is waited for within.</summary>
    /// <param name="ask">Asks.</param>
    T Together<T>(Func<T> ask) => ask();

    /// <summary>How the calls that a query asks for are spread over their texts; null where that is not known.</summary>
    /// <param name="query">Which calls, about.</param>
    /// <param name="of">Which text.</param>
    ITextSpread? SpreadOf(CallQuery query, TextOf of) => null;
}

/// <summary>Lengths that stand as far from each other.</summary>
/// <param name="First">The first.</param>
/// <param name="Step">From one to the next.</param>
/// <param name="Count">How many.</param>
public readonly record struct LengthSteps(TimeSpan First, TimeSpan Step, int Count);

/// <summary>A stored call as it is listed.</summary>
/// <param name="Record">Its record.</param>
/// <param name="Tenant">Tenant it belongs to; null where it belongs to none.</param>
/// <param name="Number">Its integer id; see <see cref="CallNumber"/>.</param>
public sealed record ListedCall(CallRecord Record, string? Tenant, long Number);

/// <summary>What a stored call is called by.</summary>
/// <param name="Number">Its integer id; see <see cref="CallNumber"/>.</param>
/// <param name="Tenant">Tenant it belongs to; null where it belongs to none.</param>
public readonly record struct ListedNumber(long Number, string? Tenant);

/// <summary>Which page is asked for.</summary>
public sealed record CallPageRequest
{
    /// <summary>Filters and sense, in order of time. Its limit, cursor, start and sort do not matter.</summary>
    public required CallQuery Query { get; init; }

    /// <summary>Calls that stand before the page, 0 or more.</summary>
    public long Skip { get; init; }

    /// <summary>Calls on the page, 1..<see cref="CallQuery.MaxLimit"/>; clamped.</summary>
    public int Take { get; init; } = 50;

    /// <summary>Whether a page that skips nothing goes on with what was taken before, if there is something: for lists that put other things before the
    /// first call.</summary>
    public bool GoesOn { get; init; }

    /// <summary>Who asks, for example the id of a token: pages belong together where viewer and query are the same.</summary>
    public string Viewer { get; init; } = "";

    /// <summary>By when calls were stored of which the page shows; viewer and other pages do not matter then. Null for what the viewer's first page took.</summary>
    public CallMark? Until { get; init; }

    /// <summary>Of more calls than this on all pages together none is read, and only the total is told; with <see cref="Until"/> and <see cref="WantsTotal"/>. Null for any number.</summary>
    public long? MostInAll { get; init; }

    /// <summary>Whether <see cref="CallSlice.Total"/> is asked for.</summary>
    public bool WantsTotal { get; init; }

    /// <summary>A condition on the record that no column holds; null for none. Records are read until enough meet it, so the query should be narrow.</summary>
    public Func<CallRecord, bool>? Where { get; init; }

    /// <summary>Of which calls <see cref="Where"/> decides: those with all of these traits, the others are on the list as the query finds them; none for all.</summary>
    public CallTraits WhereTraits { get; init; }

    /// <summary>What <see cref="Where"/> asks of those calls, where that is no more than how long a machine's were bridged to a person, or whether nobody took them: a store that knows it need not read them.</summary>
    public BridgeBounds? Bridge { get; init; }

    /// <summary>Tells one <see cref="Where"/> from another.</summary>
    public string WhereName { get; init; } = "";
}

/// <summary>One page.</summary>
public sealed record CallSlice
{
    /// <summary>Calls in order.</summary>
    public required IReadOnlyList<ListedCall> Calls { get; init; }

    /// <summary>True where further calls follow.</summary>
    public bool HasMore { get; init; }

    /// <summary>Calls on all pages together; null where it was not asked for.</summary>
    public long? Total { get; init; }
}

using CdrEngine.Core;

namespace CdrEngine.Storage;

/// <summary>A stored call as retention sees it: deleted ones too.</summary>
/// <param name="Id">Id of its record.</param>
/// <param name="SipCallId">Call-ID.</param>
/// <param name="SessionId">Id of its session.</param>
/// <param name="Tenant">Tenant; null for nobody's.</param>
/// <param name="StartedAt">Start.</param>
/// <param name="Number">Its place in the order of storing within its day; grows, and is never given twice.</param>
/// <param name="Chunks">Where its packets lie, as the packet log encodes it; empty where there are none.</param>
public sealed record KeptCall(string Id, string SipCallId, string SessionId, string? Tenant, Timestamp StartedAt, long Number, byte[] Chunks);

/// <summary>Which calls of a day retention looks at.</summary>
/// <param name="Day">The day.</param>
public sealed record KeptQuery(DateOnly Day)
{
    /// <summary>Started before.</summary>
    public Timestamp? StartedBefore { get; init; }

    /// <summary>Of this tenant; null for all.</summary>
    public string? Tenant { get; init; }

    /// <summary>Only calls deleted before; null for deleted and others.</summary>
    public Timestamp? DeletedBefore { get; init; }

    /// <summary>Calls stored behind this number, or started at or after <see cref="OrStartedFrom"/>: what an earlier look did not see.</summary>
    public long Behind { get; init; }

    /// <summary>See <see cref="Behind"/>.</summary>
    public Timestamp OrStartedFrom { get; init; } = Timestamp.MinValue;

    /// <summary>Calls behind this one in order of start and id; null from the first.</summary>
    public KeptCall? After { get; init; }

    /// <summary>Calls at most.</summary>
    public int Limit { get; init; } = 1000;
}

/// <summary>What retention needs of the store of calls. What it removes leaves no byte in the store's files once <see cref="Scrub"/> has nothing left to tell.</summary>
public interface ICallKeeping : IDisposable
{
    /// <summary>Days that have records, ascending.</summary>
    IReadOnlyList<DateOnly> Days();

    /// <summary>Calls of a day in order of start and id.</summary>
    IReadOnlyList<KeptCall> ListKept(KeptQuery query);

    /// <summary>One call, deleted or not; null where there is none.</summary>
    KeptCall? GetKept(string id);

    /// <summary>The last number given in a day; 0 where there is none.</summary>
    long LastNumber(DateOnly day);

    /// <summary>Tells where a call's packets lie now; false where there is no such call.</summary>
    bool SetChunks(string id, ReadOnlyMemory<byte> chunks);

    /// <summary>Notes that recordings which were there are gone.</summary>
    /// <param name="day">Day of their calls.</param>
    /// <param name="tenant">Of this tenant; null for all.</param>
    /// <param name="before">Of calls that started before.</param>
    /// <param name="except">Ids of calls whose recordings stay.</param>
    /// <param name="reason">Why, a word.</param>
    /// <returns>Ids of the calls.</returns>
    IReadOnlyList<string> ForgetRecordings(DateOnly day, string? tenant, Timestamp before, IReadOnlySet<string> except, string reason);

    /// <summary>Ids of calls whose recordings <see cref="ForgetRecordings"/> would note; nothing is changed.</summary>
    IReadOnlyList<string> ListRecorded(DateOnly day, string? tenant, Timestamp before, IReadOnlySet<string> except);

    /// <summary>Removes all rows of some calls of one day, that they were deleted, and what records of other calls tell of them (links, transfers).</summary>
    /// <returns>Calls that were there.</returns>
    int Purge(DateOnly day, IReadOnlyCollection<string> ids);

    /// <summary>Removes all records of a day; false where there are none or they cannot be removed.</summary>
    bool DropDay(DateOnly day);

    /// <summary>Rewrites what purges have left holes in, so that nothing of what was there is left. Tries again what could not be done before, also by a program that
    /// is gone.</summary>
    /// <returns>A line for each day that could not be rewritten now.</returns>
    IReadOnlyList<string> Scrub();
}

/// <summary>A stored message as retention sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Chunks">Where its packets lie; empty where there are none.</param>
public sealed record KeptMessage(string Id, byte[] Chunks);

/// <summary>What retention needs of the store of messages.</summary>
public interface IMessageKeeping : IDisposable
{
    /// <summary>Days that have messages, ascending.</summary>
    IReadOnlyList<DateOnly> Days();

    /// <summary>Messages of a tenant (null for all) that started before.</summary>
    IReadOnlyList<KeptMessage> ListKept(DateOnly day, string? tenant, Timestamp before, int limit);

    /// <summary>Messages within a call, on its day and the next.</summary>
    IReadOnlyList<KeptMessage> ListOfCall(string sipCallId, DateOnly day);

    /// <summary>Removes messages, and conversations that have none left on their day.</summary>
    int Purge(IReadOnlyCollection<string> ids);

    /// <summary>Removes all messages of a day; false where there are none or they cannot be removed.</summary>
    bool DropDay(DateOnly day);

    /// <summary>As <see cref="ICallKeeping.Scrub"/>.</summary>
    IReadOnlyList<string> Scrub();
}

/// <summary>What retention needs of the remarks.</summary>
public interface IRemarkKeeping : IDisposable
{
    /// <summary>Forgets what was written about some calls, and links to their recordings.</summary>
    void Purge(IReadOnlyCollection<string> callIds);
}

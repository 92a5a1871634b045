using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Where a call in progress is.</summary>
public enum LiveState
{
    /// <summary>INVITE seen, nothing but 100 yet.</summary>
    Trying = 0,

    /// <summary>18x seen.</summary>
    Ringing = 1,

    /// <summary>2xx seen.</summary>
    Answered = 2,

    /// <summary>Answered, and one side keeps the other on hold.</summary>
    Held = 3,

    /// <summary>Over. No call of a list is; the last events of a call are.</summary>
    Ended = 4,
}

/// <summary>What one side of a call in progress sends, measured nearest it.</summary>
public sealed record LiveSide
{
    /// <summary>Codec sent; null where unknown.</summary>
    public string? Codec { get; init; }

    /// <summary>Sender of the newest stream.</summary>
    public required Endpoint Source { get; init; }

    /// <summary>Its receiver.</summary>
    public required Endpoint Destination { get; init; }

    /// <summary>Packets so far.</summary>
    public long Packets { get; init; }

    /// <summary>Packets that were sent so far, by the sequence numbers.</summary>
    public long Expected { get; init; }

    /// <summary>Packets never seen so far.</summary>
    public long Lost { get; init; }

    /// <summary>Mean jitter so far, ms; null without a clock.</summary>
    public double? JitterMilliseconds { get; init; }

    /// <summary>Mean opinion score so far, 1..4.5; null for an unknown codec.</summary>
    public double? Mos { get; init; }

    /// <summary>Packets of the last ten-second interval of the newest stream.</summary>
    public long PacketsNow { get; init; }

    /// <summary>Packets lost in it.</summary>
    public long LostNow { get; init; }

    /// <summary>Mean jitter in it, ms.</summary>
    public double? JitterMillisecondsNow { get; init; }

    /// <summary>Score of it.</summary>
    public double? MosNow { get; init; }

    /// <summary>Last packet.</summary>
    public required Timestamp LastAt { get; init; }
}

/// <summary>One call in progress, as it stood when it was asked for.</summary>
public sealed record LiveCall
{
    /// <summary>Its record so far; <see cref="CallRecord.Disposition"/> is in progress. An outline (parties, times, flags) where
    /// <see cref="IsMeasured"/> is false, else with its streams and media sessions.</summary>
    public required CallRecord Record { get; init; }

    /// <summary>Where it is.</summary>
    public required LiveState State { get; init; }

    /// <summary>Whose call it is; null without a directory.</summary>
    public string? Tenant { get; init; }

    /// <summary>Engine time of the call's shard: what "so far" means.</summary>
    public required Timestamp Now { get; init; }

    /// <summary>What the caller sends; null where nothing was seen or nothing was measured.</summary>
    public LiveSide? CallerSent { get; init; }

    /// <summary>What the callee sends.</summary>
    public LiveSide? CalleeSent { get; init; }

    /// <summary>The side that is not heard though the other is, for five seconds now: one-way audio, as far as can be said while the call
    /// goes on. Null where there is no such suspicion.</summary>
    public PartySide? Unheard { get; init; }

    /// <summary>Whether the figures of its streams were asked for and came.</summary>
    public bool IsMeasured { get; init; }

    /// <summary>From ringing to the answer, or to now; null where it has not rung.</summary>
    public TimeSpan? Ring => Record.RangAt is { } rang ? NotNegative((Record.AnsweredAt ?? End) - rang) : null;

    /// <summary>From the answer to now; null where it is not answered.</summary>
    public TimeSpan? Talk => Record.AnsweredAt is { } answered ? NotNegative(End - answered) : null;

    /// <summary>From the start to now.</summary>
    public TimeSpan Duration => NotNegative(End - Record.StartedAt);

    private Timestamp End => Record.EndedAt ?? Now;

    private static TimeSpan NotNegative(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span;
}

/// <summary>What a list of calls in progress is sorted by.</summary>
public enum LiveSort
{
    /// <summary>Start of the call.</summary>
    StartedAt = 0,

    /// <summary>Answer; calls that are not answered come last either way.</summary>
    AnsweredAt = 1,
}

/// <summary>Which calls in progress to list: every member that is set narrows the answer, lists within a member widen it.</summary>
public sealed record LiveQuery
{
    /// <summary>Any of these states; empty for all.</summary>
    public IReadOnlyList<LiveState> States { get; init; } = [];

    /// <summary>Number of the caller, the callee or the dialled one; a prefix where it ends in <c>*</c>.</summary>
    public string? Number { get; init; }

    /// <summary>IP address of either party.</summary>
    public IpAddress? Address { get; init; }

    /// <summary>Source that saw the call's first message.</summary>
    public string? Source { get; init; }

    /// <summary>Tenant; null for all.</summary>
    public string? Tenant { get; init; }

    /// <summary>Order.</summary>
    public LiveSort Sort { get; init; }

    /// <summary>True for the smallest first. Equal keys stand in order of id, in the same sense.</summary>
    public bool Ascending { get; init; }

    /// <summary>Calls on the page, 1..<see cref="CallQuery.MaxLimit"/>; clamped.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Where to go on; null for the first page.</summary>
    public string? Cursor { get; init; }

    /// <summary>Whether the figures of the streams are wanted; without them nobody is asked and the answer comes sooner.</summary>
    public bool Quality { get; init; } = true;
}

/// <summary>How many calls there are, whatever the filters other than the tenant.</summary>
/// <param name="Calls">All in progress.</param>
/// <param name="States">By state, in order of the state; every state but ended is there.</param>
/// <param name="Sources">By source, the most first; at most <see cref="MaxSources"/>, the rest together under <see cref="OtherSources"/>.</param>
public sealed record LiveTotals(int Calls, IReadOnlyList<(LiveState State, int Calls)> States, IReadOnlyList<(string Source, int Calls)> Sources)
{
    /// <summary>Sources told apart: agents name themselves, and names are bounded wherever they become labels.</summary>
    public const int MaxSources = 64;

    /// <summary>Name of those beyond it.</summary>
    public const string OtherSources = "other";
}

/// <summary>One page of calls in progress.</summary>
public sealed record LivePage
{
    /// <summary>Calls in the order asked for.</summary>
    public required IReadOnlyList<LiveCall> Calls { get; init; }

    /// <summary>Totals at the same moment.</summary>
    public required LiveTotals Totals { get; init; }

    /// <summary>Calls that the filters leave, on all pages.</summary>
    public int Matching { get; init; }

    /// <summary>Pass it as <see cref="LiveQuery.Cursor"/>; null on the last page.</summary>
    public string? NextCursor { get; init; }

    /// <summary>True where the cursor given was not one of ours for this query; the page is then empty.</summary>
    public bool CursorRejected { get; init; }
}

/// <summary>The calls in progress of this process. Any thread.</summary>
public interface ILiveCalls
{
    /// <summary>One page. A call whose shard does not answer in time comes without its figures.</summary>
    Task<LivePage> ListAsync(LiveQuery query, CancellationToken stop = default);

    /// <summary>How many there are.</summary>
    LiveTotals Totals(string? tenant = null);

    /// <summary>The whole record of a call as it stands, also of one that ended a moment ago and is not stored yet; null where there is none.</summary>
    Task<LiveCall?> FindAsync(string id, CancellationToken stop = default);
}

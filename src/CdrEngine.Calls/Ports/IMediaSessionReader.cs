using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Reads stored media sessions.</summary>
public interface IMediaSessionReader
{
    /// <summary>The media session with this id; null where there is none.</summary>
    MediaSessionRecord? GetMediaSession(string id);

    /// <summary>One page of the media sessions a query asks for. A cursor that is damaged or belongs to another query gives
    /// <see cref="MediaSessionPage.CursorRejected"/>, never an exception.</summary>
    MediaSessionPage ListMediaSessions(MediaSessionQuery query);

    /// <summary>How many media sessions a query asks for; its limit, order and cursor do not matter.</summary>
    long CountMediaSessions(MediaSessionQuery query);
}

/// <summary>What media sessions to list: every member that is set narrows the answer.</summary>
/// <remarks>They come in order of the start of their calls; those of one call in order of their m-lines.</remarks>
public sealed record MediaSessionQuery
{
    /// <summary>Its call started at or after.</summary>
    public Timestamp? From { get; init; }

    /// <summary>Its call started before.</summary>
    public Timestamp? To { get; init; }

    /// <summary>Kind of media.</summary>
    public MediaSessionType? Type { get; init; }

    /// <summary>Id of its call's record.</summary>
    public string? CallId { get; init; }

    /// <summary>Codec either side sent or agreed to, for example <c>PCMU/8000</c> or <c>PCMU</c>; case does not matter.</summary>
    public string? Codec { get; init; }

    /// <summary>Worst ten seconds of either side below this MOS; sessions without a MOS do not match.</summary>
    public double? MosBelow { get; init; }

    /// <summary>Media address of either side, announced or seen.</summary>
    public IpAddress? Address { get; init; }

    /// <summary>All of these flags set.</summary>
    public MediaSessionFlags Flags { get; init; }

    /// <summary>Tenant; null for all (an administrator's view).</summary>
    public string? Tenant { get; init; }

    /// <summary>True for the earliest first.</summary>
    public bool Ascending { get; init; }

    /// <summary>Records on the page, 1..<see cref="CallQuery.MaxLimit"/>; clamped.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Records that stand before the page, behind the cursor where there is one; days before it are passed by their counts.</summary>
    public long Skip { get; init; }

    /// <summary>Where to go on: <see cref="MediaSessionPage.NextCursor"/> of the page before; null for the first.</summary>
    public string? Cursor { get; init; }
}

/// <summary>One page of media sessions.</summary>
public sealed record MediaSessionPage
{
    /// <summary>Records in the order asked for.</summary>
    public required IReadOnlyList<MediaSessionRecord> MediaSessions { get; init; }

    /// <summary>Pass it as <see cref="MediaSessionQuery.Cursor"/> to get what follows; null on the last page.</summary>
    public string? NextCursor { get; init; }

    /// <summary>True where the cursor given was not one of ours for this query; the page is then empty.</summary>
    public bool CursorRejected { get; init; }
}

using System.Globalization;
using CdrEngine.Core;

namespace CdrEngine.Calls.Records;

/// <summary>One m-line of a call (MSDR): what was agreed, when, and what went over it. Immutable.</summary>
/// <remarks>What the call's other members say of it (identity, parties, figures) is put in by <see cref="MediaSessions.Complete"/>; before
/// that it has what the SDP said.</remarks>
public sealed record MediaSessionRecord
{
    /// <summary>Identity: the call's id, <c>-m</c> and <see cref="Index"/>; empty before <see cref="MediaSessions.Complete"/>.</summary>
    public string Id { get; init; } = "";

    /// <summary>Id of the call's record; empty before <see cref="MediaSessions.Complete"/>.</summary>
    public string CallId { get; init; } = "";

    /// <summary>Position of the m-line, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Media type as in SDP: audio, video, image, message, …</summary>
    public required string Media { get; init; }

    /// <summary>Kind of media by <see cref="Media"/>.</summary>
    public MediaSessionType Type => MediaSessions.TypeOf(Media);

    /// <summary>Transport profile as in SDP, for example RTP/AVP.</summary>
    public required string Protocol { get; init; }

    /// <summary>Caller's media address, as announced last.</summary>
    public Endpoint? Caller { get; init; }

    /// <summary>Callee's media address, as announced last.</summary>
    public Endpoint? Callee { get; init; }

    /// <summary>Codecs offered, as <c>PCMU/8000</c>, in order.</summary>
    public IReadOnlyList<string> Offered { get; init; } = [];

    /// <summary>Codecs answered.</summary>
    public IReadOnlyList<string> Answered { get; init; } = [];

    /// <summary>Direction in force at the end, from the caller's side: sendrecv, sendonly, recvonly, inactive.</summary>
    public string Direction { get; init; } = "sendrecv";

    /// <summary>First offer or first packet.</summary>
    public Timestamp? StartedAt { get; init; }

    /// <summary>End of the call or the m-line's refusal.</summary>
    public Timestamp? EndedAt { get; init; }

    /// <summary>Number of the call's caller; null where unknown.</summary>
    public string? CallerNumber { get; init; }

    /// <summary>Display name of the call's caller; null where unknown.</summary>
    public string? CallerName { get; init; }

    /// <summary>Number of the call's callee; null where unknown.</summary>
    public string? CalleeNumber { get; init; }

    /// <summary>Display name of the call's callee; null where unknown.</summary>
    public string? CalleeName { get; init; }

    /// <summary>Codec the caller sent most, for example <c>PCMU/8000</c>; null where nothing told it.</summary>
    public string? CallerCodec { get; init; }

    /// <summary>Codec the callee sent most; null where nothing told it.</summary>
    public string? CalleeCodec { get; init; }

    /// <summary>Where the caller receives RTCP, as announced last; null where it announced nothing or refused.</summary>
    public Endpoint? CallerRtcp { get; init; }

    /// <summary>Where the callee receives RTCP, as announced last; null likewise.</summary>
    public Endpoint? CalleeRtcp { get; init; }

    /// <summary>Direction after each answer that changed it, the first answer included; empty where there was none.</summary>
    public IReadOnlyList<DirectionChange> Directions { get; init; } = [];

    /// <summary>What went from the caller, measured nearest the caller; null where nothing did.</summary>
    public MediaSideRecord? CallerSent { get; init; }

    /// <summary>What went from the callee, measured nearest the callee; null where nothing did.</summary>
    public MediaSideRecord? CalleeSent { get; init; }

    /// <summary>What was noticed of it.</summary>
    public MediaSessionFlags Flags { get; init; }

    /// <summary>In which way audio went one way only (<c>no_rtp</c>, <c>silent</c>, <c>late</c>, <c>not_forwarded</c>); null where it did not or
    /// the kind is not known.</summary>
    public string? OneWayKind { get; init; }

    /// <summary>Ended less started; zero while open or never begun.</summary>
    public TimeSpan Duration => StartedAt is { } started && EndedAt is { } ended && ended > started ? ended - started : TimeSpan.Zero;

    /// <summary>The worse of both sides' mean opinion scores; null where neither has one.</summary>
    public double? Mos => Worse(CallerSent?.Mos, CalleeSent?.Mos);

    /// <summary>The worse of both sides' worst ten seconds; null where neither has a score.</summary>
    public double? MosMin => Worse(CallerSent?.MosMin, CalleeSent?.MosMin);

    private static double? Worse(double? a, double? b) => a is { } x && b is { } y ? Math.Min(x, y) : a ?? b;
}

/// <summary>A direction that came into force.</summary>
/// <param name="At">The answer that made it so.</param>
/// <param name="Direction">From the caller's side: sendrecv, sendonly, recvonly, inactive.</param>
public sealed record DirectionChange(Timestamp At, string Direction);

/// <summary>The streams that one side sent in a media session, taken together.</summary>
public sealed record MediaSideRecord
{
    /// <summary>Streams (SSRC on an address pair).</summary>
    public required int Streams { get; init; }

    /// <summary>Packets.</summary>
    public required long Packets { get; init; }

    /// <summary>Payload octets.</summary>
    public required long Octets { get; init; }

    /// <summary>Packets that the sequence numbers say were sent.</summary>
    public required long Expected { get; init; }

    /// <summary>Packets never seen.</summary>
    public required long Lost { get; init; }

    /// <summary>Packets seen before.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Packets that came after a later one.</summary>
    public required long OutOfOrder { get; init; }

    /// <summary>Mean jitter of the streams by their packets, milliseconds; null where none has one.</summary>
    public double? JitterMillisecondsMean { get; init; }

    /// <summary>Greatest jitter of a stream, milliseconds; null where none has one.</summary>
    public double? JitterMillisecondsMax { get; init; }

    /// <summary>Mean opinion score of the streams by their packets; null where none has one.</summary>
    public double? Mos { get; init; }

    /// <summary>Score of the worst ten seconds of any stream; null where none has one.</summary>
    public double? MosMin { get; init; }

    /// <summary>First packet.</summary>
    public required Timestamp StartedAt { get; init; }

    /// <summary>Last packet.</summary>
    public required Timestamp EndedAt { get; init; }

    /// <summary>Lost of expected, 0..100; 0 where nothing was expected.</summary>
    public double LossPercent => Expected > 0 ? Math.Min(100.0, 100.0 * Lost / Expected) : 0;
}

/// <summary>Kinds of media. Stored and served: they only ever grow.</summary>
public enum MediaSessionType
{
    /// <summary>Any other m-line.</summary>
    Other = 0,

    /// <summary>Sound.</summary>
    Audio = 1,

    /// <summary>Moving pictures.</summary>
    Video = 2,

    /// <summary>Fax by T.38, or other pictures.</summary>
    Image = 3,

    /// <summary>Messages (MSRP, RFC 4975).</summary>
    Message = 4,

    /// <summary>Data (BFCP, data channels and the like).</summary>
    Application = 5,

    /// <summary>Text (RFC 4103).</summary>
    Text = 6,
}

/// <summary>What was noticed of a media session. A bit each, stored and served: they only ever grow.</summary>
[Flags]
public enum MediaSessionFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Was on hold at some time.</summary>
    Held = 1 << 0,

    /// <summary>Encrypted (RTP/SAVP, a=crypto, DTLS).</summary>
    Srtp = 1 << 1,

    /// <summary>Fax by T.38.</summary>
    T38 = 1 << 2,

    /// <summary>One direction had no audio.</summary>
    OneWay = 1 << 3,

    /// <summary>Refused with port 0.</summary>
    Refused = 1 << 4,
}

/// <summary>Ids of media sessions.</summary>
public static class MediaSessionId
{
    // Few calls have more m-lines.
    private static readonly string[] FirstEndings = ["-m0", "-m1", "-m2", "-m3", "-m4", "-m5", "-m6", "-m7", "-m8", "-m9"];

    /// <summary>Digits of an index at most.</summary>
    private const int MaxDigits = 4;

    /// <summary>The id of a call's m-line.</summary>
    public static string Of(string callId, int index) => index is >= 0 and < 10 ? string.Concat(callId, FirstEndings[index]) : string.Create(CultureInfo.InvariantCulture, $"{callId}-m{index}");

    /// <summary>The call and the position an id names; false for anything that is no such id.</summary>
    public static bool TryRead(string id, out string callId, out int index)
    {
        callId = "";
        index = 0;
        int at = id.LastIndexOf("-m", StringComparison.Ordinal);
        if (at < 0) return false;
        ReadOnlySpan<char> digits = id.AsSpan(at + 2);
        if (digits.Length is 0 or > MaxDigits || (digits.Length > 1 && digits[0] == '0')
            || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out index)) return false;
        callId = id[..at];
        return Records.CallId.IsWellFormed(callId);
    }
}

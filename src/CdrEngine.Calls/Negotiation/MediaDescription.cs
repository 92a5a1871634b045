using CdrEngine.Calls.Dormant;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Negotiation;

/// <summary>What a description was in the exchange (RFC 3264).</summary>
public enum MediaRole : byte
{
    /// <summary>Offer.</summary>
    Offer = 0,

    /// <summary>Answer.</summary>
    Answer = 1,
}

/// <summary>Who may send by an SDP direction attribute, from the side of whoever announced it (RFC 8866 6.7).</summary>
public enum MediaDirection : byte
{
    /// <summary>Both ways; the default.</summary>
    SendRecv = 0,

    /// <summary>The announcer sends only.</summary>
    SendOnly = 1,

    /// <summary>The announcer receives only.</summary>
    RecvOnly = 2,

    /// <summary>Neither.</summary>
    Inactive = 3,
}

/// <summary>One payload type of an m-line.</summary>
/// <param name="PayloadType">0..127.</param>
/// <param name="Codec">Encoding name, clock rate and channels, for example <c>PCMU/8000</c>, <c>opus/48000/2</c>; null where neither rtpmap nor
/// RFC 3551 names it.</param>
/// <param name="EncodingName">Encoding name alone; null as above.</param>
/// <param name="ClockRateHz">RTP clock in Hz; 0 as above.</param>
/// <param name="Channels">Audio channels, 1 where not said.</param>
/// <param name="Fmtp">Format parameters; null where none.</param>
public sealed record MediaFormat(byte PayloadType, string? Codec, string? EncodingName, int ClockRateHz, int Channels, string? Fmtp);

/// <summary>One m-line that one side announced: where it receives, and how it numbers the codecs it takes. Immutable.</summary>
public sealed record MediaDescription
{
    /// <summary>Who announced it, and so receives here.</summary>
    public required PartySide Side { get; init; }

    /// <summary>Position of the m-line, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Media type as in SDP: audio, video, image, message, …</summary>
    public required string Media { get; init; }

    /// <summary>Transport profile as in SDP, for example RTP/AVP.</summary>
    public required string Protocol { get; init; }

    /// <summary>Address and port to receive at. Port 0 where the m-line is refused (RFC 3264 6); the unspecified address on hold in the manner of RFC 2543.</summary>
    public required Endpoint Endpoint { get; init; }

    /// <summary>Where RTCP is received: a=rtcp (RFC 3605), the same port with rtcp-mux (RFC 5761), else the next port.</summary>
    public required Endpoint RtcpEndpoint { get; init; }

    /// <summary>Further endpoints: ICE candidates (RFC 8839), further ports of a port count.</summary>
    public IReadOnlyList<Endpoint> Candidates { get; init; } = [];

    /// <summary>Payload types this side receives, by its own numbering (RFC 3264 5.1, 6.1).</summary>
    public IReadOnlyList<MediaFormat> Formats { get; init; } = [];

    /// <summary>Direction from the announcer's side.</summary>
    public MediaDirection Direction { get; init; }

    /// <summary>Encrypted: RTP/SAVP, a=crypto (RFC 4568) or a=fingerprint (RFC 5763).</summary>
    public bool IsSrtp { get; init; }

    /// <summary>Fax by T.38: image over UDPTL or TCP.</summary>
    public bool IsT38 { get; init; }

    /// <summary>T38FaxVersion of a fax m-line; -1 where none is written.</summary>
    public int T38Version { get; init; } = -1;

    /// <summary>RTP of any profile.</summary>
    public bool IsRtp { get; init; }

    /// <summary>Offer or answer.</summary>
    public MediaRole Role { get; init; }

    /// <summary>To-tag of the leg that announced it; null for the caller.</summary>
    public string? LegTag { get; init; }

    /// <summary>When it was announced.</summary>
    public required Timestamp At { get; init; }

    internal int Leg { get; init; } = -1;

    internal int Place { get; init; }

    /// <summary>True where the m-line is taken: its port is not 0.</summary>
    public bool IsAccepted => Endpoint.Port != 0;

    /// <summary>True where this side keeps the other on hold by it: sendonly, inactive or the unspecified address.</summary>
    public bool IsHold => IsAccepted && (Direction is MediaDirection.SendOnly or MediaDirection.Inactive || Endpoint.Address.IsUnspecified);

    /// <summary>Carries one into a small form (which gives it back as it is) or makes one out of it.</summary>
    internal static MediaDescription Carry(StateCarrier carrier, MediaDescription? known)
    {
        PartySide side = known?.Side ?? default;
        Endpoint endpoint = known?.Endpoint ?? default, rtcp = known?.RtcpEndpoint ?? default;
        MediaDirection direction = known?.Direction ?? default;
        MediaRole role = known?.Role ?? default;
        carrier.Name(ref side);
        carrier.Address(ref endpoint);
        carrier.Address(ref rtcp);
        carrier.Name(ref direction);
        carrier.Name(ref role);
        int index = carrier.Number(known?.Index ?? 0), t38 = carrier.Number(known?.T38Version ?? 0), leg = carrier.Number(known?.Leg ?? 0), place = carrier.Number(known?.Place ?? 0);
        bool isSrtp = carrier.Flag(known?.IsSrtp ?? false), isT38 = carrier.Flag(known?.IsT38 ?? false), isRtp = carrier.Flag(known?.IsRtp ?? false);
        string media = carrier.Keep(known?.Media)!, protocol = carrier.Keep(known?.Protocol)!;
        string? legTag = carrier.Text(known?.LegTag);
        IReadOnlyList<Endpoint> candidates = carrier.Keep(known?.Candidates)!;
        IReadOnlyList<MediaFormat> formats = carrier.Keep(known?.Formats)!;
        Timestamp at = carrier.Time(known?.At ?? default);
        return known ?? new MediaDescription
        {
            Side = side,
            Index = index,
            Media = media,
            Protocol = protocol,
            Endpoint = endpoint,
            RtcpEndpoint = rtcp,
            Candidates = candidates,
            Formats = formats,
            Direction = direction,
            IsSrtp = isSrtp,
            IsT38 = isT38,
            T38Version = t38,
            IsRtp = isRtp,
            Role = role,
            LegTag = legTag,
            Leg = leg,
            Place = place,
            At = at,
        };
    }

    /// <summary>The format with this payload type; null where it is not listed.</summary>
    public MediaFormat? FormatOf(int payloadType)
    {
        for (int i = 0; i < Formats.Count; i++)
        {
            if (Formats[i].PayloadType == payloadType) return Formats[i];
        }

        return null;
    }

    /// <summary>True where this endpoint is one of those announced for media (not RTCP).</summary>
    public bool Receives(Endpoint endpoint)
    {
        if (Endpoint == endpoint) return IsAccepted;
        for (int i = 0; i < Candidates.Count; i++)
        {
            if (Candidates[i] == endpoint) return true;
        }

        return false;
    }
}

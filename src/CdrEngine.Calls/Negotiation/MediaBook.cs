using System.Text;
using CdrEngine.Calls.Dormant;
using CdrEngine.Calls.Hops;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Sdp;

namespace CdrEngine.Calls.Negotiation;

/// <summary>All that both sides of a call announced for media, newest last.</summary>
internal sealed class MediaBook
{
    private readonly List<(MediaDescription Description, ulong Body)> _all = new(4);

    /// <summary>Descriptions kept.</summary>
    public int Count => _all.Count;

    /// <summary>A description by position.</summary>
    public MediaDescription this[int index] => _all[index].Description;

    /// <summary>Forgets all.</summary>
    public void Clear() => _all.Clear();

    /// <summary>True where this very body was announced by that side before.</summary>
    public bool Knows(int leg, ulong body)
    {
        foreach ((MediaDescription description, ulong known) in _all)
        {
            if (known == body && description.Leg == leg) return true;
        }

        return false;
    }

    /// <summary>Adds an m-line; false where the limit is reached.</summary>
    public bool Add(MediaDescription description, ulong body, int limit)
    {
        if (_all.Count >= limit) return false;
        _all.Add((description, body));
        return true;
    }

    /// <summary>Carries all descriptions into a small form, or out of it into a book that has none yet.</summary>
    public void Carry(StateCarrier carrier)
    {
        int count = carrier.Number(_all.Count);
        for (int i = 0; i < count; i++)
        {
            (MediaDescription? description, ulong body) = carrier.IsPacking ? _all[i] : default;
            description = MediaDescription.Carry(carrier, description);
            carrier.Hash(ref body);
            if (!carrier.IsPacking) _all.Add((description, body));
        }
    }

    /// <summary>Reads one m-line.</summary>
    public static MediaDescription Describe(
        SdpMedia media, SdpMedia transport, int index, PartySide side, int leg, string? legTag, int place, MediaRole role, Timestamp at)
    {
        // An m-line of a bundle uses the address of the first one (RFC 9143 7.2); a port of 0 outside a bundle refuses.
        Endpoint endpoint = media.IsRefused ? new Endpoint(media.Address, 0) : new Endpoint(transport.Address, transport.Port);
        List<Endpoint>? candidates = null;
        foreach (SdpCandidate candidate in transport.Candidates)
        {
            if (candidate.IsUdp && candidate.Component == 1 && candidate.Endpoint != endpoint) (candidates ??= new List<Endpoint>(4)).Add(candidate.Endpoint);
        }

        for (int i = 1; i < Math.Min(media.PortCount, 8) && endpoint.Port != 0; i++)
            (candidates ??= new List<Endpoint>(4)).Add(endpoint with { Port = (ushort)(endpoint.Port + (2 * i)) });
        return new MediaDescription
        {
            Side = side,
            Index = index,
            Media = Intern(media.TypeText),
            Protocol = Intern(media.Protocol),
            Endpoint = endpoint,
            RtcpEndpoint = media.IsRefused ? default : transport.RtcpEndpoint,
            Candidates = (IReadOnlyList<Endpoint>?)candidates ?? [],
            Formats = MediaFormatList.Of(media.Formats),
            Direction = (MediaDirection)media.Direction,
            IsSrtp = media.IsRtp && (media.IsSecure || !media.Fingerprint.IsEmpty),
            IsT38 = media.IsT38,
            T38Version = media.T38Version,
            IsRtp = media.IsRtp,
            Role = role,
            LegTag = legTag,
            Leg = leg,
            Place = place,
            At = at,
        };
    }

    /// <summary>Which side sent a packet, by what was announced: the destination first, the source as second evidence. Newest first.</summary>
    public MediaMatch Match(Endpoint source, Endpoint destination)
    {
        // 1. Both known: the description of the destination that faces one of the source.
        MediaDescription? byDestination = null, byRtcp = null;
        for (int i = _all.Count - 1; i >= 0; i--)
        {
            MediaDescription candidate = _all[i].Description;
            if (candidate.Receives(destination))
            {
                if (Facing(candidate, source) is { } facing) return new MediaMatch(facing.Side, candidate, facing, IsRtcp: false);
                byDestination ??= candidate;
            }
            else if (byRtcp is null && !destination.IsNone && candidate.RtcpEndpoint == destination)
            {
                byRtcp = candidate;
            }
        }

        // 2. The destination alone.
        if (byDestination is not null)
            return new MediaMatch(Other(byDestination.Side), byDestination, NewestOf(Other(byDestination.Side), byDestination.Index), IsRtcp: false);
        if (byRtcp is not null) return new MediaMatch(Other(byRtcp.Side), byRtcp, NewestOf(Other(byRtcp.Side), byRtcp.Index), IsRtcp: true);

        // 3. The source alone: the destination is behind a NAT, or the packet overtook its SDP.
        for (int i = _all.Count - 1; i >= 0; i--)
        {
            MediaDescription candidate = _all[i].Description;
            bool isRtcp = !source.IsNone && candidate.RtcpEndpoint == source && candidate.RtcpEndpoint != candidate.Endpoint;
            if (candidate.Receives(source) || isRtcp)
                return new MediaMatch(candidate.Side, NewestOf(Other(candidate.Side), candidate.Index), candidate, isRtcp) { IsBySource = true };
        }

        return default;
    }

    /// <summary>The newest description of a side for an m-line.</summary>
    public MediaDescription? NewestOf(PartySide side, int index)
    {
        for (int i = _all.Count - 1; i >= 0; i--)
        {
            MediaDescription candidate = _all[i].Description;
            if (candidate.Side == side && candidate.Index == index) return candidate;
        }

        return null;
    }

    /// <summary>The media sessions of the record: one for each position of an m-line.</summary>
    /// <param name="leg">Index of the leg whose description is the callee's; -1 for any.</param>
    /// <param name="places">For what is nearest each user.</param>
    /// <param name="endedAt">End of the call.</param>
    /// <param name="callId">Id of the call's record.</param>
    /// <param name="callerParty">Its caller.</param>
    /// <param name="calleeParty">Its callee.</param>
    public IReadOnlyList<MediaSessionRecord> ToRecords(
        int leg, PlaceTable places, Timestamp? endedAt, string callId, Party callerParty, Party calleeParty)
    {
        if (_all.Count == 0) return [];
        int count = 0;
        foreach ((MediaDescription description, _) in _all) count = Math.Max(count, description.Index + 1);
        var records = new List<MediaSessionRecord>(count);
        for (int index = 0; index < count; index++)
        {
            MediaDescription? first = null, offer = null, answer = null, caller = null, callee = null;
            List<DirectionChange>? directions = null;
            MediaSessionFlags flags = MediaSessionFlags.None;
            foreach ((MediaDescription description, _) in _all)
            {
                if (description.Index != index || (description.Side == PartySide.Callee && leg >= 0 && description.Leg != leg)) continue;
                first ??= description;
                bool isAgreed = directions is not null;
                if (description.Role == MediaRole.Offer) offer ??= description;
                else if (description.IsAccepted || answer is null) answer = description;
                if (description.Side == PartySide.Caller) caller = Nearer(caller, description, places, nearCaller: true);
                else callee = Nearer(callee, description, places, nearCaller: false);
                flags |= FlagsOf(description, isAgreed);

                // A direction is in force once it is answered (RFC 3264 5.1, 8).
                if (description.Role != MediaRole.Answer || !description.IsAccepted) continue;
                string direction = DirectionOf(caller, callee);
                if (directions is null || directions[^1].Direction != direction) (directions ??= new List<DirectionChange>(1)).Add(new DirectionChange(description.At, direction));
            }

            MediaDescription? latest = callee ?? caller;
            if (first is null || latest is null) continue;
            bool isRefused = caller is { IsAccepted: false } || callee is { IsAccepted: false };
            records.Add(new MediaSessionRecord
            {
                Id = MediaSessionId.Of(callId, index),
                CallId = callId,
                CallerNumber = callerParty.Number,
                CallerName = callerParty.Name,
                CalleeNumber = calleeParty.Number,
                CalleeName = calleeParty.Name,
                Index = index,
                Media = latest.Media,
                Protocol = latest.Protocol,
                Caller = caller?.Endpoint,
                Callee = callee?.Endpoint,
                CallerRtcp = RtcpOf(caller),
                CalleeRtcp = RtcpOf(callee),
                Offered = Codecs(offer),
                Answered = answer is { IsAccepted: true } ? Codecs(answer) : [],
                Direction = DirectionOf(caller, callee),
                Directions = (IReadOnlyList<DirectionChange>?)directions ?? [],
                Flags = isRefused ? flags | MediaSessionFlags.Refused : flags,
                StartedAt = first.At,
                EndedAt = isRefused ? latest.At : endedAt,
            });
        }

        return records;
    }

    // The newest description counts, and of the same exchange seen on several hops the one nearest the user.
    private static MediaDescription Nearer(MediaDescription? kept, MediaDescription next, PlaceTable places, bool nearCaller)
    {
        if (kept is null) return next;
        bool isOutward = nearCaller ? places.IsNearer(kept.Place, next.Place) : places.IsNearer(next.Place, kept.Place);
        return isOutward ? kept : next;
    }

    // Hold is a change: what began one-sided was never held.
    private static MediaSessionFlags FlagsOf(MediaDescription description, bool isAgreed)
    {
        MediaSessionFlags flags = MediaSessionFlags.None;
        if (!description.IsAccepted) return flags;
        if (description.IsSrtp) flags |= MediaSessionFlags.Srtp;
        if (description.IsT38) flags |= MediaSessionFlags.T38;
        if (isAgreed && description.IsHold) flags |= MediaSessionFlags.Held;
        return flags;
    }

    private static Endpoint? RtcpOf(MediaDescription? description) =>
        description is { IsAccepted: true, IsRtp: true } && !description.RtcpEndpoint.IsNone ? description.RtcpEndpoint : null;

    private static string DirectionOf(MediaDescription? caller, MediaDescription? callee)
    {
        bool callerSends = Sends(caller) && Receives(callee), calleeSends = Sends(callee) && Receives(caller);
        return (callerSends, calleeSends) switch
        {
            (true, true) => "sendrecv",
            (true, false) => "sendonly",
            (false, true) => "recvonly",
            _ => "inactive",
        };
    }

    private static bool Sends(MediaDescription? description) =>
        description is null || (description.IsAccepted && description.Direction is MediaDirection.SendRecv or MediaDirection.SendOnly);

    private static bool Receives(MediaDescription? description) =>
        description is null
        || (description.IsAccepted && description.Direction is MediaDirection.SendRecv or MediaDirection.RecvOnly && !description.Endpoint.Address.IsUnspecified);

    private static IReadOnlyList<string> Codecs(MediaDescription? description)
    {
        if (description is null || description.Formats.Count == 0) return [];
        if (description.Formats is MediaFormatList list) return list.Codecs;
        var codecs = new List<string>(description.Formats.Count);
        for (int i = 0; i < description.Formats.Count; i++)
        {
            if (description.Formats[i].Codec is { } codec) codecs.Add(codec);
        }

        return codecs;
    }

    private MediaDescription? Facing(MediaDescription receiver, Endpoint source)
    {
        for (int i = _all.Count - 1; i >= 0; i--)
        {
            MediaDescription candidate = _all[i].Description;
            if (candidate.Side != receiver.Side && candidate.Index == receiver.Index && candidate.Receives(source)) return candidate;
        }

        return null;
    }

    private static PartySide Other(PartySide side) => side == PartySide.Caller ? PartySide.Callee : PartySide.Caller;

    private static string Intern(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("audio"u8)) return "audio";
        if (text.SequenceEqual("video"u8)) return "video";
        if (text.SequenceEqual("image"u8)) return "image";
        if (text.SequenceEqual("RTP/AVP"u8)) return "RTP/AVP";
        if (text.SequenceEqual("RTP/SAVP"u8)) return "RTP/SAVP";
        return Encoding.UTF8.GetString(text[..Math.Min(text.Length, 64)]);
    }
}

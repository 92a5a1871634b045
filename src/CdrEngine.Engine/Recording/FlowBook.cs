using CdrEngine.Calls;
using CdrEngine.Calls.Negotiation;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Engine.Recording;

/// <summary>What a payload type means in a flow.</summary>
/// <param name="Format">Codec and clock.</param>
/// <param name="Fmtp">Its parameters; null where none.</param>
internal sealed record FlowFormat(PayloadFormat Format, string? Fmtp)
{
    /// <summary>True where its packets are to be taken apart (RFC 2198).</summary>
    public bool IsRedundant { get; } = RedundancyReader.IsRedundant(Format);
}

/// <summary>What is known of a pair of media addresses at one time of the call.</summary>
internal sealed class MediaFlow(int number, Endpoint source, Endpoint destination)
{
    private readonly FlowFormat?[] _formats = new FlowFormat?[PayloadTypeMap.Count];
    private MediaMatch _match;

    /// <summary>Its number, from 0.</summary>
    public int Number => number;

    /// <summary>Sender.</summary>
    public Endpoint Source => source;

    /// <summary>Receiver.</summary>
    public Endpoint Destination => destination;

    /// <summary>Which side speaks; unknown where the packets belong to neither.</summary>
    public PartySide Side { get; private set; }

    /// <summary>True where a description says whose it is.</summary>
    public bool IsAnnounced => _match.From != PartySide.Unknown;

    /// <summary>0 at the speaker's own hop, more farther away.</summary>
    public int Rank { get; private set; }

    /// <summary>True for sound; false for pictures and RTCP.</summary>
    public bool IsAudio { get; private set; }

    /// <summary>True where the descriptions say it is encrypted.</summary>
    public bool IsSrtp { get; private set; }

    /// <summary>Position of its m-line; -1 where unknown.</summary>
    public int MediaIndex { get; private set; }

    /// <summary>Takes what the call says of it now.</summary>
    public void Place(in MediaMatch match, PartySide side, int rank)
    {
        _match = match;
        Side = side;
        Rank = rank;
        MediaIndex = match.MediaIndex;
        MediaDescription? description = match.Receiver ?? match.Sender;
        IsAudio = !match.IsRtcp && (description is null || string.Equals(description.Media, "audio", StringComparison.OrdinalIgnoreCase));
        IsSrtp = match.Receiver is { IsSrtp: true } || match.Sender is { IsSrtp: true };
        Array.Clear(_formats);
    }

    /// <summary>What a payload type means in it.</summary>
    public FlowFormat FormatOf(int payloadType) => _formats[payloadType] ?? Learn(payloadType);

    private FlowFormat Learn(int payloadType)
    {
        FlowFormat format = _match.FormatOf(payloadType) is { EncodingName: { Length: > 0 } name } announced
            ? new FlowFormat(PayloadFormat.Of(name, announced.ClockRateHz, announced.Channels), announced.Fmtp)
            : new FlowFormat(PayloadTypeMap.Static[payloadType], null);
        _formats[payloadType] = format;
        return format;
    }
}

/// <summary>Tells the flows of a call apart: whose, how near the speaker, what they carry; by the call's descriptions at the time of each packet.</summary>
internal sealed class FlowBook(CallRecord record, CallMachine? whole, int limit)
{
    private readonly Dictionary<(Endpoint Source, Endpoint Destination), MediaFlow?> _flows = [];
    private readonly List<MediaFlow> _inOrder = [];

    /// <summary>The flow of a packet; null where there are too many.</summary>
    public MediaFlow? Find(Endpoint source, Endpoint destination, CallMachine now)
    {
        if (_flows.TryGetValue((source, destination), out MediaFlow? flow)) return flow;
        if (_inOrder.Count >= limit) return null;
        flow = new MediaFlow(_inOrder.Count, source, destination);
        _inOrder.Add(flow);
        _flows.Add((source, destination), flow);
        Changed(now);
        return flow;
    }

    /// <summary>The call's descriptions have changed, or there is another flow to conclude from.</summary>
    public void Changed(CallMachine now)
    {
        foreach (MediaFlow flow in _inOrder) Place(flow, now);
    }

    private void Place(MediaFlow flow, CallMachine now)
    {
        // What was announced so far; for media that overtook its description, what the call says in the end; for media that none names, what
        // comes back the other way, then the addresses of the parties.
        MediaMatch match = Match(flow, now);
        if (match.IsBySource)
        {
            foreach (MediaFlow other in _inOrder)
            {
                MediaMatch beside = match.Beside(flow.Source, flow.Destination, Match(other, now), other.Source, other.Destination);
                if (beside.From == match.From) continue;
                match = beside;
                break;
            }
        }

        PartySide side = match.From;
        if (side == PartySide.Unknown) side = SideByOpposite(flow);
        if (side == PartySide.Unknown) side = SideByAddress(flow);
        flow.Place(match, side, side == PartySide.Unknown ? 0 : RankOf(flow, match, side));
    }

    private MediaMatch Match(MediaFlow flow, CallMachine now)
    {
        MediaMatch match = now.MatchMedia(flow.Source, flow.Destination);
        return match.From == PartySide.Unknown && whole is not null ? whole.MatchMedia(flow.Source, flow.Destination) : match;
    }

    // Media between the same two machines the other way: where a description was not captured, one direction still tells of the other.
    private PartySide SideByOpposite(MediaFlow flow)
    {
        foreach (MediaFlow other in _inOrder)
        {
            if (!other.IsAnnounced || other.Source.Address != flow.Destination.Address || other.Destination.Address != flow.Source.Address) continue;
            return other.Side == PartySide.Caller ? PartySide.Callee : PartySide.Caller;
        }

        return PartySide.Unknown;
    }

    private PartySide SideByAddress(MediaFlow flow)
    {
        IpAddress? caller = record.Caller.Address?.Address, callee = record.Callee.Address?.Address;
        if (caller is null || callee is null || caller == callee) return PartySide.Unknown;
        if (flow.Source.Address == caller || flow.Destination.Address == callee) return PartySide.Caller;
        if (flow.Source.Address == callee || flow.Destination.Address == caller) return PartySide.Callee;
        return PartySide.Unknown;
    }

    // The speaker's own address, as signalling or the description nearest him has it, marks the hop nearest him; the listener's marks the farthest.
    private int RankOf(MediaFlow flow, in MediaMatch match, PartySide side)
    {
        Party speaker = side == PartySide.Caller ? record.Caller : record.Callee;
        Party listener = side == PartySide.Caller ? record.Callee : record.Caller;
        int rank = 1;
        if (flow.Source.Address == speaker.Address?.Address || flow.Source == Announced(match.MediaIndex, side)) rank = 0;
        else if (flow.Destination.Address == listener.Address?.Address) rank = 2;

        // Media of a leg that was not the one answered counts only where nothing else is heard (forking).
        string? tag = record.Callee.Tag;
        bool isOfAnotherLeg = tag is not null && (IsOfAnother(match.Sender, tag) || IsOfAnother(match.Receiver, tag));
        return isOfAnotherLeg ? rank + 3 : rank;
    }

    private Endpoint? Announced(int index, PartySide side)
    {
        foreach (MediaSessionRecord session in record.MediaSessions)
        {
            if (session.Index == index) return side == PartySide.Caller ? session.Caller : session.Callee;
        }

        return null;
    }

    private static bool IsOfAnother(MediaDescription? description, string tag) => description?.LegTag is { } own && own != tag;
}

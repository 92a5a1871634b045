using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CdrEngine.Calls.Sessions;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.Engine.Shards;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Rtp;
using CdrEngine.Protocols.Sdp;

namespace CdrEngine.Engine.Routing;

/// <summary>Finds the calls of media packets, in the order of capture.</summary>
/// <remarks>
/// Media finds its calls by address pair: the newest open call that announced both ends, else the destination, else the source; an SSRC
/// that was there before a newer call stays with its own call; two calls of one B2BUA whose phones talk directly share the packets. RTP that
/// nobody announced waits a few seconds for its SDP.
/// </remarks>
internal sealed class MediaRouter
{
    /// <summary>Packets of one address pair that the linker sees, whatever its SSRCs do.</summary>
    private const int MaxSamples = 64;

    private readonly SwitchboardLimits _limits;
    private readonly Counters<SwitchboardCounter> _counters;
    private readonly ShardMail _mail;
    private readonly SessionLinker _sessions;
    private readonly EndpointTable _endpoints = new();
    private readonly FlowTable _flows = new();
    private readonly StraightTable _straight = new();
    private readonly bool _mayGoStraight;
    private readonly MediaHold _hold;
    private readonly HandlePool[] _handles;

    /// <summary>A router that knows nothing yet.</summary>
    /// <param name="limits">Bounds.</param>
    /// <param name="counters">Where to count.</param>
    /// <param name="mail">Where packets go.</param>
    /// <param name="sessions">Sees the first packets of streams.</param>
    /// <param name="mayGoStraight">Whether a shard may be handed the beginning of a packet alone where frames are not kept.</param>
    public MediaRouter(SwitchboardLimits limits, Counters<SwitchboardCounter> counters, ShardMail mail, SessionLinker sessions, bool mayGoStraight)
    {
        _mayGoStraight = mayGoStraight;
        _sessions = sessions;
        _limits = limits;
        _counters = counters;
        _mail = mail;
        _hold = new MediaHold(limits.MediaHold);
        _handles = new HandlePool[mail.Shards];
        for (int i = 0; i < _handles.Length; i++) _handles[i] = new HandlePool();
    }

    /// <summary>Learns where a call expects media from an SDP body.</summary>
    public void Learn(CallEntry call, SdpSession sdp)
    {
        call.OwnsMedia = true;
        foreach (SdpMedia media in sdp.Media)
        {
            if (media.IsT38) OfferFax(call);
            SdpMedia transport = sdp.TransportOf(media);
            if (transport.Port == 0) continue;
            Announce(call, transport.RtpEndpoint);
            Announce(call, transport.RtcpEndpoint);
            foreach (SdpCandidate candidate in transport.Candidates) Announce(call, candidate.Endpoint);
        }
    }

    /// <summary>The newest call that announced the receiver's address, else the sender's; null where none did.</summary>
    public CallEntry? OwnerOf(Endpoint source, Endpoint destination)
    {
        EndpointEntry? to = _endpoints.Find(destination);
        if (to is not { Calls.Count: > 0 }) to = _endpoints.Find(source);
        return to is { Calls.Count: > 0 } ? to.Calls[^1] : null;
    }

    /// <summary>A call gives up its addresses: its flows must find another owner.</summary>
    public void Withdraw(CallEntry call)
    {
        call.OwnsMedia = false;
        _endpoints.Withdraw(call);
    }

    /// <summary>Forgets a call and the flows that are of it alone.</summary>
    public void Forget(CallEntry call)
    {
        Withdraw(call);
        foreach (FlowEntry flow in call.Flows)
        {
            foreach (FlowTarget target in flow.Known)
            {
                if (target.Call == call) _handles[call.Shard].Return(target.Flow);
            }

            flow.Known.RemoveAll(target => target.Call == call);
            flow.Unsettled = true;
            if (flow.Known.Count > 0 || flow.Removed) continue;
            _flows.Remove(flow);
            _endpoints.Detach(flow);
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _hold.Clear();
        _endpoints.Clear();
        _flows.Clear();
        _straight.Clear();
    }

    /// <summary>Brings the counters that others keep up to date.</summary>
    public void SettleCounters()
    {
        _counters.Add(SwitchboardCounter.MediaUnclaimed, _hold.Expired - _counters[SwitchboardCounter.MediaUnclaimed]);
        _counters.Add(SwitchboardCounter.MediaHoldRefused, _hold.Refused - _counters[SwitchboardCounter.MediaHoldRefused]);
    }

    /// <summary>Takes one datagram that may be media.</summary>
    public void Route(in CapturedPacket packet, in DecodedPacket decoded)
    {
        ReadOnlySpan<byte> payload = decoded.Payload;
        ulong hash = FlowTable.HashOf(decoded.Source, decoded.Destination);
        FlowEntry? flow = _flows.Find(hash, decoded.Source, decoded.Destination) ?? OpenFlow(hash, decoded.Source, decoded.Destination);
        if (flow is { Unsettled: true }) Settle(flow);

        // The calls that the flow was of have given up its addresses: what comes may be another's whose SDP is still to come.
        if (flow is { Targets.Length: 0 }) flow = null;
        bool reassembled = decoded.Fragments is not null;
        var facts = new HeldPacket(
            packet.Sequence,
            _mail.Now,
            reassembled ? 0 : ShardMail.OffsetWithin(packet.Bytes, payload),
            payload.Length,
            decoded.IpIdentification,
            decoded.TransportChecksum,
            decoded.Dscp,
            decoded.TimeToLive);
        if (flow is not null)
        {
            if (reassembled) PostFragments(flow, decoded.Fragments!, payload);
            PostMedia(flow, packet, facts, payload);
        }
        else if (!reassembled && RtpHeuristics.LooksLikeRtp(payload))
        {
            _hold.Add(decoded.Source, decoded.Destination, packet, facts);
        }
        else
        {
            _counters.Increment(SwitchboardCounter.OtherUdp);
        }
    }

    /// <summary>Takes a packet of a flow with nothing to decide; false, and nothing done, where there is. Its place in the order of capture is told
    /// apart: the packet does not bear it yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRouteStraight(in CapturedPacket packet, in RtpGlance glance, long sequence)
    {
        // The decoder has checked that both headers are there.
        ref byte ip = ref Unsafe.Add(ref MemoryMarshal.GetReference(packet.Bytes), glance.IpOffset);
        ref byte rtp = ref Unsafe.Add(ref MemoryMarshal.GetReference(packet.Bytes), glance.RtpOffset);
        ref StraightFlow flow = ref _straight.Find(StraightTable.KeyAt(ref ip));
        if (Unsafe.IsNullRef(ref flow) || flow.Ssrc != NetworkOrder.Big32(ref rtp, 8) || _mail.FromOutside != Pressure.None) return false;
        flow.LastPacketAt = _mail.Now;
        _counters.Increment(SwitchboardCounter.MediaPackets);
        ref StraightItem item = ref _mail.AddStraight(flow.Shard);
        item.Flow = flow.FlowAndOne - 1;
        item.Clock = _mail.Now;
        item.Sequence = sequence;
        item.Rtp = new StraightRtp
        {
            At = packet.CapturedAt,
            Ssrc = flow.Ssrc,
            Timestamp = NetworkOrder.Big32(ref rtp, 4),
            SequenceNumber = NetworkOrder.Big16(ref rtp, 2),
            MarkerAndType = Unsafe.Add(ref rtp, 1),
            Bytes = (ushort)glance.RtpBytes,
            IpIdentification = NetworkOrder.Big16(ref ip, 4),
            Checksum = NetworkOrder.Big16(ref ip, 26),
            Dscp = (byte)(Unsafe.Add(ref ip, 1) >> 2),
            Ttl = Unsafe.Add(ref ip, 8),
        };
        _mail.CopyIn(flow.Shard, ref item, packet, glance.RtpOffset);
        return true;
    }

    /// <summary>Lets the next packets of a flow go straight where this one left nothing open.</summary>
    private void Settled(FlowEntry flow)
    {
        if (MayGoStraight(flow)) flow.GoStraight(_straight, flow.LastSsrc, flow.Targets[0]);
        else flow.LeaveStraight();
    }

    private bool MayGoStraight(FlowEntry flow)
    {
        if (!_mayGoStraight || flow.Unsettled || flow.Removed || flow.Targets.Length != 1 || flow.Claims is not null || !flow.HasSsrc) return false;
        CallEntry call = flow.Targets[0].Call;
        bool isSampled = flow.Sampled >= MaxSamples || call.Session is null || (flow.SamplesLeft == 0 && flow.Sampled > 0 && flow.SampledSsrc == flow.LastSsrc);
        return isSampled && !call.OffersFax && flow.Source.Address.IsV4 && flow.Destination.Address.IsV4
            && !PacketDecoder.MayBeTunnel(flow.Source.Port, flow.Destination.Port);
    }

    /// <summary>Fax looks into whole datagrams that may look like RTP.</summary>
    private static void OfferFax(CallEntry call)
    {
        call.OffersFax = true;
        foreach (FlowEntry flow in call.Flows) flow.LeaveStraight();
    }

    /// <summary>Begins a flow where a call announced either end; null where none did.</summary>
    private FlowEntry? OpenFlow(ulong hash, Endpoint source, Endpoint destination)
    {
        EndpointEntry? to = _endpoints.Find(destination);
        EndpointEntry? from = _endpoints.Find(source);
        if (to is not { Calls.Count: > 0 } && from is not { Calls.Count: > 0 }) return null;
        var flow = new FlowEntry { Source = source, Destination = destination, Hash = hash };
        Settle(flow);
        if (flow.Targets.Length == 0) return null;
        _flows.Add(flow);
        _endpoints.Attach(flow);
        return flow;
    }

    /// <summary>Finds the calls of a flow anew.</summary>
    private void Settle(FlowEntry flow)
    {
        flow.Unsettled = false;
        EndpointEntry? to = _endpoints.Find(flow.Destination);
        EndpointEntry? from = _endpoints.Find(flow.Source);
        EndpointEntry? owner = to is { Calls.Count: > 0 } ? to : from is { Calls.Count: > 0 } ? from : null;
        FlowTarget[] before = flow.Targets;
        CallEntry? newest = owner?.Calls[^1];
        CallEntry? chosen = TalkingBetween(from, to) ?? newest;
        flow.Targets = chosen is null ? [] : TargetsFor(flow, chosen, to, from);
        flow.Newer = chosen == newest || newest is null ? [] : TargetsFor(flow, newest, to, from);

        // An SSRC that was there before another call took the addresses stays with its own call while that call owns them.
        flow.Claims?.RemoveAll(static claim => !claim.KeepOwners());
        if (before.Length > 0 && chosen is not null && before[0].Call != chosen)
        {
            if (before[0].Call.OwnsMedia && flow.HasSsrc) Claim(flow, flow.LastSsrc, before);
            flow.HasSsrc = false;
        }

        if (flow.Claims is { Count: 0 } || flow.Targets.Length == 0) flow.Claims = null;
    }

    /// <summary>The newest open call that announced both ends: where many calls share a port, one that has only offered it has no claim yet to
    /// what comes from another's far end (semantics: a match on the source is second evidence).</summary>
    private static CallEntry? TalkingBetween(EndpointEntry? from, EndpointEntry? to)
    {
        if (from is null || to is null || to.Calls.Count < 2) return null;
        for (int i = to.Calls.Count - 1; i >= 0; i--)
        {
            if (to.Calls[i].EndedAt == Timestamp.MaxValue && from.Calls.Contains(to.Calls[i])) return to.Calls[i];
        }

        return null;
    }

    private void Claim(FlowEntry flow, uint ssrc, FlowTarget[] targets)
    {
        flow.Claims ??= [];
        flow.Claims.RemoveAll(claim => claim.Ssrc == ssrc);
        if (flow.Claims.Count < _limits.MaxClaimsPerFlow) flow.Claims.Add(new SsrcRoute { Ssrc = ssrc, Targets = targets });
    }

    private FlowTarget[] TargetsFor(FlowEntry flow, CallEntry newest, EndpointEntry? to, EndpointEntry? from)
    {
        FlowTarget? first = TargetFor(flow, newest);
        if (first is null) return [];
        if (to is null || from is null || (to.Calls.Count == 1 && from.Calls.Count == 1)) return [first.Value];
        var targets = new List<FlowTarget> { first.Value };
        foreach (CallEntry other in to.Calls)
        {
            if (other != newest && targets.Count < 4 && from.Calls.Contains(other) && from.Calls.Contains(newest) && AreLegsOfOneMachine(other, newest)
                && TargetFor(flow, other) is { } target) targets.Add(target);
        }

        return [.. targets];
    }

    /// <summary>One call ends at the machine where the other begins: the two sides of a B2BUA that let the phones talk directly.</summary>
    private static bool AreLegsOfOneMachine(CallEntry one, CallEntry other) =>
        (one.InviteDestination.Address == other.InviteSource.Address && one.InviteSource.Address != other.InviteSource.Address)
        || (other.InviteDestination.Address == one.InviteSource.Address && one.InviteSource.Address != other.InviteSource.Address);

    private FlowTarget? TargetFor(FlowEntry flow, CallEntry call)
    {
        foreach (FlowTarget known in flow.Known)
        {
            if (known.Call == call) return known;
        }

        if (call.Flows.Count >= _limits.MaxFlowsPerCall)
        {
            _counters.Increment(SwitchboardCounter.FlowLimit);
            return null;
        }

        var target = new FlowTarget(call, _handles[call.Shard].Take());
        flow.Known.Add(target);
        call.Flows.Add(flow);
        ref ShardItem item = ref _mail.Add(ShardItemKind.OpenFlow, call);
        item.Flow = target.Flow;
        item.Source = flow.Source;
        item.Destination = flow.Destination;
        return target;
    }

    private void Announce(CallEntry call, Endpoint endpoint)
    {
        if (endpoint.Port == 0 || endpoint.Address.IsUnspecified) return;
        if (call.Endpoints.Count >= _limits.MaxEndpointsPerCall)
        {
            _counters.Increment(SwitchboardCounter.EndpointLimit);
            return;
        }

        if (_endpoints.Announce(call, endpoint) is not { } entry) return;
        FlagReuse(call, entry);
        if (!_hold.TryTake(endpoint, out HeldPair[] pairs)) return;
        foreach (HeldPair pair in pairs)
        {
            Release(pair.OlderFrames, pair.OlderPackets, pair);
            Release(pair.Frames, pair.Packets, pair);
            pair.Dispose();
        }
    }

    /// <summary>Tells both calls where two that are open at once expect media at one address, unless they are the legs of one machine.</summary>
    private void FlagReuse(CallEntry call, EndpointEntry entry)
    {
        foreach (CallEntry other in entry.Calls)
        {
            if (other == call || other.EndedAt != Timestamp.MaxValue || AreLegsOfOneMachine(call, other)) continue;
            _mail.Add(ShardItemKind.PortReused, call);
            _mail.Add(ShardItemKind.PortReused, other);
        }
    }

    private void Release(FrameBuffer frames, List<HeldPacket> packets, HeldPair pair)
    {
        int index = 0;
        foreach (CapturedPacket frame in frames)
        {
            HeldPacket held = packets[index++];
            if (!_hold.IsYoung(held, _mail.Now))
            {
                _hold.CountExpired();
                continue;
            }

            ulong hash = FlowTable.HashOf(pair.Source, pair.Destination);
            FlowEntry? flow = _flows.Find(hash, pair.Source, pair.Destination) ?? OpenFlow(hash, pair.Source, pair.Destination);
            if (flow is null) continue;
            _counters.Increment(SwitchboardCounter.MediaAttachedLate);
            PostMedia(flow, frame, held, frame.Bytes.Slice(held.PayloadOffset, held.PayloadLength));
        }
    }

    private void PostMedia(FlowEntry flow, in CapturedPacket packet, in HeldPacket facts, ReadOnlySpan<byte> payload)
    {
        if (flow.Unsettled) Settle(flow);
        flow.LastPacketAt = _mail.Now;
        FlowTarget[] targets = flow.Targets;
        if (targets.Length == 0) return;
        if (payload.Length >= 12 && (payload[0] & 0xC0) == 0x80)
        {
            bool rtcp = payload[1] is >= 192 and <= 223;
            uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(payload[(rtcp ? 4 : 8)..]);
            if (flow.Claims is { } claims && Claimed(claims, ssrc) is { } claim)
            {
                targets = claim.Targets;
            }
            else if (!rtcp && flow.Newer.Length > 0 && flow.HasSsrc && ssrc != flow.LastSsrc)
            {
                // The call between these addresses has its stream. Another one is early media of the call that has just offered them again.
                Claim(flow, ssrc, flow.Newer);
                targets = flow.Newer;
            }
            else if (!rtcp)
            {
                flow.LastSsrc = ssrc;
                flow.HasSsrc = true;
            }

            if (!rtcp && (flow.SamplesLeft > 0 || flow.SampledSsrc != ssrc || flow.Sampled == 0)) Sample(flow, targets[0].Call, ssrc, payload);
        }

        _counters.Increment(SwitchboardCounter.MediaPackets);
        foreach (FlowTarget target in targets)
        {
            Pressure pressure = _mail.PressureOf(target.Call.Shard);
            if (pressure == Pressure.Media)
            {
                _counters.Increment(SwitchboardCounter.MediaLetGo);
                continue;
            }

            ref ShardItem item = ref _mail.Add(ShardItemKind.Media, target.Call);
            item.Flow = target.Flow;
            item.At = packet.CapturedAt;
            item.IpIdentification = facts.IpIdentification;
            item.Checksum = facts.Checksum;
            item.Dscp = facts.Dscp;
            item.TimeToLive = facts.TimeToLive;
            item.PayloadLength = payload.Length;
            item.CutBytes = Math.Max(0, packet.OriginalLength - packet.Bytes.Length);
            bool isKept = pressure == Pressure.None;
            if (!isKept && _mail.KeepsFrames) _counters.Increment(SwitchboardCounter.PayloadLetGo);
            _mail.CopyIn(target.Call.Shard, ref item, packet, payload, facts.PayloadOffset, isKept);
        }

        Settled(flow);
    }

    /// <summary>Shows the linker the first packets of a stream. SSRCs that alternate on one flow have one budget between them.</summary>
    private void Sample(FlowEntry flow, CallEntry call, uint ssrc, ReadOnlySpan<byte> packet)
    {
        if (call.Session is not { } session || flow.Sampled >= MaxSamples) return;
        bool isFirst = flow.SampledSsrc != ssrc || flow.Sampled == 0;
        if (isFirst)
        {
            flow.SampledSsrc = ssrc;
            flow.SamplesLeft = _sessions.PacketsPerStream;
        }

        if (flow.SamplesLeft == 0) return;
        flow.SamplesLeft--;
        flow.Sampled++;
        _sessions.OnRtp(session, packet, flow.Source.Address, flow.Destination.Address, isFirst, _mail.Now);
    }

    private void PostFragments(FlowEntry flow, FrameBuffer fragments, ReadOnlySpan<byte> payload)
    {
        if (!_mail.KeepsFrames) return;
        if (flow.Unsettled) Settle(flow);
        foreach (FlowTarget target in flow.Targets)
        {
            if (_mail.PressureOf(target.Call.Shard) != Pressure.None) continue;
            foreach (CapturedPacket fragment in fragments)
            {
                ref ShardItem item = ref _mail.Add(ShardItemKind.MediaFrame, target.Call);
                item.At = fragment.CapturedAt;
                _mail.CopyIn(target.Call.Shard, ref item, fragment, default, 0);
            }
        }
    }

    private static SsrcRoute? Claimed(List<SsrcRoute> claims, uint ssrc)
    {
        foreach (SsrcRoute claim in claims)
        {
            if (claim.Ssrc == ssrc) return claim;
        }

        return null;
    }
}

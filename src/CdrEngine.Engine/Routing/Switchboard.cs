using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CdrEngine.Calls;
using CdrEngine.Core;
using CdrEngine.Engine.Shards;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Rtp;
using CdrEngine.Protocols.Sctp;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Engine.Routing;

/// <summary>Decides, packet by packet in the order of capture, which call and which shard each packet belongs to.</summary>
/// <remarks>
/// 1. Decode to UDP, or to SIP messages over TCP, WebSocket or SCTP.
/// 2. SIP finds its call by Call-ID (or begins one); its SDP says where the call expects media.
/// 3. Media finds its call by address pair: the newest open call that announced both ends, else the destination, else the source; an SSRC
///    that was there before a newer call stays with its own call; two calls of one B2BUA whose phones talk directly share the packets.
/// 4. RTP that nobody announced waits a few seconds for its SDP.
/// One thread runs it; it owns no file, socket or clock and never hears back from a shard.
/// </remarks>
internal sealed class Switchboard : ISipMessageSink
{
    private readonly SwitchboardLimits _limits;
    private readonly PacketDecoder _decoder;
    private readonly SipStreamReassembler _streams;
    private readonly SctpReassembler _sctp;
    private readonly IShardPort[] _ports;
    private readonly ShardBatch[] _batches;
    private readonly HandlePool[] _callHandles;
    private readonly HandlePool[] _flowHandles;
    private readonly bool _keepFrames;
    private readonly MirrorLimits _mirrorLimits;
    private MirrorFilter _mirror;
    private readonly SipMessage _message;
    private readonly SdpSession _sdp = new();
    private readonly CallIndex _calls = new();
    private readonly EndpointTable _endpoints = new();
    private readonly FlowTable _flows = new();
    private readonly MediaHold _hold;
    private readonly TimerWheel _timers = new();
    private readonly LinkedList<CallEntry> _unanswered = new();
    private readonly LinkedList<CallEntry> _answered = new();
    private byte[] _scratch = new byte[64 * 1024];
    private long _sequence;
    private long _nextOrder;
    private int _source;
    private Timestamp _now;

    public Switchboard(EngineOptions options, IShardPort[] ports, bool keepFrames)
    {
        _limits = options.Routing;
        _decoder = new PacketDecoder(options.Decoder);
        _mirrorLimits = options.Mirror;
        _mirror = new MirrorFilter(_mirrorLimits);
        _message = new SipMessage(options.Sip);
        _streams = new SipStreamReassembler(options.Tcp);
        _sctp = new SctpReassembler(options.Sctp);
        _ports = ports;
        _keepFrames = keepFrames;
        _hold = new MediaHold(options.Routing.MediaHold);
        _batches = Array.ConvertAll(ports, static port => port.Take());
        _callHandles = Array.ConvertAll(ports, static _ => new HandlePool());
        _flowHandles = Array.ConvertAll(ports, static _ => new HandlePool());
    }

    public Counters<SwitchboardCounter> Counters { get; } = new();

    public Counters<SipRejection> Rejections { get; } = new();

    public Counters<DecodeCounter> DecodeCounters => _decoder.Counters;

    public Counters<TcpCounter> TcpCounters => _streams.Counters;

    public Counters<SctpCounter> SctpCounters => _sctp.Counters;

    public EngineClock Clock { get; } = new();

    /// <summary>Open calls, ended ones that are still known included.</summary>
    public int OpenCalls => _calls.Count;

    /// <summary>Which source the next packets come from.</summary>
    public void SelectSource(int index) => _source = index;

    /// <summary>Takes one packet.</summary>
    public void Process(in CapturedPacket captured)
    {
        CapturedPacket packet = captured with { Sequence = ++_sequence };
        Counters.Increment(SwitchboardCounter.Packets);
        Counters.Add(SwitchboardCounter.Bytes, packet.Bytes.Length);
        _now = Clock.Observe(packet.CapturedAt);
        MoveOn();
        switch (_decoder.Decode(packet, out DecodedPacket decoded))
        {
            case DecodeOutcome.Udp:
                OnDatagram(packet, decoded);
                break;
            case DecodeOutcome.Tcp:
                _streams.Add(decoded, packet, this);
                break;
            case DecodeOutcome.Sctp:
                _sctp.Add(decoded, packet, this);
                break;
        }
    }

    /// <summary>Hands over what waits in part-filled batches, with the clock; for the end of a file and for quiet moments.</summary>
    public void Flush()
    {
        for (int shard = 0; shard < _ports.Length; shard++)
        {
            ref ShardItem tick = ref NewItem(shard);
            tick.Kind = ShardItemKind.Tick;
            Post(shard);
        }
    }

    /// <summary>Moves time on where no packet does, and hands over what waits.</summary>
    public void Tick(Timestamp now)
    {
        if (Clock.Now != Timestamp.MinValue)
        {
            _now = Clock.Advance(now);
            MoveOn();
            _decoder.Advance(_now);
        }

        Flush();
    }

    /// <summary>Tells every open call that the capture lost packets.</summary>
    public void MarkGap()
    {
        Counters.Increment(SwitchboardCounter.Gaps);
        for (int shard = 0; shard < _ports.Length; shard++)
        {
            ref ShardItem gap = ref NewItem(shard);
            gap.Kind = ShardItemKind.Gap;
        }
    }

    /// <summary>Ends every open call and forgets all: the capture is over, or what comes next has nothing to do with it.</summary>
    public void EndCapture()
    {
        _streams.Complete(this);
        for (int shard = 0; shard < _ports.Length; shard++)
        {
            ref ShardItem end = ref NewItem(shard);
            end.Kind = ShardItemKind.CaptureEnd;
        }

        foreach (CallEntry call in _calls.All().OrderBy(static call => call.Order).ToArray()) Close(call);
        for (int shard = 0; shard < _ports.Length; shard++) Post(shard);

        // The same packets may come again: a capture that is a part of this one, or this one once more.
        _mirror = new MirrorFilter(_mirrorLimits);
        _decoder.Advance(_now + TimeSpan.FromDays(1));
        _sctp.Advance(_now + TimeSpan.FromDays(1));
        _hold.Clear();
        _timers.Clear();
        _endpoints.Clear();
        _flows.Clear();
        Clock.Reset();
        SettleCounters();
    }

    /// <summary>Brings the counters that others keep up to date.</summary>
    public void SettleCounters()
    {
        Counters.Add(SwitchboardCounter.MediaUnclaimed, _hold.Expired - Counters[SwitchboardCounter.MediaUnclaimed]);
        Counters.Add(SwitchboardCounter.MediaHoldRefused, _hold.Refused - Counters[SwitchboardCounter.MediaHoldRefused]);
        Counters.Add(SwitchboardCounter.DoubtedTimestamps, Clock.Doubted - Counters[SwitchboardCounter.DoubtedTimestamps]);
    }

    /// <inheritdoc />
    void ISipMessageSink.OnMessage(in TransportedMessage message)
    {
        CallEntry? call = RouteSip(message.Bytes, message.Source, message.Destination);
        if (call is null) return;
        foreach (CapturedPacket frame in message.Frames) PostSipFrame(call, frame);
        PostSip(call, default, message.Bytes, message.Transport, message.Source, message.Destination, message.CompletedAt);
        LearnMedia(call);
    }

    private void MoveOn()
    {
        if (_timers.IsDue(_now))
        {
            foreach (CallEntry call in _timers.TakeDue(_now)) OnTimer(call);
        }

        // Every packet moves time for all that waits: what a hole lets go must not depend on who sends next.
        _streams.Advance(_now, this);
        _sctp.Advance(_now);
    }

    private void OnDatagram(in CapturedPacket packet, in DecodedPacket decoded)
    {
        ReadOnlySpan<byte> payload = decoded.Payload;
        if (payload.IsEmpty) return;
        byte first = payload[0];

        // Version 2 in the top bits is RTP or RTCP and nothing else of ours (RFC 7983).
        if ((first & 0xC0) != 0x80)
        {
            if (SipParser.LooksLikeSip(payload))
            {
                OnSipDatagram(packet, decoded);
                return;
            }

            if (payload.Length <= 4 && payload.IndexOfAnyExcept((byte)'\r', (byte)'\n', (byte)0) < 0)
            {
                Counters.Increment(SwitchboardCounter.KeepAlives);
                return;
            }
        }

        OnMedia(packet, decoded);
    }

    private void OnSipDatagram(in CapturedPacket packet, in DecodedPacket decoded)
    {
        if (_mirror.IsDuplicate(decoded, packet.CapturedAt))
        {
            Counters.Increment(SwitchboardCounter.MirrorDuplicates);
            return;
        }

        CallEntry? call = RouteSip(decoded.Payload, decoded.Source, decoded.Destination);
        if (call is null) return;
        if (decoded.Fragments is { } fragments)
        {
            foreach (CapturedPacket fragment in fragments) PostSipFrame(call, fragment);
        }

        PostSip(call, packet, decoded.Payload, Transport.Udp, decoded.Source, decoded.Destination, packet.CapturedAt);
        LearnMedia(call);
    }

    /// <summary>Parses a message and finds its call, beginning one where the message does; null where it belongs to none.</summary>
    private CallEntry? RouteSip(ReadOnlySpan<byte> bytes, Endpoint source, Endpoint destination)
    {
        if (_scratch.Length < bytes.Length) _scratch = new byte[bytes.Length * 2];
        bytes.CopyTo(_scratch);
        ParseOutcome outcome = SipParser.TryRead(_scratch.AsMemory(0, bytes.Length), _message, out _, out SipRejection rejection);
        if (outcome != ParseOutcome.Message)
        {
            Counters.Increment(outcome == ParseOutcome.NeedMore ? SwitchboardCounter.SipIncomplete : SwitchboardCounter.SipMalformed);
            if (outcome == ParseOutcome.Malformed) Rejections.Increment(rejection);
            return null;
        }

        Counters.Increment(SwitchboardCounter.SipMessages);
        if (_message.CallId.IsEmpty)
        {
            Counters.Increment(SwitchboardCounter.SipWithoutCallId);
            return null;
        }

        CallEntry? call = _calls.Newest(_message.CallId);
        if (call is not null) call.IsFinal = call.EndedAt != Timestamp.MaxValue && _now > call.EndedAt + _limits.Linger;
        switch (CallAdmission.Classify(call, _message))
        {
            case CallAdmissionResult.NotACall:
                Counters.Increment(_message.CSeqMethod switch
                {
                    SipMethod.Register => SwitchboardCounter.RegisterMessages,
                    SipMethod.Message => SwitchboardCounter.TextMessages,
                    _ => SwitchboardCounter.OtherMessages,
                });
                return null;
            case CallAdmissionResult.NewCall:
                call = Open(source, destination);
                break;
            default:
                call = Generation(call!);
                break;
        }

        Counters.Increment(SwitchboardCounter.CallMessages);
        Follow(call);
        return call;
    }

    /// <summary>Where a Call-ID was used again: the newest call whose dialogs the message is of, else the newest.</summary>
    private CallEntry Generation(CallEntry newest)
    {
        for (CallEntry? call = newest; call is not null && newest.Older is not null; call = call.Older)
        {
            if (call.Knows(_message)) return call;
        }

        return newest;
    }

    private CallEntry Open(Endpoint source, Endpoint destination)
    {
        if (_calls.Count >= _limits.MaxCalls) Evict();
        byte[] callId = _message.CallId.ToArray();
        int shard = (int)(CallEntry.TagHash(callId) % (ulong)_ports.Length);
        var call = new CallEntry
        {
            CallId = callId,
            Order = ++_nextOrder,
            Shard = shard,
            Handle = _callHandles[shard].Take(),
            InviteSource = source,
            InviteDestination = destination,
            LastSignalAt = _now,
        };
        _calls.Add(call);
        call.Age = _unanswered.AddLast(call);
        Arm(call, _now + _limits.UnansweredIdle);
        Counters.Increment(SwitchboardCounter.CallsOpened);
        ref ShardItem item = ref PostToCall(ShardItemKind.OpenCall, call);
        item.SourceIndex = _source;
        item.PayloadLength = callId.Length;
        item.PayloadOffset = _batches[shard].Copy(callId);
        return call;
    }

    /// <summary>Follows just enough of the dialogs to know when a call gives up its media addresses.</summary>
    private void Follow(CallEntry call)
    {
        ulong fromTag = CallEntry.TagHash(_message.FromTag);
        ulong toTag = CallEntry.TagHash(_message.ToTag);
        call.LastSignalAt = _now;
        bool open = call.EndedAt == Timestamp.MaxValue;
        if (_message.IsRequest)
        {
            switch (_message.Method)
            {
                case SipMethod.Invite when toTag == 0:
                    if (call.CallerTag == 0) call.CallerTag = fromTag;
                    call.LastInviteCSeq = _message.CSeqNumber;
                    if (!call.Answered) call.EndedAt = Timestamp.MaxValue;
                    break;
                case SipMethod.Bye:
                    call.Bye(fromTag, toTag, _now);
                    break;
            }
        }
        else if (_message.CSeqMethod == SipMethod.Invite)
        {
            int status = _message.StatusCode;
            if (status is >= 200 and < 300) Answer(call, toTag);
            else if (!call.Answered)
            {
                call.EndedAt = status >= 300 ? _now : Timestamp.MaxValue;
                call.FinalStatus = status >= 300 ? status : 0;
            }
        }

        if (open && call.EndedAt != Timestamp.MaxValue) Arm(call, call.EndedAt + _limits.Linger);
    }

    private void Answer(CallEntry call, ulong toTag)
    {
        if (!call.Answered)
        {
            _unanswered.Remove(call.Age!);
            _answered.AddLast(call.Age!);
        }

        call.Confirm(toTag);
    }

    private void LearnMedia(CallEntry call)
    {
        ReadOnlySpan<byte> body = _message.SdpBody;
        if (body.IsEmpty) return;
        if (!SdpParser.TryRead(body, _sdp))
        {
            Counters.Increment(SwitchboardCounter.SdpMalformed);
            return;
        }

        call.OwnsMedia = true;
        foreach (SdpMedia media in _sdp.Media)
        {
            SdpMedia transport = _sdp.TransportOf(media);
            if (transport.Port == 0) continue;
            Announce(call, transport.RtpEndpoint);
            Announce(call, transport.RtcpEndpoint);
            foreach (SdpCandidate candidate in transport.Candidates) Announce(call, candidate.Endpoint);
        }
    }

    private void Announce(CallEntry call, Endpoint endpoint)
    {
        if (endpoint.Port == 0 || endpoint.Address.IsUnspecified) return;
        if (call.Endpoints.Count >= _limits.MaxEndpointsPerCall)
        {
            Counters.Increment(SwitchboardCounter.EndpointLimit);
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
            PostToCall(ShardItemKind.PortReused, call);
            PostToCall(ShardItemKind.PortReused, other);
        }
    }

    private ref ShardItem PostToCall(ShardItemKind kind, CallEntry call)
    {
        ref ShardItem item = ref NewItem(call.Shard);
        item.Kind = kind;
        item.Call = call.Handle;
        return ref item;
    }

    private void Release(FrameBuffer frames, List<HeldPacket> packets, HeldPair pair)
    {
        int index = 0;
        foreach (CapturedPacket frame in frames)
        {
            HeldPacket held = packets[index++];
            if (!_hold.IsYoung(held, _now))
            {
                _hold.CountExpired();
                continue;
            }

            ulong hash = FlowTable.HashOf(pair.Source, pair.Destination);
            FlowEntry? flow = _flows.Find(hash, pair.Source, pair.Destination) ?? OpenFlow(hash, pair.Source, pair.Destination);
            if (flow is null) continue;
            Counters.Increment(SwitchboardCounter.MediaAttachedLate);
            PostMedia(flow, frame, held, frame.Bytes.Slice(held.PayloadOffset, held.PayloadLength));
        }
    }

    private void OnMedia(in CapturedPacket packet, in DecodedPacket decoded)
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
            _now,
            reassembled ? 0 : OffsetWithin(packet.Bytes, payload),
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
            Counters.Increment(SwitchboardCounter.OtherUdp);
        }
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
            Counters.Increment(SwitchboardCounter.FlowLimit);
            return null;
        }

        var target = new FlowTarget(call, _flowHandles[call.Shard].Take());
        flow.Known.Add(target);
        call.Flows.Add(flow);
        ref ShardItem item = ref PostToCall(ShardItemKind.OpenFlow, call);
        item.Flow = target.Flow;
        item.Source = flow.Source;
        item.Destination = flow.Destination;
        return target;
    }

    private void PostMedia(FlowEntry flow, in CapturedPacket packet, in HeldPacket facts, ReadOnlySpan<byte> payload)
    {
        if (flow.Unsettled) Settle(flow);
        flow.LastPacketAt = _now;
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
        }

        Counters.Increment(SwitchboardCounter.MediaPackets);
        foreach (FlowTarget target in targets)
        {
            ref ShardItem item = ref NewItem(target.Call.Shard);
            ShardBatch batch = _batches[target.Call.Shard];
            item.Kind = ShardItemKind.Media;
            item.Call = target.Call.Handle;
            item.Flow = target.Flow;
            item.At = packet.CapturedAt;
            item.IpIdentification = facts.IpIdentification;
            item.Checksum = facts.Checksum;
            item.Dscp = facts.Dscp;
            item.TimeToLive = facts.TimeToLive;
            item.PayloadLength = payload.Length;
            item.CutBytes = Math.Max(0, packet.OriginalLength - packet.Bytes.Length);
            CopyIn(batch, ref item, packet, payload, facts.PayloadOffset);
        }
    }

    private void PostFragments(FlowEntry flow, FrameBuffer fragments, ReadOnlySpan<byte> payload)
    {
        if (!_keepFrames) return;
        if (flow.Unsettled) Settle(flow);
        foreach (FlowTarget target in flow.Targets)
        {
            foreach (CapturedPacket fragment in fragments)
            {
                ref ShardItem item = ref NewItem(target.Call.Shard);
                item.Kind = ShardItemKind.MediaFrame;
                item.Call = target.Call.Handle;
                item.At = fragment.CapturedAt;
                CopyIn(_batches[target.Call.Shard], ref item, fragment, default, 0);
            }
        }
    }

    private void PostSipFrame(CallEntry call, in CapturedPacket frame)
    {
        if (!_keepFrames) return;
        ref ShardItem item = ref NewItem(call.Shard);
        item.Kind = ShardItemKind.SipFrame;
        item.Call = call.Handle;
        item.At = frame.CapturedAt;
        CopyIn(_batches[call.Shard], ref item, frame, default, 0);
    }

    private void PostSip(
        CallEntry call, in CapturedPacket packet, ReadOnlySpan<byte> message, Transport transport, Endpoint source, Endpoint destination, Timestamp at)
    {
        ref ShardItem item = ref NewItem(call.Shard);
        item.Kind = ShardItemKind.Sip;
        item.Call = call.Handle;
        item.At = at;
        item.Transport = transport;
        item.Source = source;
        item.Destination = destination;
        item.SourceIndex = _source;
        item.PayloadLength = message.Length;
        item.Flag = packet.IsTruncated;
        CopyIn(_batches[call.Shard], ref item, packet, message, OffsetWithin(packet.Bytes, message));
    }

    /// <summary>Copies frame and payload into the batch: the frame once where the payload lies within it and frames are kept.</summary>
    private void CopyIn(ShardBatch batch, ref ShardItem item, in CapturedPacket packet, ReadOnlySpan<byte> payload, int payloadOffset)
    {
        item.Sequence = packet.Sequence;
        bool within = payloadOffset > 0 && payloadOffset + payload.Length <= packet.Bytes.Length;
        if (_keepFrames && !packet.Bytes.IsEmpty)
        {
            item.FrameLength = packet.Bytes.Length;
            item.OriginalLength = packet.OriginalLength;
            item.LinkType = packet.LinkType;
            item.NanosecondRemainder = packet.NanosecondRemainder;
            item.InterfaceId = packet.InterfaceId;
            item.FrameAt = packet.CapturedAt;
            item.FrameOffset = batch.Copy(packet.Bytes);
            item.PayloadOffset = within ? item.FrameOffset + payloadOffset : 0;
        }
        else
        {
            within = false;
        }

        if (!within && !payload.IsEmpty) item.PayloadOffset = batch.Copy(payload);
    }

    private ref ShardItem NewItem(int shard)
    {
        if (_batches[shard].IsFull) Post(shard);
        ref ShardItem item = ref _batches[shard].Add();
        item.Clock = _now;
        return ref item;
    }

    private void Post(int shard)
    {
        _ports[shard].Post(_batches[shard]);
        _batches[shard] = _ports[shard].Take();
    }

    private void OnTimer(CallEntry call)
    {
        if (call.EndedAt != Timestamp.MaxValue)
        {
            if (call.OwnsMedia && _now >= call.EndedAt + _limits.Linger)
            {
                call.OwnsMedia = false;
                _endpoints.Withdraw(call);
            }

            TimeSpan kept = !call.Answered && CallAdmission.InvitesRetry(call.FinalStatus) ? _limits.RetryKept : _limits.Late;
            Timestamp close = Timestamp.Max(call.EndedAt, call.LastSignalAt) + kept;
            if (_now >= close) Close(call);
            else Arm(call, close);
            return;
        }

        Timestamp last = call.LastSignalAt;
        foreach (FlowEntry flow in call.Flows) last = Timestamp.Max(last, flow.LastPacketAt);
        Timestamp idle = last + (call.Answered ? _limits.AnsweredIdle : _limits.UnansweredIdle);
        if (_now >= idle) Close(call);
        else Arm(call, idle);
    }

    private void Arm(CallEntry call, Timestamp deadline) => _timers.Set(call, deadline, _now);

    /// <summary>Ends the eldest unanswered call early, else the eldest: a flood of INVITEs then pushes out itself before anybody talking.</summary>
    private void Evict()
    {
        if ((_unanswered.First ?? _answered.First)?.Value is not { } call) return;
        Counters.Increment(SwitchboardCounter.CallsEvicted);
        Close(call, evicted: true);
    }

    private void Close(CallEntry call, bool evicted = false)
    {
        call.OwnsMedia = false;
        call.Age!.List!.Remove(call.Age);
        _timers.Remove(call);
        _endpoints.Withdraw(call);
        _calls.Remove(call);
        foreach (FlowEntry flow in call.Flows)
        {
            foreach (FlowTarget target in flow.Known)
            {
                if (target.Call == call) _flowHandles[call.Shard].Return(target.Flow);
            }

            flow.Known.RemoveAll(target => target.Call == call);
            flow.Unsettled = true;
            if (flow.Known.Count > 0 || flow.Removed) continue;
            _flows.Remove(flow);
            _endpoints.Detach(flow);
        }

        ref ShardItem item = ref PostToCall(ShardItemKind.CloseCall, call);
        item.Flag = evicted;
        _callHandles[call.Shard].Return(call.Handle);
    }

    private static int OffsetWithin(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> part)
    {
        if (whole.IsEmpty || part.IsEmpty) return 0;
        nint offset = Unsafe.ByteOffset(ref MemoryMarshal.GetReference(whole), ref MemoryMarshal.GetReference(part));
        return offset > 0 && offset + part.Length <= whole.Length ? (int)offset : 0;
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

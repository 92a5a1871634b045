using System.Runtime.CompilerServices;
using CdrEngine.Calls;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Sessions;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;
using CdrEngine.Engine.Desk;
using CdrEngine.Engine.Shards;
using CdrEngine.Protocols.Hep;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Msrp;
using CdrEngine.Protocols.Sctp;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Engine.Routing;

/// <summary>Decides, packet by packet in the order of capture, which call and which shard each packet belongs to.</summary>
/// <remarks>
/// 1. Decode to UDP, or to SIP messages over TCP, WebSocket or SCTP.
/// 2. SIP finds its call by Call-ID (or begins one); its SDP says where the call expects media.
/// 3. All else that may be media goes to <see cref="MediaRouter"/>, which finds its calls by address.
/// One thread runs it; it owns no file, socket or clock and never hears back from a shard.
/// </remarks>
internal sealed partial class Switchboard : ISipMessageSink
{
    // What was pushed out is remembered for longer than it takes a flood to fill the rest.
    private const int FewestEvicted = 1 << 16;
    private const int MostEvicted = 1 << 18;

    private readonly SwitchboardLimits _limits;
    private readonly PacketDecoder _decoder;
    private readonly SipStreamReassembler _streams;
    private readonly SctpReassembler _sctp;
    private readonly ShardMail _mail;
    private readonly MediaRouter _media;
    private readonly SessionLinker _sessions;
    private readonly HandlePool[] _callHandles;
    private readonly MirrorLimits _mirrorLimits;
    private MirrorFilter _mirror;
    private readonly SipMessage _message;
    private readonly SdpSession _sdp = new();
    private readonly CallIndex _calls = new();
    private readonly TimerWheel _timers = new();
    private readonly EvictionOrder _order = new();
    private readonly EvictedCalls _evicted;
    private readonly EvictedCalls _evictedAnswered;
    private byte[] _scratch = new byte[64 * 1024];
    private long _sequence;
    private long _nextOrder;
    private int _source;

    // From when on, and for how many microseconds, no packet that goes straight moves anything by its time.
    private long _quietFrom;
    private ulong _quietFor;

    // Registrations, messages and the like; null where nobody follows them.
    private readonly DeskMail? _desk;
    private readonly MsrpTable _msrp;
    private bool _isForDesk;
    private bool _announcesMsrp;
    private readonly FrameBuffer _noFragments = new();

    public Switchboard(EngineOptions options, IShardPort[] ports, bool keepFrames, DeskMail? desk = null)
    {
        _desk = desk;
        _msrp = new MsrpTable(options.Desk.Messages.MaxMsrpSessions);
        _limits = options.Routing;
        _evicted = new EvictedCalls(Math.Clamp(_limits.MaxCalls, FewestEvicted, MostEvicted));
        _evictedAnswered = new EvictedCalls(Math.Clamp(_limits.MaxCalls, FewestEvicted, MostEvicted));
        _decoder = new PacketDecoder(options.Decoder);
        _mirrorLimits = options.Mirror;
        _mirror = new MirrorFilter(_mirrorLimits);
        _message = new SipMessage(options.Sip);
        _streams = new SipStreamReassembler(options.Tcp);
        _sctp = new SctpReassembler(options.Sctp);
        _mail = new ShardMail(ports, keepFrames, options.LetsMediaGo ? Math.Max(2, options.QueuedBatches - Math.Max(1, options.QueuedBatches / 8)) : 0);
        _sessions = new SessionLinker(options.Sessions, _calls, options.Call.TextBytes);
        _media = new MediaRouter(options.Routing, Counters, _mail, _sessions, mayGoStraight: options.GoesStraight && !options.HearsDigits);
        _callHandles = Array.ConvertAll(ports, static _ => new HandlePool());
    }

    public Counters<SwitchboardCounter> Counters { get; } = new();

    public Counters<SipRejection> Rejections { get; } = new();

    public Counters<DecodeCounter> DecodeCounters => _decoder.Counters;

    public Counters<TcpCounter> TcpCounters => _streams.Counters;

    public Counters<SctpCounter> SctpCounters => _sctp.Counters;

    public Counters<SessionCounter> SessionCounters => _sessions.Counters;

    public EngineClock Clock { get; } = new();

    /// <summary>Open calls, ended ones that are still known included.</summary>
    public int OpenCalls => _calls.Count;

    /// <summary>Packets handed over that went straight; for tests.</summary>
    public long StraightPackets => _mail.StraightPackets;

    /// <summary>Pressure that comes from before the engine.</summary>
    public Pressure Pressure
    {
        get => _mail.FromOutside;
        set => _mail.FromOutside = value;
    }

    /// <summary>Which source the next packets come from.</summary>
    public void SelectSource(int index) => _source = index;

    /// <summary>Takes one packet.</summary>
    /// <remarks>Not compiled ahead but well at once, like all that nearly every packet passes (docs/decisions/0042-what-a-short-import-waits-for.md).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Process(in CapturedPacket captured)
    {
        long sequence = ++_sequence;
        Counters.Increment(SwitchboardCounter.Packets);
        Counters.Add(SwitchboardCounter.Bytes, captured.Bytes.Length);
        if (Clock.TryFollow(captured.CapturedAt)) _mail.Now = captured.CapturedAt;
        else Observe(captured.CapturedAt);

        // Nearly every packet is RTP of a flow about which nothing is open, at a time when nothing is due.
        if (_decoder.TryGlance(captured, out RtpGlance glance))
        {
            KeepTime();
            if (_media.TryRouteStraight(captured, glance, sequence))
            {
                _decoder.CountPlain(glance);
                return;
            }
        }
        else
        {
            MoveOn();
        }

        ProcessLong(captured, sequence);
    }

    // Apart, since all that it holds would be cleared for each packet that goes straight. Nor is that copied: what a reader has just written field by
    // field is not there to be read in one piece for some 20 ns.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ProcessLong(in CapturedPacket captured, long sequence)
    {
        CapturedPacket packet = captured with { Sequence = sequence };
        _quietFor = 0;
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

        PassOnStandings();
    }

    /// <summary>Hands over what waits in part-filled batches, with the clock; for the end of a file and for quiet moments.</summary>
    public void Flush()
    {
        for (int shard = 0; shard < _mail.Shards; shard++)
        {
            _mail.PostUnlessPressed(shard);
        }

        _desk?.Flush(_mail.Now);
    }

    /// <summary>Moves time on where no packet does, and hands over what waits.</summary>
    public void Tick(Timestamp now)
    {
        if (Clock.Now != Timestamp.MinValue)
        {
            _mail.Now = Clock.Advance(now);
            MoveOn();
            _decoder.Advance(_mail.Now);
        }

        Flush();
    }

    /// <summary>Tells every open call that the capture lost packets.</summary>
    public void MarkGap(Timestamp since)
    {
        Counters.Increment(SwitchboardCounter.Gaps);
        _mail.AddToAll(ShardItemKind.Gap, at: since);
    }

    /// <summary>Ends every open call and forgets all: the capture is over, or what comes next has nothing to do with it.</summary>
    public void EndCapture()
    {
        _streams.Complete(this);
        PassOnStandings();
        _mail.AddToAll(ShardItemKind.CaptureEnd);

        foreach (CallEntry call in _calls.All().OrderBy(static call => call.Order).ToArray()) Close(call);
        _mail.PostAll();
        _desk?.EndCapture(_mail.Now);

        // The same packets may come again: a capture that is a part of this one, or this one once more.
        _mirror = new MirrorFilter(_mirrorLimits);
        _decoder.Advance(_mail.Now + TimeSpan.FromDays(1));
        _sctp.Advance(_mail.Now + TimeSpan.FromDays(1));
        _media.Clear();
        _order.Clear();
        _evicted.Clear();
        _evictedAnswered.Clear();
        _sessions.Clear();
        _timers.Clear();
        _quietFor = 0;
        Clock.Reset();
        SettleCounters();
    }

    /// <summary>Brings the counters that others keep up to date.</summary>
    public void SettleCounters()
    {
        _media.SettleCounters();
        _sessions.SettleCounters();
        Counters.Add(SwitchboardCounter.DoubtedTimestamps, Clock.Doubted - Counters[SwitchboardCounter.DoubtedTimestamps]);
    }

    /// <inheritdoc />
    void ISipMessageSink.OnMessage(in TransportedMessage message)
    {
        if (message.IsMsrp)
        {
            RouteMsrp(message);
            return;
        }

        CallEntry? call = RouteSip(message.Bytes, message.Source, message.Destination, message.CompletedAt);
        if (_isForDesk)
        {
            foreach (CapturedPacket frame in message.Frames) _desk!.PostFrame(frame, _mail.Now);
            PostToDesk(call, default, message.Bytes, message.Transport, message.Source, message.Destination, message.CompletedAt);
        }

        if (call is null) return;
        foreach (CapturedPacket frame in message.Frames) PostSipFrame(call, frame);
        Take(call, default, message.Bytes, message.Transport, message.Source, message.Destination, message.CompletedAt);
    }

    // Where the capturing clock was set back, calls that are open go on in their own time.
    private void Observe(Timestamp at)
    {
        Timestamp before = Clock.Now;
        long steps = Clock.StepsBack;
        _mail.Now = Clock.Observe(at);
        if (Clock.StepsBack == steps) return;
        _mail.AddToAll(ShardItemKind.ClockSet, at: new Timestamp(before.Microseconds - _mail.Now.Microseconds));
    }

    /// <summary>Moves time on where anything may be due.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void KeepTime()
    {
        if ((ulong)(_mail.Now.Microseconds - _quietFrom) >= _quietFor) FindQuiet();
    }

    private void FindQuiet()
    {
        MoveOn();
        long until = Math.Min(
            Math.Min(_sessions.NextDue.Microseconds, _timers.NextLook.Microseconds), Math.Min(_streams.NextDue.Microseconds, _sctp.NextDue.Microseconds));
        _quietFrom = _mail.Now.Microseconds;
        _quietFor = (ulong)Math.Max(0, until - _quietFrom);
    }

    private void MoveOn()
    {
        _quietFor = 0;
        _sessions.Advance(_mail.Now);
        PassOnStandings();
        if (_timers.IsDue(_mail.Now))
        {
            foreach (CallEntry call in _timers.TakeDue(_mail.Now)) OnTimer(call);
        }

        // Every packet moves time for all that waits: what a hole lets go must not depend on who sends next.
        _streams.Advance(_mail.Now, this);
        _sctp.Advance(_mail.Now);
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

            if (HepParser.TryReadLog(payload, out HepMessage line))
            {
                OnLogLine(packet, line);
                return;
            }
        }

        _media.Route(packet, decoded);
    }

    /// <summary>Keeps what an agent logged of a call with the call's signalling.</summary>
    private void OnLogLine(in CapturedPacket packet, in HepMessage line)
    {
        if (line.CorrelationId.IsEmpty || _calls.Newest(line.CorrelationId) is not { } call)
        {
            Counters.Increment(SwitchboardCounter.LogLinesElsewhere);
            return;
        }

        Counters.Increment(SwitchboardCounter.LogLines);
        if (!_mail.KeepsFrames) return;
        ref ShardItem item = ref _mail.Add(ShardItemKind.SipFrame, call);
        item.At = packet.CapturedAt;
        _mail.CopyIn(call.Shard, ref item, packet, default, 0);
    }

    private void OnSipDatagram(in CapturedPacket packet, in DecodedPacket decoded)
    {
        if (_mirror.IsDuplicate(decoded, packet.CapturedAt))
        {
            Counters.Increment(SwitchboardCounter.MirrorDuplicates);
            return;
        }

        CallEntry? call = RouteSip(decoded.Payload, decoded.Source, decoded.Destination, packet.CapturedAt);
        if (_isForDesk)
        {
            foreach (CapturedPacket fragment in decoded.Fragments ?? _noFragments) _desk!.PostFrame(fragment, _mail.Now);
            PostToDesk(call, packet, decoded.Payload, Transport.Udp, decoded.Source, decoded.Destination, packet.CapturedAt);
        }

        if (call is null) return;
        if (decoded.Fragments is { } fragments)
        {
            foreach (CapturedPacket fragment in fragments) PostSipFrame(call, fragment);
        }

        Take(call, packet, decoded.Payload, Transport.Udp, decoded.Source, decoded.Destination, packet.CapturedAt);
    }

    /// <summary>All that follows from the message at hand once its call is known: to the call's shard, what its SDP says of media, sessions and MSRP.</summary>
    private void Take(
        CallEntry call, in CapturedPacket packet, ReadOnlySpan<byte> message, Transport transport, Endpoint source, Endpoint destination, Timestamp at)
    {
        PostSip(call, packet, message, transport, source, destination, at);
        LinkSession(call, LearnMedia(call), source, destination);
        TellMsrp(message, transport, source, destination, at);
    }

    /// <summary>Parses a message and finds its call, beginning one where the message does; null where it belongs to none.</summary>
    private CallEntry? RouteSip(ReadOnlySpan<byte> bytes, Endpoint source, Endpoint destination, Timestamp at)
    {
        _isForDesk = false;
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

        if (_resuming is not null && !IsResumed(_message.CallId)) return null;
        CallEntry? call = _calls.Newest(_message.CallId);
        if (call is not null) call.IsFinal = call.EndedAt != Timestamp.MaxValue && _mail.Now > call.EndedAt + _limits.Linger;
        switch (CallAdmission.Classify(call, _message))
        {
            case CallAdmissionResult.NotACall:
                Counters.Increment(_message.CSeqMethod switch
                {
                    SipMethod.Register => SwitchboardCounter.RegisterMessages,
                    SipMethod.Message => SwitchboardCounter.TextMessages,
                    _ => SwitchboardCounter.OtherMessages,
                });
                _isForDesk = _desk is not null && DeskMachine.Takes(_message.CSeqMethod);
                return null;
            case CallAdmissionResult.NewCall when _evicted.Takes(_message, isAnswered: false) || _evictedAnswered.Takes(_message, isAnswered: true):
                Counters.Increment(SwitchboardCounter.EvictedMessages);
                return null;
            case CallAdmissionResult.NewCall:
                call = Open(source, destination, at);
                break;
            default:
                call = Generation(call!);
                break;
        }

        Counters.Increment(SwitchboardCounter.CallMessages);
        _isForDesk = _desk is not null && _message.CSeqMethod == SipMethod.Message;
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

    private CallEntry Open(Endpoint source, Endpoint destination, Timestamp at)
    {
        if (_calls.Count >= _limits.MaxCalls) Evict();
        byte[] callId = _message.CallId.ToArray();
        int shard = (int)(Hash64.Of(callId) % (ulong)_mail.Shards);
        var call = new CallEntry
        {
            CallId = callId,
            Order = ++_nextOrder,
            Shard = shard,
            Handle = _callHandles[shard].Take(),
            InviteSource = source,
            InviteDestination = destination,
            LastSignalAt = _mail.Now,
        };
        call.Session = _sessions.Open(call, callId, _message, at);
        _calls.Add(call);
        _order.Place(call, CallStage.Unheard);
        Arm(call, _mail.Now + _limits.UnansweredIdle);
        Counters.Increment(SwitchboardCounter.CallsOpened);
        ref ShardItem item = ref _mail.Add(ShardItemKind.OpenCall, call);
        item.SourceIndex = _source;
        item.PayloadLength = callId.Length;
        item.PayloadOffset = _mail.Copy(shard, callId);
        if (_resuming is not null) NameResumed(ref item, callId);
        return call;
    }

    /// <summary>Follows just enough of the dialogs to know when a call gives up its media addresses.</summary>
    private void Follow(CallEntry call)
    {
        ulong fromTag = Hash64.OfTag(_message.FromTag);
        ulong toTag = Hash64.OfTag(_message.ToTag);
        call.LastSignalAt = _mail.Now;
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
                    call.Bye(fromTag, toTag, _mail.Now);
                    break;
            }
        }
        else if (_message.CSeqMethod == SipMethod.Invite)
        {
            int status = _message.StatusCode;
            call.IsHeard |= status > 100;
            if (call.CallerTag == 0)
            {
                // A response that overtook its INVITE tells whose the INVITE will be.
                call.CallerTag = fromTag;
                call.LastInviteCSeq = _message.CSeqNumber;
            }

            if (status is >= 200 and < 300) call.Confirm(toTag);
            else if (!call.Answered)
            {
                call.EndedAt = status >= 300 ? _mail.Now : Timestamp.MaxValue;
                call.FinalStatus = status >= 300 ? status : 0;
            }
        }

        if (open && call.EndedAt != Timestamp.MaxValue) Arm(call, call.EndedAt + _limits.Linger);
        _order.Place(call, call.StageNow);
    }

    /// <summary>The SDP of the message, whose media addresses are learnt; null where it has none.</summary>
    private SdpSession? LearnMedia(CallEntry call)
    {
        ReadOnlySpan<byte> body = _message.SdpBody;
        if (body.IsEmpty) return null;
        if (!SdpParser.TryRead(body, _sdp))
        {
            Counters.Increment(SwitchboardCounter.SdpMalformed);
            return null;
        }

        _media.Learn(call, _sdp);
        if (_msrp.Learn(call, _sdp)) _announcesMsrp = true;
        return _sdp;
    }

    private void LinkSession(CallEntry call, SdpSession? sdp, Endpoint source, Endpoint destination)
    {
        if (call.Session is { } session) _sessions.OnMessage(session, _message, sdp, source, destination, _mail.Now, call.EndedAt != Timestamp.MaxValue);
    }

    /// <summary>Tells the calls' shards what has become of their sessions, in packet order like all else.</summary>
    private void PassOnStandings()
    {
        if (_sessions.Changed.Count == 0) return;
        foreach (SessionCall session in _sessions.Changed)
        {
            if (session.Owner is CallEntry { IsClosed: false } call) _mail.AddStanding(call, SessionLinker.Tell(session));
        }

        _sessions.ClearChanged();
    }

    /// <summary>Gives MSRP to the desk, and its packets to the call that announced its session.</summary>
    private void RouteMsrp(in TransportedMessage message)
    {
        Counters.Increment(SwitchboardCounter.MsrpMessages);
        if (_desk is null || MsrpParser.TryRead(message.Bytes, out MsrpMessage parsed, out _, out _) != ParseOutcome.Message) return;
        foreach (CapturedPacket frame in message.Frames) _desk.PostFrame(frame, _mail.Now);
        _desk.Post(
            ShardItemKind.Msrp, default, message.Bytes, new DeskItem(message.CompletedAt, message.Transport, message.Source, message.Destination, _source), _mail.Now);
        if (!_desk.KeepsText || !_mail.KeepsFrames) return;
        if ((_msrp.Find(parsed) ?? _media.OwnerOf(message.Source, message.Destination)) is not { } call) return;
        foreach (CapturedPacket frame in message.Frames)
        {
            ref ShardItem item = ref _mail.Add(ShardItemKind.MediaFrame, call);
            item.At = frame.CapturedAt;
            _mail.CopyIn(call.Shard, ref item, frame, default, 0);
        }
    }

    private void PostToDesk(
        CallEntry? call, in CapturedPacket packet, ReadOnlySpan<byte> message, Transport transport, Endpoint source, Endpoint destination, Timestamp at) =>
        _desk!.Post(
            call is null ? ShardItemKind.Sip : ShardItemKind.CallText, packet, message, new DeskItem(at, transport, source, destination, _source), _mail.Now);

    // The desk learns from the call's own SIP whose sessions are whose.
    private void TellMsrp(ReadOnlySpan<byte> message, Transport transport, Endpoint source, Endpoint destination, Timestamp at)
    {
        if (!_announcesMsrp) return;
        _announcesMsrp = false;
        _desk?.Post(ShardItemKind.CallMsrp, default, message, new DeskItem(at, transport, source, destination, _source), _mail.Now);
    }

    /// <summary>Whether the policy keeps the packets of the message at hand: where text is not kept, those of text messages are not either.</summary>
    private bool IsKept => _desk is not { KeepsText: false } || _message.CSeqMethod != SipMethod.Message;

    private void PostSipFrame(CallEntry call, in CapturedPacket frame)
    {
        if (!_mail.KeepsFrames || !IsKept) return;
        ref ShardItem item = ref _mail.Add(ShardItemKind.SipFrame, call);
        item.At = frame.CapturedAt;
        _mail.CopyIn(call.Shard, ref item, frame, default, 0);
    }

    private void PostSip(
        CallEntry call, in CapturedPacket packet, ReadOnlySpan<byte> message, Transport transport, Endpoint source, Endpoint destination, Timestamp at)
    {
        ref ShardItem item = ref _mail.Add(ShardItemKind.Sip, call);
        item.At = at;
        item.Transport = transport;
        item.Source = source;
        item.Destination = destination;
        item.SourceIndex = _source;
        item.PayloadLength = message.Length;
        item.Flag = packet.IsTruncated;
        if (IsKept) _mail.CopyIn(call.Shard, ref item, packet, message, ShardMail.OffsetWithin(packet.Bytes, message));
        else _mail.CopyIn(call.Shard, ref item, default, message, 0);
        if (item.Sequence == 0) item.Sequence = _sequence;
    }

    private void OnTimer(CallEntry call)
    {
        if (call.EndedAt != Timestamp.MaxValue)
        {
            if (call.OwnsMedia && _mail.Now >= call.EndedAt + _limits.Linger)
            {
                _media.Withdraw(call);
            }

            TimeSpan kept = !call.Answered && CallAdmission.InvitesRetry(call.FinalStatus) ? _limits.RetryKept : _limits.Late;
            Timestamp close = Timestamp.Max(call.EndedAt, call.LastSignalAt) + kept;
            if (_mail.Now >= close) Close(call);
            else Arm(call, close);
            return;
        }

        Timestamp idle = call.LastHeardAt + (call.Answered ? _limits.AnsweredIdle : _limits.UnansweredIdle);
        if (_mail.Now >= idle) Close(call);
        else Arm(call, idle);
    }

    private void Arm(CallEntry call, Timestamp deadline) => _timers.Set(call, deadline, _mail.Now);

    /// <summary>Ends a call early, and remembers it, so that what still comes of it begins no second record.</summary>
    private void Evict()
    {
        if (_order.Next(_mail.Now, _limits.Linger) is not { } call) return;
        Counters.Increment(SwitchboardCounter.CallsEvicted);
        (call.Answered ? _evictedAnswered : _evicted).Add(call);
        Close(call, evicted: true);
    }

    private void Close(CallEntry call, bool evicted = false)
    {
        _order.Remove(call);
        _timers.Remove(call);
        _calls.Remove(call);
        _media.Forget(call);
        _msrp.Forget(call);

        call.IsClosed = true;
        if (call.Session is { } session) _sessions.Close(session);

        ref ShardItem item = ref _mail.Add(ShardItemKind.CloseCall, call);
        item.Flag = evicted;
        _callHandles[call.Shard].Return(call.Handle);
    }
}

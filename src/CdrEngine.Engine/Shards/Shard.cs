using System.Collections.Concurrent;
using System.Text;
using CdrEngine.Actors;
using CdrEngine.Calls;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Engine.Shards;

/// <summary>One thread's calls: their actors, their flows, their part of the packet log. Runs each batch to completion, in packet order.</summary>
internal sealed class Shard : ShardHandler<ShardBatch>
{
    /// <summary>Records that may wait for one write of the packet log.</summary>
    private const int MaxPendingRecords = 256;

    /// <summary>Items whose stream is brought near before their turn: some four packets are as long as a way to memory and back.</summary>
    private const int FetchedAhead = 4;

    private readonly IRecordOutput _output;
    private readonly PacketLogShard? _log;
    private readonly Func<PacketLogReader>? _openReader;
    private readonly IReadOnlyList<string> _sources;
    private readonly ConcurrentQueue<ShardBatch> _pool;
    private readonly StreamLimits _streamLimits;
    private readonly List<CallSeat?> _calls = [];
    private readonly List<FlowSeat> _flows = [];
    private readonly List<RecordEmission> _pending = [];
    private readonly Props<CallSignal, CallSeat> _props = new(static seat => new CallActor(seat)) { Mailbox = new MailboxSettings(64, MailboxFullPolicy.DropNewest) };
    private Timestamp _flushedAt = Timestamp.MinValue;
    private ShardDispatcher _dispatcher = null!;

    /// <summary>Microseconds that the dispatcher's clock is ahead of the packets'.</summary>
    private long _ahead;

    public Shard(
        EngineOptions options, IRecordOutput output, PacketLogShard? log, Func<PacketLogReader>? openReader, IReadOnlyList<string> sources,
        ConcurrentQueue<ShardBatch> pool)
    {
        _output = output;
        _log = log;
        _openReader = openReader;
        _sources = sources;
        _pool = pool;
        _streamLimits = options.Streams;
        if (options.HearsDigits) Listeners = () => new InbandListener(_streamLimits);
        BeforeFold = options.BeforeFold;
        CallOptions = new CallOptions { Timers = options.Timers, Limits = options.Call };
        Message = new SipMessage(options.Sip);
    }

    /// <summary>A call that fails is rebuilt once, then given up.</summary>
    public static SupervisorStrategy Strategy { get; } = new() { MaxRestarts = 1, Within = TimeSpan.FromDays(365) };

    public CallOptions CallOptions { get; }

    /// <summary>See <see cref="EngineOptions.BeforeFold"/>.</summary>
    public Action<SipMessage>? BeforeFold { get; }

    public Counters<ShardCounter> Counters { get; } = new();

    public Counters<CallCounter> CallCounters { get; } = new();

    public Counters<StreamCounter> StreamCounters { get; } = new();

    public Counters<PacketLogCounter>? LogCounters => _log?.Counters;

    public string? LogFault => _log?.Fault;

    /// <summary>What the last step of a machine asked for; shared by all calls of the shard.</summary>
    public CallEffects Effects { get; } = new();

    /// <summary>The message at hand; shared likewise.</summary>
    public SipMessage Message { get; }

    public PayloadTypeMaps PayloadTypes { get; } = new();

    /// <summary>Makes what listens for digits in a stream; null where nobody is to.</summary>
    public Func<IDigitListener>? Listeners { get; }

    public Timestamp Now { get; private set; } = Timestamp.MinValue;

    public override void Start(ShardDispatcher shard) => _dispatcher = shard;

    public override void Handle(ShardDispatcher shard, ShardBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            if (i + FetchedAhead < batch.Count) Fetch(ref batch.Items[i + FetchedAhead]);
            ref ShardItem item = ref batch.Items[i];
            if (item.Clock != Now) MoveClock(item.Clock);
            switch (item.Kind)
            {
                case ShardItemKind.Media:
                    OnMedia(batch, ref item);
                    break;
                case ShardItemKind.Sip:
                    OnSip(batch, ref item);
                    break;
                case ShardItemKind.SipFrame:
                    Keep(_calls[item.Call]!, PacketKind.Sip, batch, ref item);
                    break;
                case ShardItemKind.MediaFrame:
                    Keep(_calls[item.Call]!, PacketKind.Rtp, batch, ref item);
                    break;
                case ShardItemKind.OpenFlow:
                    OpenFlow(ref item);
                    break;
                case ShardItemKind.OpenCall:
                    OpenCall(batch, ref item);
                    break;
                case ShardItemKind.CloseCall:
                    CloseCall(ref item);
                    break;
                case ShardItemKind.PortReused:
                    Tell(_calls[item.Call]!, CallSignal.PortReused);
                    break;
                case ShardItemKind.Gap:
                    TellAll(CallSignal.Gap);
                    break;
                case ShardItemKind.CaptureEnd:
                    TellAll(CallSignal.CaptureEnd);
                    break;
            }
        }

        batch.Clear();
        _pool.Enqueue(batch);
        if (_pending.Count >= MaxPendingRecords) HandOn();
    }

    public override void Idle(ShardDispatcher shard) => HandOn();

    public override void Complete(ShardDispatcher shard)
    {
        HandOn();
        _log?.Dispose();
    }

    public bool TryParse(ReadOnlyMemory<byte> bytes)
    {
        if (SipParser.TryRead(bytes, Message, out _, out _) == ParseOutcome.Message) return true;
        Counters.Increment(ShardCounter.SipRefused);
        return false;
    }

    /// <summary>Figures of all streams of a call, by first packet.</summary>
    public static List<StreamRecord> StreamsOf(CallSeat seat)
    {
        var records = new List<StreamRecord>();
        foreach (RtpFlow flow in seat.Flows) flow.ToRecords(records);
        records.Sort(static (left, right) =>
        {
            int order = left.StartedAt.CompareTo(right.StartedAt);
            if (order == 0) order = left.Ssrc.CompareTo(right.Ssrc);
            if (order == 0) order = left.Source.CompareTo(right.Source);
            return order != 0 ? order : left.Destination.CompareTo(right.Destination);
        });
        return records;
    }

    /// <summary>Takes a record; it is handed on once its packets are on disk.</summary>
    public void Emit(CallSeat seat, CallRecord record, RecordRevision revision)
    {
        // An actor made anew does not know what the one before it has told.
        if (seat.IsEmitted) revision = RecordRevision.Updated;
        seat.IsEmitted = true;
        Counters.Increment(revision == RecordRevision.Final ? ShardCounter.Records : ShardCounter.RecordsUpdated);
        byte[] chunks = [];
        if (seat.Chunks is { } log)
        {
            log.Seal();
            chunks = log.Sealed.ToArray();
            seat.EmittedChunks = log.Sealed.Count;
        }

        _pending.Add(new RecordEmission(record, revision, chunks));
    }

    /// <summary>Folds a call's SIP anew from the packet log, without the packet at fault.</summary>
    public void Rebuild(CallSeat seat, CallActor actor)
    {
        if (seat.Chunks is not { } chunks || _openReader is null) return;
        chunks.Seal();
        if (_log is null || !_log.Flush()) return;
        using PacketLogReader reader = _openReader();
        using PacketGather packets = reader.Gather(chunks.Sealed, PacketKindSet.Sip, chunks.Key);
        CallReplay.Run(packets, seat, actor);
    }

    /// <summary>A deadline as the dispatcher's clock has it.</summary>
    public long OnDispatcherClock(Timestamp deadline) =>
        deadline.Microseconds > long.MaxValue - _ahead ? long.MaxValue : deadline.Microseconds + _ahead;

    private void Fetch(ref ShardItem item)
    {
        if (item.Kind == ShardItemKind.Media && (uint)item.Flow < (uint)_flows.Count) _flows[item.Flow].Meter?.Prefetch();
    }

    private void MoveClock(Timestamp now)
    {
        if (now < Now)
        {
            // Another capture, or a clock that was set. The dispatcher's clock never goes back, or timers would wait until time has caught up.
            _ahead += Now.Microseconds - now.Microseconds;
            _flushedAt = now;
        }

        Now = now;
        long at = OnDispatcherClock(now);
        if (at >= _dispatcher.NextDeadlineMicroseconds) _dispatcher.Advance(at);
        _log?.Advance(now);
        if (now - _flushedAt < TimeSpan.FromSeconds(1)) return;
        _flushedAt = now;
        HandOn();
    }

    private void OpenCall(ShardBatch batch, ref ShardItem item)
    {
        while (_calls.Count <= item.Call) _calls.Add(null);
        var seat = new CallSeat(this);
        _calls[item.Call] = seat;

        // The packets of a call may come before its first whole message: fragments, segments.
        if (_log is not null)
        {
            ReadOnlySpan<byte> callId = batch.Bytes.AsSpan(item.PayloadOffset, item.PayloadLength);
            seat.Chunks = _log.Open(CallKey.Of(callId));
            seat.SipCallId = Encoding.UTF8.GetString(callId);
            seat.CaptureSource = _sources[item.SourceIndex];
        }

        seat.Ref = _dispatcher.Spawn(_props, seat);
    }

    private void OnSip(ShardBatch batch, ref ShardItem item)
    {
        CallSeat seat = _calls[item.Call]!;
        ReadOnlyMemory<byte> bytes = batch.Bytes.AsMemory(item.PayloadOffset, item.PayloadLength);
        if (item.FrameLength > 0) Keep(seat, PacketKind.Sip, batch, ref item);
        Counters.Increment(ShardCounter.SipApplied);
        seat.CurrentMessage = bytes;
        seat.CurrentAt = item.At;
        _dispatcher.DeliverBorrowed(seat.Ref!, new SipArrival
        {
            Bytes = bytes,
            At = item.At,
            Source = item.Source,
            Destination = item.Destination,
            Transport = item.Transport,
            CaptureSource = _sources[item.SourceIndex],
            IsTruncated = item.Flag,
        });
        seat.CurrentMessage = default;
        seat.CurrentAt = Timestamp.MinValue;
    }

    private void OpenFlow(ref ShardItem item)
    {
        CallSeat seat = _calls[item.Call]!;
        seat.Rtcp ??= new RtcpMeter(_streamLimits);
        var flow = new RtpFlow(
            item.Source, item.Destination, Protocols.Rtp.PayloadTypeMap.Static, _streamLimits, StreamCounters, seat.Rtcp);
        seat.Flows.Add(flow);
        seat.FlowHandles.Add(item.Flow);
        seat.Actor?.PlaceNew(flow);
        while (_flows.Count <= item.Flow) _flows.Add(default);
        _flows[item.Flow] = new FlowSeat(seat, flow);
    }

    private void OnMedia(ShardBatch batch, ref ShardItem item)
    {
        FlowSeat flow = _flows[item.Flow];
        var packet = new RtpPacketView
        {
            At = item.At,
            Payload = batch.Bytes.AsSpan(item.PayloadOffset, item.PayloadLength),
            CutBytes = item.CutBytes,
            IpIdentification = item.IpIdentification,
            Checksum = item.Checksum,
            Dscp = item.Dscp,
            Ttl = item.TimeToLive,
        };
        switch (flow.Meter.Add(packet))
        {
            case RtpOutcome.MirrorDuplicate:
                return;
            case RtpOutcome.Counted or RtpOutcome.Fax:
                flow.Seat.Actor?.OnMedia(item.At, flow.Meter.From);
                break;
        }

        if (item.FrameLength > 0) Keep(flow.Seat, PacketKind.Rtp, batch, ref item);
    }

    private static void Keep(CallSeat seat, PacketKind kind, ShardBatch batch, ref ShardItem item)
    {
        seat.Chunks?.Append(kind, new CapturedPacket
        {
            CapturedAt = item.FrameAt,
            NanosecondRemainder = item.NanosecondRemainder,
            InterfaceId = item.InterfaceId,
            LinkType = item.LinkType,
            OriginalLength = item.OriginalLength,
            Sequence = item.Sequence,
            Bytes = batch.Bytes.AsSpan(item.FrameOffset, item.FrameLength),
        });
    }

    private void CloseCall(ref ShardItem item)
    {
        CallSeat seat = _calls[item.Call]!;
        if (item.Flag) Tell(seat, CallSignal.Evict);
        bool failed = seat.Actor is null;
        Tell(seat, CallSignal.Close);
        if (failed) Counters.Increment(ShardCounter.CallsFailed);
        seat.Chunks?.Dispose();
        _calls[item.Call] = null;
        foreach (int flow in seat.FlowHandles) _flows[flow] = default;
    }

    private void Tell(CallSeat seat, CallSignal signal)
    {
        if (seat.Ref is { IsTerminated: false } call) _dispatcher.Deliver(call, signal);
    }

    private void TellAll(CallSignal signal)
    {
        foreach (CallSeat? seat in _calls)
        {
            if (seat is not null) Tell(seat, signal);
        }
    }

    private void HandOn()
    {
        if (_pending.Count == 0) return;
        _log?.Flush();
        foreach (RecordEmission emission in _pending) _output.Emit(emission);
        _pending.Clear();
    }
}

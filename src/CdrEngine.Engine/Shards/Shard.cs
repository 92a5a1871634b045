using System.Collections.Concurrent;
using CdrEngine.Actors;
using CdrEngine.Calls;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.Engine.Live;
using CdrEngine.Engine.Resume;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Engine.Shards;

/// <summary>One thread's calls: their actors, their flows, their part of the packet log. Runs each batch to completion, in packet order.</summary>
internal sealed partial class Shard : ShardHandler<ShardBatch>
{
    /// <summary>Records that may wait for one write of the packet log.</summary>
    private const int MaxPendingRecords = 256;

    /// <summary>Records that may wait for a thread to write their packets. Beyond it the eldest goes out without.</summary>
    private const int MaxAwaitingRecords = 10_000;

    // A chunk gathers for a second, and is looked after within another.
    private static readonly TimeSpan BetweenLooksAtDisk = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenFlushes = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestReadBack = TimeSpan.FromSeconds(1);

    /// <summary>Items whose stream is brought near before their turn: some four packets are as long as a way to memory and back.</summary>
    private const int FetchedAhead = 4;

    private readonly IRecordOutput _output;
    private readonly PacketLogShard? _log;
    private readonly Func<PacketLogReader>? _openReader;
    private readonly IReadOnlyList<string> _sources;
    private readonly ConcurrentQueue<ShardBatch> _pool;
    private readonly StreamLimits _streamLimits;
    private readonly List<CallSeat?> _calls = [];
    private FlowSeat[] _flows = new FlowSeat[256];
    private readonly List<Leaving> _pending = [];
    private readonly Queue<(long Write, Leaving Item)> _awaiting = new();
    private long _diskLosses;
    private readonly Props<CallSignal, CallSeat> _props = new(static seat => new CallActor(seat)) { Mailbox = new MailboxSettings(64, MailboxFullPolicy.DropNewest) };
    private readonly CallJournal? _journal;
    private readonly TimeSpan _journalEvery;
    private Timestamp _flushedAt = Timestamp.MinValue;
    private Timestamp _journaledAt = Timestamp.MinValue;
    private long _journalWrite;
    private long _handled;
    private bool _isResuming;
    private bool _isSuspended;
    private ShardDispatcher _dispatcher = null!;

    /// <summary>Microseconds that the dispatcher's clock is ahead of the packets'.</summary>
    private long _ahead;

    public Shard(
        EngineOptions options, IRecordOutput output, PacketLogShard? log, Func<PacketLogReader>? openReader, IReadOnlyList<string> sources,
        ConcurrentQueue<ShardBatch> pool, CallJournal? journal = null)
    {
        _journal = log is null ? null : journal;
        _journalEvery = options.Resume?.WriteEvery ?? TimeSpan.Zero;
        if (log is not null) log.Observer = _journal;
        if (options.Live is { } hub) Live = new LiveShard(hub, options.LiveMark, this);
        _output = output;
        _log = log;
        _openReader = openReader;
        _sources = sources;
        _pool = pool;
        _streamLimits = options.Streams;
        if (options.HearsDigits) Listeners = () => new InbandListener(_streamLimits);
        BeforeFold = options.BeforeFold;
        PutsAway = options.PutsAway;
        CallOptions = new CallOptions { Timers = options.Timers, Limits = options.Call };
        Message = new SipMessage(options.Sip);
    }

    /// <summary>A call that fails is rebuilt once, then given up.</summary>
    public static SupervisorStrategy Strategy { get; } = new() { MaxRestarts = 1, Within = TimeSpan.FromDays(365) };

    public CallOptions CallOptions { get; }

    /// <summary>See <see cref="EngineOptions.BeforeFold"/>.</summary>
    public Action<SipMessage>? BeforeFold { get; }

    /// <summary>See <see cref="EngineOptions.PutsAway"/>.</summary>
    public PutsAway PutsAway { get; }

    public Counters<ShardCounter> Counters { get; } = new();

    public Counters<CallCounter> CallCounters { get; } = new();

    public Counters<StreamCounter> StreamCounters { get; } = new();

    public Counters<PacketLogCounter>? LogCounters => _log?.Counters;

    public string? LogFault => _log?.Fault;

    /// <summary>Why the journal of open calls cannot be written; null while it can, or where there is none.</summary>
    public string? JournalFault => _journal?.Fault;

    /// <summary>Batches worked off. Any thread.</summary>
    public long Handled => Volatile.Read(ref _handled);

    /// <summary>Tells others of the calls in progress; null where nobody may look.</summary>
    public LiveShard? Live { get; }

    /// <summary>The calls of an earlier run that are told again; set before the first of them is.</summary>
    public ResumePlan? Resumed { get; set; }

    /// <summary>Is told when all that was told again is in this run's journal. Set likewise.</summary>
    public Action<bool>? OnResumed { get; set; }

    /// <summary>What the last step of a machine asked for; shared by all calls of the shard.</summary>
    public CallEffects Effects { get; } = new();

    /// <summary>The message at hand; shared likewise.</summary>
    public SipMessage Message { get; }

    public PayloadTypeMaps PayloadTypes { get; } = new();

    /// <summary>Makes what listens for digits in a stream; null where nobody is to.</summary>
    public Func<IDigitListener>? Listeners { get; }

    public Timestamp Now { get; private set; } = Timestamp.MinValue;

    /// <summary>From when on the gap may have been of which calls are being told.</summary>
    public Timestamp GapSince { get; private set; }

    /// <summary>By how much the clock was set back of which calls are being told.</summary>
    public TimeSpan SetBackBy { get; private set; }

    public override void Start(ShardDispatcher shard)
    {
        _dispatcher = shard;
        Live?.Open(shard);
    }

    public override void Handle(ShardDispatcher shard, ShardBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            if (i + FetchedAhead < batch.Count) Fetch(ref batch.Items[i + FetchedAhead]);
            ref ShardItem item = ref batch.Items[i];
            if (item.Clock != Now) MoveClock(item.Clock);
            _quietFor = 0;
            switch (item.Kind)
            {
                case ShardItemKind.Straight:
                    OnStraight(batch, item.PayloadOffset, item.PayloadLength);
                    break;
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
                case ShardItemKind.Standing:
                    _calls[item.Call]!.Standing = batch.Standing(item.PayloadOffset);
                    Tell(_calls[item.Call]!, CallSignal.Standing);
                    break;
                case ShardItemKind.PortReused:
                    Tell(_calls[item.Call]!, CallSignal.PortReused);
                    break;
                case ShardItemKind.Gap:
                    GapSince = item.At;
                    TellAll(CallSignal.Gap);
                    break;
                case ShardItemKind.ClockSet:
                    SetBackBy = TimeSpan.FromMicroseconds(item.At.Microseconds);
                    TellAll(CallSignal.ClockSet);
                    break;
                case ShardItemKind.CaptureEnd:
                    TellAll(CallSignal.CaptureEnd);
                    break;
                case ShardItemKind.Resuming:
                    SetResuming(item.Flag);
                    break;
                case ShardItemKind.Suspend:
                    Suspend();
                    break;
            }
        }

        batch.Clear();
        _pool.Enqueue(batch);
        Volatile.Write(ref _handled, _handled + 1);
        if (_pending.Count >= MaxPendingRecords) HandOn();
        else if (_awaiting.Count > 0) EmitWritten();
    }

    public override void Idle(ShardDispatcher shard) => HandOn();

    public override void Complete(ShardDispatcher shard)
    {
        Live?.Close();
        HandOn();
        _log?.Dispose();
        while (_awaiting.TryDequeue(out (long Write, Leaving Item) waiting)) LetGo(waiting.Item);
        if (_journal is null) return;
        if (_isSuspended) _journal.Stop(Now);
        _journal.Dispose();
    }

    /// <summary>Writes what is sealed of the packet log.</summary>
    public void FlushLog() => _log?.Flush();

    public bool TryParse(ReadOnlyMemory<byte> bytes)
    {
        if (SipParser.TryRead(bytes, Message, out _, out _) == ParseOutcome.Message) return true;
        Counters.Increment(ShardCounter.SipRefused);
        return false;
    }

    /// <summary>Figures of all streams of a call, by first packet.</summary>
    public static IReadOnlyList<StreamRecord> StreamsOf(CallSeat seat)
    {
        if (seat.Flows.Count == 0) return [];
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

        _pending.Add(new Leaving(new RecordEmission(record, revision, chunks), 0));
        Live?.Recorded(seat, record, revision);
    }

    /// <summary>Folds a call's SIP anew from the packet log, without the packet at fault.</summary>
    public void Rebuild(CallSeat seat, CallActor actor)
    {
        if (seat.Chunks is not { } chunks || _openReader is null) return;
        chunks.Seal();
        if (_log is null || !_log.Flush() || !_log.AwaitWrites(LongestReadBack)) return;
        using PacketLogReader reader = _openReader();
        using PacketGather packets = reader.Gather(chunks.Sealed, PacketKindSet.Sip, chunks.Key);
        CallReplay.Run(packets, seat, actor);
    }

    /// <summary>A deadline as the dispatcher's clock has it.</summary>
    public long OnDispatcherClock(Timestamp deadline) =>
        deadline.Microseconds > long.MaxValue - _ahead ? long.MaxValue : deadline.Microseconds + _ahead;

    private void Fetch(ref ShardItem item)
    {
        if (item.Kind == ShardItemKind.Media && (uint)item.Flow < (uint)_flows.Length) _flows[item.Flow].Stream?.Prefetch();
    }

    private void MoveClock(Timestamp now)
    {
        if (now < Now)
        {
            // Another capture, or a clock that was set. The dispatcher's clock never goes back, or timers would wait until time has caught up.
            _ahead += Now.Microseconds - now.Microseconds;
            _flushedAt = now;
            _journaledAt = now;
        }

        Now = now;
        long at = OnDispatcherClock(now);
        if (at >= _dispatcher.NextDeadlineMicroseconds) _dispatcher.Advance(at);
        _log?.Advance(now);
        if (_journal is not null && (_journaledAt == Timestamp.MinValue || now - _journaledAt >= _journalEvery))
        {
            _journaledAt = now;
            WriteJournal();
        }
        else if (_journal is { IsCut: true })
        {
            WriteCut();
        }

        if (now - _flushedAt < BetweenFlushes) return;
        _flushedAt = now;
        HandOn();
    }

    private void OpenCall(ShardBatch batch, ref ShardItem item)
    {
        while (_calls.Count <= item.Call) _calls.Add(null);
        var seat = new CallSeat(this) { Handle = item.Call };
        _calls[item.Call] = seat;

        seat.CaptureSource = _sources[item.SourceIndex];

        // The packets of a call may come before its first whole message: fragments, segments.
        if (_log is not null)
        {
            ReadOnlySpan<byte> callId = batch.Bytes.AsSpan(item.PayloadOffset, item.PayloadLength);
            seat.Chunks = _log.Open(CallKey.Of(callId));
            seat.SipCallId = CallIdText.Of(callId);
            if (_journal is not null) seat.Chunks.Tag = _journal.Open(callId, seat.CaptureSource);
            if (item.Flag) TakeOver(seat, Resumed!.Calls[item.CutBytes]);
        }

        seat.Ref = _dispatcher.Spawn(_props, seat);
    }

    private void OnSip(ShardBatch batch, ref ShardItem item)
    {
        CallSeat seat = _calls[item.Call]!;
        ReadOnlyMemory<byte> bytes = batch.Bytes.AsMemory(item.PayloadOffset, item.PayloadLength);
        if (item.FrameLength > 0) Keep(seat, PacketKind.Sip, batch, ref item);
        else if (_journal is not null && item.Transport != Transport.Udp && !_isResuming && seat.Chunks is { } chunks)
            _journal.Message(chunks.Tag, item.Sequence, item.At, item.Clock, item.Transport, item.Source, item.Destination, bytes.Span);
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
        if (item.Flow >= _flows.Length) Array.Resize(ref _flows, Math.Max(item.Flow + 1, _flows.Length * 2));
        _flows[item.Flow] = new FlowSeat(seat, flow, null, seat.Chunks?.Media);
    }

    private void OnMedia(ShardBatch batch, ref ShardItem item)
    {
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
        if (Measure(item.Flow, packet) && item.FrameLength > 0) Keep(_flows[item.Flow].Seat, PacketKind.Rtp, batch, ref item);
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
        Live?.Forget(seat);
        seat.IsClosed = true;
        if (seat.Chunks is { } chunks)
        {
            chunks.Dispose();
            if (chunks.Tag != 0) _pending.Add(new Leaving(default, chunks.Tag));
        }

        _calls[item.Call] = null;
        foreach (int flow in seat.FlowHandles) _flows[flow] = default;
    }

    /// <summary>A call of an earlier run goes on: its packets are on disk already.</summary>
    private void TakeOver(CallSeat seat, ResumedCall call)
    {
        seat.Chunks!.Sealed.Add(call.Chunks);
        _journal?.TakeOver(seat.Chunks.Tag, call);
        Counters.Increment(Resumed!.WasStopped ? ShardCounter.CallsResumed : ShardCounter.CallsRecovered);
    }

    private void SetResuming(bool begins)
    {
        _isResuming = begins;
        if (begins) return;
        WriteJournal(waits: true);
        OnResumed?.Invoke(_journal is not { Fault: not null });
    }

    private void Suspend()
    {
        _isSuspended = true;
        TellAll(CallSignal.Suspend);
        foreach (CallSeat? seat in _calls)
        {
            if (seat?.Actor is { State: not CallState.Ended }) Counters.Increment(ShardCounter.CallsCheckpointed);
        }

        _log?.SealAll();
        if (_journal is not null) WriteJournal(waits: true);
    }

    // Records before it, so that the calls they are of may be closed in it; packets before it, so that it names nothing that is not on disk.
    private void WriteJournal(bool waits = false)
    {
        HandOn();
        if (!_log!.Flush())
        {
            _journal!.Bound();
            return;
        }

        if (waits)
        {
            _log.AwaitWrites(LongestReadBack);
            WriteCut();
        }

        if (!_journal!.IsCut)
        {
            _journal.Cut();
            _journalWrite = _log.LastWrite;
        }

        WriteCut();
    }

    private void WriteCut()
    {
        // A thread writes the packet log. What the journal names has to be there first.
        if (!_log!.IsWritten(_journalWrite))
        {
            _journal!.Bound();
            return;
        }

        _journal!.Write();
        Counters.Add(ShardCounter.JournalDropped, _journal.Dropped - Counters[ShardCounter.JournalDropped]);
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
        MarkDiskLosses();
        if (_pending.Count > 0)
        {
            // Where the disk refuses, records do not wait for it.
            long write = _log is not null && _log.Flush() ? _log.LastWrite : 0;
            foreach (Leaving item in _pending) _awaiting.Enqueue((write, item));
            _pending.Clear();
        }

        EmitWritten();
    }

    private void EmitWritten()
    {
        while (_awaiting.TryPeek(out (long Write, Leaving Item) waiting)
            && (_log is null || _log.IsWritten(waiting.Write) || _log.Fault is not null || _awaiting.Count > MaxAwaitingRecords))
        {
            LetGo(_awaiting.Dequeue().Item);
        }
    }

    private void LetGo(in Leaving item)
    {
        if (item.Closes != 0) _journal?.Close(item.Closes);
        else _output.Emit(item.Emission);
    }

    /// <summary>What the log could not keep is a gap of the calls that are open.</summary>
    private void MarkDiskLosses()
    {
        if (_log is null) return;
        long losses = _log.Counters[PacketLogCounter.DroppedFrames] + _log.Counters[PacketLogCounter.UnpagedFrames];
        if (losses == _diskLosses) return;
        _diskLosses = losses;
        GapSince = Now - BetweenLooksAtDisk;
        TellAll(CallSignal.Gap);
    }

    /// <summary>What waits for a write of the packet log, in order: a record, or that the journal may close its call, whose last record is before it.</summary>
    /// <param name="Emission">The record.</param>
    /// <param name="Closes">The journal's number of the call; 0 where this is a record.</param>
    private readonly record struct Leaving(RecordEmission Emission, long Closes);
}

using System.Collections.Concurrent;
using CdrEngine.Actors;
using CdrEngine.Calls;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Exchanges;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Engine.Shards;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Msrp;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Engine.Desk;

/// <summary>The desk's thread: all that SIP says outside calls, in packet order, whatever the number of shards. A thin shell over <see cref="DeskMachine"/>:
/// it parses, keeps packets, and hands changes on once their packets are on disk.</summary>
internal sealed class DeskHandler : ShardHandler<ShardBatch>, IExchangePackets
{
    /// <summary>Messages folded between two hand-overs at most.</summary>
    private const int MessagesBetweenHandOvers = 8192;

    private static readonly TimeSpan BetweenHandOvers = TimeSpan.FromSeconds(1);

    private readonly DeskMachine _machine;
    private readonly IDeskOutput _output;
    private readonly PacketLogShard? _log;
    private readonly IReadOnlyList<string> _sources;
    private readonly ConcurrentQueue<ShardBatch> _pool;
    private readonly SipMessage _message;
    private readonly FrameBuffer _frames = new();
    private readonly bool _keepsMessagePackets;
    private DeskChanges _changes = new();
    private Timestamp _now = Timestamp.MinValue;
    private Timestamp _handedOnAt = Timestamp.MinValue;
    private int _sinceHandOver;

    public DeskHandler(EngineOptions options, IDeskOutput output, DeskStart start, PacketLogShard? log, IReadOnlyList<string> sources, ConcurrentQueue<ShardBatch> pool)
    {
        _machine = new DeskMachine(options.Desk, this);
        _output = output;
        _log = log;
        _sources = sources;
        _pool = pool;
        _message = new SipMessage(options.Sip);
        _keepsMessagePackets = options.Desk.Messages.KeepText;
        foreach (StoredRegistration registration in start.Registrations) _machine.Registrations.Restore(registration);
        foreach (ConversationRecord conversation in start.Conversations) _machine.Messages.Restore(conversation);
    }

    public Counters<DeskCounter> Counters { get; } = new();

    public DeskMachine Machine => _machine;

    public Counters<PacketLogCounter>? LogCounters => _log?.Counters;

    public string? LogFault => _log?.Fault;

    /// <summary>The first failures of the machine, for whoever listens.</summary>
    public Action<Exception>? OnFailure { get; init; }

    public override void Handle(ShardDispatcher shard, ShardBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            ref ShardItem item = ref batch.Items[i];
            try
            {
                Take(batch, ref item);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Our bug: this message is left out, the rest goes on.
                Counters.Increment(DeskCounter.Failures);
                _frames.Clear();
                OnFailure?.Invoke(e);
            }
        }

        batch.Clear();
        _pool.Enqueue(batch);
        if (_sinceHandOver >= MessagesBetweenHandOvers) HandOn();
    }

    public override void Idle(ShardDispatcher shard) => HandOn();

    public override void Complete(ShardDispatcher shard)
    {
        HandOn();
        _log?.Dispose();
    }

    byte[] IExchangePackets.Seal(IPacketOwner owner)
    {
        if (owner.Packets is not CallChunks chunks) return [];
        owner.Packets = null;
        chunks.Seal();
        byte[] where = chunks.Sealed.ToArray();
        chunks.Dispose();
        return where;
    }

    byte[] IExchangePackets.Together(byte[] first, byte[] second)
    {
        if (first.Length == 0) return second;
        if (second.Length == 0) return first;
        ChunkList.TryRead(first, out ChunkList list);
        ChunkList.TryRead(second, out ChunkList more);
        list.Add(more);
        byte[] together = list.ToArray();
        list.Dispose();
        more.Dispose();
        return together;
    }

    private void Take(ShardBatch batch, ref ShardItem item)
    {
        if (item.Clock != _now) MoveClock(item.Clock);
        switch (item.Kind)
        {
            case ShardItemKind.Sip or ShardItemKind.CallText:
                OnSip(batch, ref item);
                break;
            case ShardItemKind.CallMsrp:
                if (Parse(batch, ref item)) _machine.Msrp.Learn(_message, ContextOf(ref item));
                break;
            case ShardItemKind.Msrp:
                OnMsrp(batch, ref item);
                break;
            case ShardItemKind.SipFrame:
                _frames.Append(FrameOf(batch, ref item));
                break;
            case ShardItemKind.CaptureEnd:
                _machine.CaptureEnded();
                HandOn();
                break;
        }
    }

    private void MoveClock(Timestamp now)
    {
        _now = now;
        _log?.Advance(now);
        _machine.Advance(now);

        // Backwards too: another capture.
        if (now < _handedOnAt || now - _handedOnAt >= BetweenHandOvers) HandOn();
    }

    private void OnSip(ShardBatch batch, ref ShardItem item)
    {
        _sinceHandOver++;
        Counters.Increment(DeskCounter.Messages);
        if (!Parse(batch, ref item)) return;
        MessageContext context = ContextOf(ref item);
        Exchange? exchange = _machine.Apply(_message, context, item.Kind == ShardItemKind.CallText);
        if (exchange is not null)
        {
            Keep(exchange, batch, ref item);
            _machine.Conclude(_message, exchange);
        }

        _frames.Clear();
    }

    private void OnMsrp(ShardBatch batch, ref ShardItem item)
    {
        _sinceHandOver++;
        Counters.Increment(DeskCounter.MsrpMessages);
        if (MsrpParser.TryRead(batch.Bytes.AsSpan(item.PayloadOffset, item.PayloadLength), out MsrpMessage message, out _, out _) != ParseOutcome.Message)
        {
            Counters.Increment(DeskCounter.MessagesRefused);
            _frames.Clear();
            return;
        }

        MsrpTransfer? transfer = _machine.Msrp.Apply(message, ContextOf(ref item));
        if (transfer is not null)
        {
            if (_log is not null && _keepsMessagePackets)
            {
                if (transfer.Packets is not CallChunks chunks) transfer.Packets = chunks = _log.Open(CallKey.Of(message.MessageId));
                chunks.Append(PacketKind.Rtp, _frames);
            }

            _machine.Msrp.Conclude(transfer);
        }

        _frames.Clear();
    }

    private bool Parse(ShardBatch batch, ref ShardItem item)
    {
        if (SipParser.TryRead(batch.Bytes.AsMemory(item.PayloadOffset, item.PayloadLength), _message, out _, out _) == ParseOutcome.Message) return true;
        Counters.Increment(DeskCounter.MessagesRefused);
        _frames.Clear();
        return false;
    }

    private MessageContext ContextOf(ref ShardItem item) =>
        new(item.At, item.Source, item.Destination, item.Transport, _sources[item.SourceIndex], item.Flag);

    private void Keep(Exchange exchange, ShardBatch batch, ref ShardItem item)
    {
        if (_log is null || exchange.State == ExchangeState.Settled || !DeskMachine.KeepsPackets(exchange.Method)) return;
        if (exchange.Method == SipMethod.Message && !_keepsMessagePackets) return;
        if (exchange.Packets is not CallChunks chunks) exchange.Packets = chunks = _log.Open(CallKey.Of(_message.CallId));
        chunks.Append(PacketKind.Sip, _frames);
        if (item.FrameLength > 0) chunks.Append(PacketKind.Sip, FrameOf(batch, ref item));
    }

    private static CapturedPacket FrameOf(ShardBatch batch, ref ShardItem item) => new()
    {
        CapturedAt = item.FrameAt,
        NanosecondRemainder = item.NanosecondRemainder,
        InterfaceId = item.InterfaceId,
        LinkType = item.LinkType,
        OriginalLength = item.OriginalLength,
        Sequence = item.Sequence,
        Bytes = batch.Bytes.AsSpan(item.FrameOffset, item.FrameLength),
    };

    private void HandOn()
    {
        _handedOnAt = _now;
        _sinceHandOver = 0;
        _machine.Drain(_changes);
        if (_changes.IsEmpty) return;
        _log?.Flush();
        Counters.Increment(DeskCounter.HandOvers);
        DeskChanges changes = _changes;
        _changes = new DeskChanges();
        _output.Emit(changes);
    }
}

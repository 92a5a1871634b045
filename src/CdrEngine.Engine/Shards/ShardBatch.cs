using System.Runtime.CompilerServices;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;

namespace CdrEngine.Engine.Shards;

/// <summary>What an item of a batch asks of its shard.</summary>
internal enum ShardItemKind : byte
{
    /// <summary>A SIP message of a call; the frame behind it is logged where there is one.</summary>
    Sip,

    /// <summary>A frame that carried part of the SIP message that follows; logged only.</summary>
    SipFrame,

    /// <summary>A packet of a flow.</summary>
    Media,

    /// <summary>Packets of flows with nothing to decide, one after another: so many (payload length) of <see cref="ShardBatch.Straights"/> from a place on (payload
    /// offset).</summary>
    Straight,

    /// <summary>A fragment of the media packet that follows; logged only.</summary>
    MediaFrame,

    /// <summary>A call begins; the handle is free and the payload is its Call-ID.</summary>
    OpenCall,

    /// <summary>The switchboard has forgotten the call; finish it and free the handle.</summary>
    CloseCall,

    /// <summary>A flow of a call begins.</summary>
    OpenFlow,

    /// <summary>Another open call expects media at one of this call's addresses.</summary>
    PortReused,

    /// <summary>The call's session, or its links, are other than before.</summary>
    Standing,

    /// <summary>The capture lost packets.</summary>
    Gap,

    /// <summary>The clock of the capture was set back, by the item's time in microseconds.</summary>
    ClockSet,

    /// <summary>The capture ended: finish every call.</summary>
    CaptureEnd,

    /// <summary>Nothing but the clock.</summary>
    Tick,

    /// <summary>What follows (the flag set) is told once more from the packet log, until the flag is not.</summary>
    Resuming,

    /// <summary>The engine stops: end nothing, write down what is open.</summary>
    Suspend,

    /// <summary>A SIP MESSAGE within a call, for the desk.</summary>
    CallText,

    /// <summary>A SIP message of a call whose SDP announces MSRP, for the desk.</summary>
    CallMsrp,

    /// <summary>A chunk or response of MSRP, for the desk.</summary>
    Msrp,
}

/// <summary>One item of a batch. Offsets are into the batch's bytes.</summary>
internal struct ShardItem
{
    public ShardItemKind Kind;
    public Transport Transport;
    public byte Dscp;
    public byte TimeToLive;
    public ushort Checksum;
    public ushort NanosecondRemainder;
    public LinkType LinkType;
    public bool Flag;
    public int Call;
    public int Flow;
    public uint IpIdentification;
    public int InterfaceId;
    public int FrameOffset;
    public int FrameLength;
    public int OriginalLength;
    public int PayloadOffset;
    public int PayloadLength;
    public int SourceIndex;
    public int CutBytes;

    /// <summary>When the message or packet was complete.</summary>
    public Timestamp At;

    /// <summary>Stamp of the frame itself.</summary>
    public Timestamp FrameAt;

    /// <summary>Engine time.</summary>
    public Timestamp Clock;
    public long Sequence;
    public Endpoint Source;
    public Endpoint Destination;
}

/// <summary>Items on their way from the switchboard to one shard, with the bytes they refer to. Pooled: the shard gives it back.</summary>
internal sealed class ShardBatch(int maxItems, int maxBytes)
{
    /// <summary>Room beyond what a batch is to hold: the packet that fills it mostly ends within.</summary>
    private const int Overhang = 4096;

    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(maxBytes + Overhang);
    private readonly List<SessionStanding> _standings = [];
    private readonly ShardItem[] _items = new ShardItem[maxItems];
    private readonly StraightItem[] _straights = new StraightItem[maxItems];
    private bool _isRun;
    private int _used;

    public ShardItem[] Items => _items;

    public int Count { get; private set; }

    public byte[] Bytes => _bytes;

    /// <summary>Packets of flows with nothing to decide, in order; which of them stand where among the items, items of <see cref="ShardItemKind.Straight"/> say.</summary>
    public StraightItem[] Straights => _straights;

    /// <summary>How many.</summary>
    public int StraightCount { get; private set; }

    public bool IsFull
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Count >= maxItems || StraightCount >= maxItems || _used >= maxBytes;
    }

    /// <summary>A packet of a flow with nothing to decide; whoever adds it writes all of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref StraightItem AddStraight(Timestamp now)
    {
        if (!_isRun) BeginRun(now);
        _items[Count - 1].PayloadLength++;
        return ref _straights[StraightCount++];
    }

    private void BeginRun(Timestamp now)
    {
        ref ShardItem run = ref Add();
        run.Kind = ShardItemKind.Straight;
        run.Clock = now;
        run.PayloadOffset = StraightCount;
        _isRun = true;
    }

    public ref ShardItem Add()
    {
        _isRun = false;
        ref ShardItem item = ref _items[Count++];
        item = default;
        return ref item;
    }

    /// <summary>Copies bytes in; gives their offset.</summary>
    public int Copy(ReadOnlySpan<byte> bytes)
    {
        int offset = Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(offset));
        return offset;
    }

    /// <summary>Lays a frame with its header, as the packet log does; gives its offset. Its place in the order of capture is told apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Lay(in CapturedPacket packet, long sequence)
    {
        int offset = Reserve(FrameBuffer.FrameHeaderBytes + packet.Bytes.Length);
        FrameBuffer.WriteFrame(_bytes.AsSpan(offset), packet, sequence);
        return offset;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Reserve(int count)
    {
        if (_bytes.Length - _used < count) Grow(count);
        int offset = _used;
        _used += count;
        return offset;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int count)
    {
        byte[] larger = GC.AllocateUninitializedArray<byte>(_used + count + Overhang);
        _bytes.AsSpan(0, _used).CopyTo(larger);
        _bytes = larger;
    }

    /// <summary>Takes what is no bytes; gives its index.</summary>
    public int Attach(SessionStanding standing)
    {
        _standings.Add(standing);
        return _standings.Count - 1;
    }

    public SessionStanding Standing(int index) => _standings[index];

    public void Clear()
    {
        _standings.Clear();
        _isRun = false;
        StraightCount = 0;
        Count = 0;
        _used = 0;
    }
}

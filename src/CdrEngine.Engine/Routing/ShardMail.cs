using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;
using CdrEngine.Engine.Shards;

namespace CdrEngine.Engine.Routing;

/// <summary>What the switchboard has for each shard and not handed over yet. Items leave in the order in which they were made.</summary>
internal sealed class ShardMail
{
    /// <summary>Media packets for a shard that is behind between two looks at its queue.</summary>
    private const int PacketsBetweenLooks = 64;

    private readonly IShardPort[] _ports;
    private readonly ShardBatch[] _batches;
    private readonly bool[] _isBehind;
    private readonly int _nearlyAll;
    private int _sinceLook;

    /// <summary>Mail for some shards.</summary>
    /// <param name="ports">The shards.</param>
    /// <param name="keepsFrames">See <see cref="KeepsFrames"/>.</param>
    /// <param name="letGoFrom">Batches waiting for a shard from which on media is let go altogether; 0 lets none go ever.</param>
    public ShardMail(IShardPort[] ports, bool keepsFrames, int letGoFrom = 0)
    {
        _ports = ports;
        _isBehind = new bool[ports.Length];
        _nearlyAll = letGoFrom > 0 ? letGoFrom : int.MaxValue;
        KeepsFrames = keepsFrames;
        _batches = Array.ConvertAll(ports, static port => port.Take());
    }

    /// <summary>Shards there are.</summary>
    public int Shards => _ports.Length;

    /// <summary>Packets handed over that went straight.</summary>
    public long StraightPackets { get; private set; }

    /// <summary>Whether frames travel along, for the packet log.</summary>
    public bool KeepsFrames { get; set; }

    /// <summary>Pressure that comes from before the engine: rings that fill.</summary>
    public Pressure FromOutside { get; set; }

    /// <summary>Engine time that items are stamped with.</summary>
    public Timestamp Now { get; set; }

    /// <summary>A new item for a shard, whose batch is handed over first where it is full.</summary>
    public ref ShardItem Add(int shard)
    {
        if (_batches[shard].IsFull) Post(shard);
        ref ShardItem item = ref _batches[shard].Add();
        item.Clock = Now;
        return ref item;
    }

    /// <summary>A new packet of a flow with nothing to decide; what it held before is still in it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref StraightItem AddStraight(int shard)
    {
        if (_batches[shard].IsFull) Post(shard);
        return ref _batches[shard].AddStraight(Now);
    }

    /// <summary>A new item for a call.</summary>
    public ref ShardItem Add(ShardItemKind kind, CallEntry call)
    {
        ref ShardItem item = ref Add(call.Shard);
        item.Kind = kind;
        item.Call = call.Handle;
        return ref item;
    }

    /// <summary>What a call's record is to say of its session from here on.</summary>
    public void AddStanding(CallEntry call, SessionStanding standing)
    {
        ref ShardItem item = ref Add(ShardItemKind.Standing, call);
        item.PayloadOffset = _batches[call.Shard].Attach(standing);
    }

    /// <summary>What media for a shard has to suffer now. As long as there is room before the engine, a full queue is waited for: nothing is lost by that.</summary>
    public Pressure PressureOf(int shard)
    {
        if (FromOutside == Pressure.None || _nearlyAll == int.MaxValue) return FromOutside;

        // A queue that was full may be empty again long before this shard's next batch is.
        if (_isBehind[shard] && ++_sinceLook >= PacketsBetweenLooks) Measure(shard);
        return FromOutside == Pressure.Media && _isBehind[shard] ? Pressure.Media : Pressure.Payload;
    }

    /// <summary>An item without more for each shard.</summary>
    public void AddToAll(ShardItemKind kind, bool flag = false, Timestamp at = default)
    {
        for (int shard = 0; shard < _ports.Length; shard++)
        {
            ref ShardItem item = ref Add(shard);
            item.Kind = kind;
            item.Flag = flag;
            item.At = at;
        }
    }

    /// <summary>Copies bytes that an item speaks of beside its batch; gives their offset.</summary>
    public int Copy(int shard, ReadOnlySpan<byte> bytes) => _batches[shard].Copy(bytes);

    /// <summary>Copies frame and payload into the item's batch: the frame once where the payload lies within it and frames are kept.</summary>
    public void CopyIn(int shard, ref ShardItem item, in CapturedPacket packet, ReadOnlySpan<byte> payload, int payloadOffset, bool keepsFrame = true)
    {
        ShardBatch batch = _batches[shard];
        item.Sequence = packet.Sequence;
        bool within = payloadOffset > 0 && payloadOffset + payload.Length <= packet.Bytes.Length;
        if (KeepsFrames && keepsFrame && !packet.Bytes.IsEmpty)
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

    /// <summary>Copies a packet into the batch: its frame where frames are kept, else no more of its datagram than its figures need. The item bears its place in the order of capture.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CopyIn(int shard, ref StraightItem item, in CapturedPacket packet, int rtpOffset)
    {
        if (KeepsFrames)
        {
            item.LaidOffset = _batches[shard].Lay(packet, item.Sequence);
            item.LaidLength = FrameBuffer.FrameHeaderBytes + packet.Bytes.Length;
            item.RtpOffset = FrameBuffer.FrameHeaderBytes + rtpOffset;
            return;
        }

        item.LaidLength = 0;
        item.CopyStart(packet.Bytes, rtpOffset);
    }

    /// <summary>Hands over what waits for a shard.</summary>
    public void Post(int shard)
    {
        StraightPackets += _batches[shard].StraightCount;
        _ports[shard].Post(_batches[shard]);
        _batches[shard] = _ports[shard].Take();
        Measure(shard);
    }

    /// <summary>Hands over what waits for a shard unless the shard is far behind: then time can wait too.</summary>
    public void PostUnlessPressed(int shard)
    {
        Measure(shard);
        if (_isBehind[shard]) return;
        Add(shard).Kind = ShardItemKind.Tick;
        Post(shard);
        _ports[shard].Hurry();
    }

    /// <summary>Hands over what waits for all shards.</summary>
    public void PostAll()
    {
        for (int shard = 0; shard < _ports.Length; shard++)
        {
            Post(shard);
            _ports[shard].Hurry();
        }
    }

    private void Measure(int shard)
    {
        _sinceLook = 0;
        _isBehind[shard] = _nearlyAll != int.MaxValue && _ports[shard].Waiting >= _nearlyAll;
    }

    /// <summary>Where one span lies within another; 0 where it does not.</summary>
    public static int OffsetWithin(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> part)
    {
        if (whole.IsEmpty || part.IsEmpty) return 0;
        nint offset = Unsafe.ByteOffset(ref MemoryMarshal.GetReference(whole), ref MemoryMarshal.GetReference(part));
        return offset > 0 && offset + part.Length <= whole.Length ? (int)offset : 0;
    }
}

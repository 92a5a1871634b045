using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CdrEngine.Core;
using CdrEngine.Engine.Shards;

namespace CdrEngine.Engine.Routing;

/// <summary>What the switchboard has for each shard and not handed over yet. Items leave in the order in which they were made.</summary>
internal sealed class ShardMail
{
    private readonly IShardPort[] _ports;
    private readonly ShardBatch[] _batches;

    public ShardMail(IShardPort[] ports, bool keepsFrames)
    {
        _ports = ports;
        KeepsFrames = keepsFrames;
        _batches = Array.ConvertAll(ports, static port => port.Take());
    }

    /// <summary>Shards there are.</summary>
    public int Shards => _ports.Length;

    /// <summary>Whether frames travel along, for the packet log.</summary>
    public bool KeepsFrames { get; }

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

    /// <summary>A new item for a call.</summary>
    public ref ShardItem Add(ShardItemKind kind, CallEntry call)
    {
        ref ShardItem item = ref Add(call.Shard);
        item.Kind = kind;
        item.Call = call.Handle;
        return ref item;
    }

    /// <summary>An item without more for each shard.</summary>
    public void AddToAll(ShardItemKind kind)
    {
        for (int shard = 0; shard < _ports.Length; shard++) Add(shard).Kind = kind;
    }

    /// <summary>Copies bytes that an item speaks of beside its batch; gives their offset.</summary>
    public int Copy(int shard, ReadOnlySpan<byte> bytes) => _batches[shard].Copy(bytes);

    /// <summary>Copies frame and payload into the item's batch: the frame once where the payload lies within it and frames are kept.</summary>
    public void CopyIn(int shard, ref ShardItem item, in CapturedPacket packet, ReadOnlySpan<byte> payload, int payloadOffset)
    {
        ShardBatch batch = _batches[shard];
        item.Sequence = packet.Sequence;
        bool within = payloadOffset > 0 && payloadOffset + payload.Length <= packet.Bytes.Length;
        if (KeepsFrames && !packet.Bytes.IsEmpty)
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

    /// <summary>Hands over what waits for a shard.</summary>
    public void Post(int shard)
    {
        _ports[shard].Post(_batches[shard]);
        _batches[shard] = _ports[shard].Take();
    }

    /// <summary>Hands over what waits for all shards.</summary>
    public void PostAll()
    {
        for (int shard = 0; shard < _ports.Length; shard++) Post(shard);
    }

    /// <summary>Where one span lies within another; 0 where it does not.</summary>
    public static int OffsetWithin(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> part)
    {
        if (whole.IsEmpty || part.IsEmpty) return 0;
        nint offset = Unsafe.ByteOffset(ref MemoryMarshal.GetReference(whole), ref MemoryMarshal.GetReference(part));
        return offset > 0 && offset + part.Length <= whole.Length ? (int)offset : 0;
    }
}

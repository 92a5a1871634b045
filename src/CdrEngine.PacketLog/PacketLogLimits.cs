namespace CdrEngine.PacketLog;

/// <summary>Bounds of the packet log. The defaults come from the measurements in docs/decisions/0003-packet-log.md.</summary>
public sealed record PacketLogLimits
{
    /// <summary>Longest frame kept, in bytes: libpcap's MAXIMUM_SNAPLEN, 262144. A longer one is dropped and counted.</summary>
    public int FrameBytes { get; init; } = 262_144;

    /// <summary>Frames and their headers in one chunk, in bytes, 16 KiB by default; a single longer frame makes a chunk of its own.</summary>
    public int ChunkBytes { get; init; } = 16 * 1024;

    /// <summary>How long a packet may wait in memory, of engine time; 1 s by default: what kill −9 may cost.</summary>
    public TimeSpan ChunkAge { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of one page that a call's open chunks are made of, a power of two; 2 KiB by default.</summary>
    public int PageBytes { get; init; } = 2048;

    /// <summary>Memory of all open chunks of one shard, in bytes; 256 MiB by default. When it is used up the oldest chunks are sealed early.</summary>
    public long OpenChunkBytes { get; init; } = 256L << 20;

    /// <summary>Bytes gathered before a write to the file; 1 MiB by default. At least one chunk of the longest frame and a block of the disk must fit.</summary>
    public int WriteBufferBytes { get; init; } = 1 << 20;

    /// <summary>Bytes that may wait, for each shard, for a thread that writes them; 0, the default, writes on the caller's thread and waits for the disk. With a
    /// thread nobody waits: what finds no room is dropped and counted, media before signalling.</summary>
    public long WriteBehindBytes { get; init; }

    /// <summary>How often, of engine time, what was written is forced to the disk itself where a thread writes (<see cref="WriteBehindBytes"/>), and whether a segment is when it ends;
    /// zero, the default, leaves it to the system.</summary>
    public TimeSpan SyncEvery { get; init; }

    /// <summary>Whether segments are written past the system's page cache where the file system takes that; true by default.</summary>
    public bool WritesDirect { get; init; } = true;

    /// <summary>How much older than its segment's minute a chunk may be and still go there; 1 minute by default.</summary>
    public TimeSpan LateChunk { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Chunks to be written after a jump back in time before another such jump may begin a segment; 64 by default. Bounds the files that
    /// senseless capture times can make.</summary>
    public int ChunksBetweenJumps { get; init; } = 64;

    /// <summary>Segment files a reader keeps open; 64 by default, the least used is closed first.</summary>
    public int OpenSegments { get; init; } = 64;

    /// <summary>These limits; throws where they contradict each other (our own configuration, not the wire).</summary>
    public PacketLogLimits Checked()
    {
        int largest = SegmentFormat.ChunkHeaderBytes + Math.Max(ChunkBytes, FrameBytes + Core.FrameBuffer.FrameHeaderBytes) + Sealing.FileKeys.TagBytes;
        if (FrameBytes < 1 || ChunkBytes < 1024 || largest > SegmentFormat.MaxPayloadBytes)
            throw new ArgumentException($"a frame and a chunk are at most {SegmentFormat.MaxPayloadBytes} bytes, a chunk at least 1024");
        if (WriteBufferBytes < largest + SegmentFormat.FirstChunkAt(isSealed: true) + SegmentFormat.Alignment + DirectWrites.Block)
            throw new ArgumentException($"the write buffer must hold the longest chunk: {largest} bytes and some");
        return this;
    }
}

using System.ComponentModel;

namespace CdrEngine.PacketLog;

/// <summary>What one shard's part of the log counts.</summary>
public enum PacketLogCounter
{
    /// <summary>Frames laid into chunks.</summary>
    [Description("Frames laid into chunks")]
    Frames,

    /// <summary>Captured bytes of those frames.</summary>
    [Description("Captured bytes laid into chunks")]
    FrameBytes,

    /// <summary>Frames not laid a second time into the same chunk.</summary>
    [Description("Frames already in the chunk (a segment that carried two messages)")]
    RepeatedFrames,

    /// <summary>Frames over the length limit.</summary>
    [Description("Frames dropped: longer than the limit")]
    OversizedFrames,

    /// <summary>Frames for which no memory was left.</summary>
    [Description("Frames dropped: no page left")]
    UnpagedFrames,

    /// <summary>Chunks sealed early to make room.</summary>
    [Description("Chunks sealed early because the memory for open chunks was used up")]
    EarlyChunks,

    /// <summary>Chunks handed to the file.</summary>
    [Description("Chunks sealed")]
    Chunks,

    /// <summary>Bytes of those chunks, headers included.</summary>
    [Description("Bytes of sealed chunks, headers included")]
    ChunkBytes,

    /// <summary>Chunks lost because the disk refused them.</summary>
    [Description("Chunks lost because the disk was full or failing")]
    DroppedChunks,

    /// <summary>Chunks laid in a segment of another minute.</summary>
    [Description("Chunks laid in a segment of a later or senseless minute")]
    MisplacedChunks,

    /// <summary>Writes that failed.</summary>
    [Description("Writes that failed and were tried again")]
    FailedWrites,

    /// <summary>Segments begun.</summary>
    [Description("Segments begun")]
    Segments,

    /// <summary>Frames of chunks that were lost.</summary>
    [Description("Frames of chunks lost because the disk was full, failing or too slow")]
    DroppedFrames,
}

namespace CdrEngine.Replay;

/// <summary>How captures go through the engine.</summary>
public sealed record ReplayOptions
{
    /// <summary>Shards; 0 for the engine's default.</summary>
    public int Shards { get; init; }

    /// <summary>How far packets go.</summary>
    public ReplayDepth Depth { get; init; } = ReplayDepth.Engine;

    /// <summary>Whether the packets of calls are kept in a packet log.</summary>
    public bool Log { get; init; }

    /// <summary>Whether the calls in progress are shown to others, as <c>run</c> does.</summary>
    public bool Live { get; init; }

    /// <summary>Whether somebody reads all events besides.</summary>
    public bool Events { get; init; }

    /// <summary>Whether calls are linked to conversations.</summary>
    public bool Sessions { get; init; } = true;

    /// <summary>Whether records are written into SQLite; otherwise they are counted and dropped.</summary>
    public bool Records { get; init; }
}

/// <summary>How far packets go, each depth on top of the one before.</summary>
public enum ReplayDepth
{
    /// <summary>Read from the file, nothing more.</summary>
    Read,

    /// <summary>Read and decoded to UDP, TCP or SCTP payload, fragments put together.</summary>
    Decode,

    /// <summary>Read, decoded, dealt to calls; streams measured, records made.</summary>
    Engine,
}

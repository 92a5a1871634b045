using CdrEngine.Actors;
using CdrEngine.Calls.Sessions;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.Engine.Live;
using CdrEngine.PacketLog;

namespace CdrEngine.Engine.Shards;

/// <summary>What a shard keeps of one call beside its actor, and what outlives a restart of the actor: flows, chunks, what was emitted.</summary>
internal sealed class CallSeat(Shard shard)
{
    public Shard Shard { get; } = shard;

    public ActorRef<CallSignal>? Ref { get; set; }

    /// <summary>The actor in the seat now; null after it has stopped.</summary>
    public CallActor? Actor { get; set; }

    /// <summary>The call's packets on their way to the log; null where none are kept.</summary>
    public CallChunks? Chunks { get; set; }

    /// <summary>What others see of the call while it goes on; null before its first message, and where nobody may look.</summary>
    public LiveEntry? Live { get; set; }

    /// <summary>The call's number in its shard.</summary>
    public int Handle { get; init; }

    /// <summary>True once the shard has forgotten the call.</summary>
    public bool IsClosed { get; set; }

    /// <summary>Call-ID, where packets are kept.</summary>
    public string? SipCallId { get; set; }

    public string CaptureSource { get; set; } = "";

    public List<RtpFlow> Flows { get; } = [];

    /// <summary>Indexes of <see cref="Flows"/> in the shard's table.</summary>
    public List<int> FlowHandles { get; } = [];

    public RtcpMeter? Rtcp { get; set; }

    /// <summary>The call's fax, once its SDP offers T.38.</summary>
    public T38Meter? Fax { get; set; }

    /// <summary>The call's session as the switchboard knows it; null while the call is alone.</summary>
    public SessionStanding? Standing { get; set; }

    /// <summary>Chunks listed when the record was last emitted; -1 before the first time.</summary>
    public int EmittedChunks { get; set; } = -1;

    /// <summary>True once a record was emitted, by this actor or the one before it.</summary>
    public bool IsEmitted { get; set; }

    /// <summary>The message the actor is at: the one to leave out where it fails and is rebuilt. Empty while it is at none.</summary>
    public ReadOnlyMemory<byte> CurrentMessage { get; set; }

    /// <summary>Tells the actor of the packets of media that went straight since this was called last. Before anything else happens to the call, so that it
    /// makes no difference which way packets went.</summary>
    public void PassOnMedia()
    {
        foreach (RtpFlow flow in Flows)
        {
            if (flow.TakeNews(out Timestamp at)) Actor?.OnMedia(at, flow.From);
        }
    }

    /// <summary>When that message was complete.</summary>
    public Timestamp CurrentAt { get; set; } = Timestamp.MinValue;
}

/// <summary>One address pair of one call in its shard.</summary>
/// <param name="Seat">The call.</param>
/// <param name="Meter">The figures.</param>
/// <param name="Stream">The stream of the last packet, whose next one may go straight; null before the first.</param>
/// <param name="Chunk">Where the call's media is laid, so that a packet need not look for it in the seat; null where none is kept.</param>
internal readonly record struct FlowSeat(CallSeat Seat, RtpFlow Meter, StreamMeter? Stream, OpenChunk? Chunk);

/// <summary>A word to a call's actor.</summary>
internal enum CallSignal : byte
{
    /// <summary>A deadline of the call has come.</summary>
    Wake,

    /// <summary>The capture ended.</summary>
    CaptureEnd,

    /// <summary>The capture lost packets.</summary>
    Gap,

    /// <summary>The clock of the capture was set back.</summary>
    ClockSet,

    /// <summary>Another call expects media at one of this call's addresses.</summary>
    PortReused,

    /// <summary>The call's session is another, or is linked otherwise.</summary>
    Standing,

    /// <summary>The limit on open calls pushes it out.</summary>
    Evict,

    /// <summary>Nothing more will come.</summary>
    Close,

    /// <summary>The engine stops and will go on with what is open.</summary>
    Suspend,
}

/// <summary>A SIP message of a call, lent for the time of its handling.</summary>
internal readonly ref struct SipArrival
{
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    public required Timestamp At { get; init; }

    public required Endpoint Source { get; init; }

    public required Endpoint Destination { get; init; }

    public required Transport Transport { get; init; }

    public required string CaptureSource { get; init; }

    public required bool IsTruncated { get; init; }
}

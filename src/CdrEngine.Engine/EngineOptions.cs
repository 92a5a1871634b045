using CdrEngine.Calls;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Sessions;
using CdrEngine.Calls.Streams;
using CdrEngine.Engine.Live;
using CdrEngine.Engine.Resume;
using CdrEngine.Engine.Routing;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Sctp;
using CdrEngine.Protocols.Sip;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Engine;

/// <summary>Everything that shapes an engine. Results never depend on <see cref="Shards"/>, <see cref="BatchItems"/>,
/// <see cref="BatchBytes"/>, <see cref="QueuedBatches"/> or <see cref="WakeAt"/>.</summary>
public sealed record EngineOptions
{
    /// <summary>Shards, one thread each. Default: processors less one, at least 1.</summary>
    public int Shards { get; init; } = Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>Items that travel to a shard together. Default 512.</summary>
    public int BatchItems { get; init; } = 512;

    /// <summary>Bytes that travel to a shard together. Default 128 KiB: half of a small L2 cache.</summary>
    public int BatchBytes { get; init; } = 128 * 1024;

    /// <summary>Batches that may wait for one shard. Default 16.</summary>
    public int QueuedBatches { get; init; } = 16;

    /// <summary>Batches that wake a shard which waits for work; fewer wait until the engine is flushed, at most a fifth of a second. Each waking costs as much as
    /// a hundred packets. Default 4.</summary>
    public int WakeAt { get; init; } = 4;

    /// <summary>What is done where shards fall behind and whoever feeds the engine says that it cannot wait any longer (<see cref="CaptureEngine.Press"/>). False,
    /// the default, waits for them all the same, as a file can. True lets media go: first for the packet log, then altogether; and
    /// <see cref="SignallingBatches"/> more batches may wait.</summary>
    public bool LetsMediaGo { get; init; }

    /// <summary>Batches that may wait for one shard beyond <see cref="QueuedBatches"/> where media is let go: while it is, only signalling gets there.
    /// Default 64.</summary>
    public int SignallingBatches { get; init; } = 64;

    /// <summary>Silence between two files, and overlap, up to which they are one capture cut in pieces. Default 5 min.</summary>
    public TimeSpan ContinuityGap { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Bounds of routing.</summary>
    public SwitchboardLimits Routing { get; init; } = new();

    /// <summary>Bounds of decoding.</summary>
    public DecoderLimits Decoder { get; init; } = new();

    /// <summary>Bounds of TCP reassembly.</summary>
    public TcpLimits Tcp { get; init; } = new();

    /// <summary>Bounds of SCTP reassembly.</summary>
    public SctpLimits Sctp { get; init; } = new();

    /// <summary>Bounds of SIP messages. Messages over TCP may be longer than a datagram.</summary>
    public SipLimits Sip { get; init; } = new() { MaxMessageBytes = 256 * 1024 };

    /// <summary>What counts as a mirror's copy of a packet.</summary>
    public MirrorLimits Mirror { get; init; } = new();

    /// <summary>Bounds of RTP figures.</summary>
    public StreamLimits Streams { get; init; } = new();

    /// <summary>Whether digits are looked for in the sound of G.711, as tones. Default false: it costs some two microseconds a packet.</summary>
    public bool HearsDigits { get; init; }

    /// <summary>Timers of calls.</summary>
    public CallTimers Timers { get; init; } = new();

    /// <summary>Bounds of one call.</summary>
    public CallLimits Call { get; init; } = new();

    /// <summary>Where the calls in progress are shown; null shows them nowhere.</summary>
    public LiveHub? Live { get; init; }

    /// <summary>What the directory and the policies say of a record that is shown there; null leaves it as it is.</summary>
    public LiveMark? LiveMark { get; init; }

    /// <summary>How open calls are written down, so that the next start goes on with them; null writes down nothing. Needs a packet log.</summary>
    public ResumeLimits? Resume { get; init; }

    /// <summary>Bounds of registrations, messages and peers.</summary>
    public DeskOptions Desk { get; init; } = new();

    /// <summary>Linking of calls to sessions.</summary>
    public SessionOptions Sessions { get; init; } = new();

    /// <summary>When calls are put away; records never depend on it, as tests show.</summary>
    internal PutsAway PutsAway { get; init; } = PutsAway.AtRest;

    /// <summary>Whether packets may go straight (<see cref="Routing.StraightTable"/>). They give the same results either way: tests hold one against the other.</summary>
    internal bool GoesStraight { get; init; } = true;

    /// <summary>Told each message just before its call takes it, on the shard's thread. What it throws is the call's failure: how tests see to
    /// it that a failure stays with its call.</summary>
    internal Action<SipMessage>? BeforeFold { get; init; }
}

/// <summary>When a call's machine is put away (<see cref="CallMachine.PutAway"/>).</summary>
internal enum PutsAway : byte
{
    /// <summary>Once its record is out.</summary>
    AtRest,

    /// <summary>Not at all.</summary>
    Never,

    /// <summary>After everything it is told.</summary>
    Always,
}

using CdrEngine.Calls;
using CdrEngine.Calls.Streams;
using CdrEngine.Engine;
using CdrEngine.Engine.Routing;
using CdrEngine.Host.Configuration;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Sctp;
using CdrEngine.Protocols.Sip;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Host.Joined;

/// <summary>Hands each part of the engine its settings.</summary>
internal static class EngineSetup
{
    public static EngineOptions Options(Settings settings) => new()
    {
        Shards = settings.Engine.Shards,
        BatchItems = settings.Engine.BatchPackets,
        BatchBytes = settings.Engine.BatchBytes,
        QueuedBatches = settings.Engine.QueueBatches,
        ContinuityGap = settings.Import.ContinuityGap,
        Routing = new SwitchboardLimits
        {
            MaxCalls = settings.Engine.MaxCalls,
            MaxEndpointsPerCall = settings.Media.EndpointsPerCall,
            MaxFlowsPerCall = settings.Media.FlowsPerCall,
            Linger = settings.Call.Linger,
            Late = settings.Call.LateFacts,
            RetryKept = settings.Call.RetryKept,
            UnansweredIdle = settings.Call.SetupTimeout + TimeSpan.FromSeconds(60),
            AnsweredIdle = Longest(settings.Call) + TimeSpan.FromMinutes(5),
            MediaHold = new MediaHoldLimits
            {
                MaxAge = settings.Media.UnknownHold,
                MaxPairs = settings.Media.UnknownPairs,
                MaxBytesPerPair = settings.Media.UnknownPairBytes,
                MaxBytes = settings.Media.UnknownBytes,
            },
        },
        Decoder = new DecoderLimits
        {
            MaxNesting = settings.Decode.MaxNesting,
            MaxFragmentedDatagrams = settings.Decode.Fragments.MaxDatagrams,
            MaxFragmentBytes = settings.Decode.Fragments.MaxBytes,
            FragmentAge = settings.Decode.Fragments.MaxAge,
        },
        Tcp = new TcpLimits
        {
            Connections = settings.Tcp.MaxConnections,
            MessageBytes = settings.Sip.MaxMessage,
            StreamBytes = settings.Tcp.MaxStreamBytes,
            TotalBytes = settings.Tcp.MaxBytes,
            HoleAge = settings.Tcp.HoleAge,
            IdleAge = settings.Tcp.IdleTimeout,
        },
        Sctp = new SctpLimits
        {
            Directions = settings.Sctp.MaxDirections,
            MessageBytes = settings.Sip.MaxMessage,
            TotalBytes = settings.Sctp.MaxBytes,
            IdleAge = settings.Sctp.IdleTimeout,
        },
        Mirror = new MirrorLimits { Window = settings.Decode.Mirror.Window, Entries = settings.Decode.Mirror.Entries },
        Streams = new StreamLimits { StreamsPerFlow = settings.Media.StreamsPerFlow },
        Sip = new SipLimits { MaxMessageBytes = settings.Sip.MaxMessage, MaxHeaders = settings.Sip.MaxHeaders },
        Timers = new CallTimers
        {
            SetupTimeout = settings.Call.SetupTimeout,
            CancelConfirm = settings.Call.CancelConfirm,
            RtpTimeout = settings.Call.RtpTimeout,
            HeldTimeout = settings.Call.HeldTimeout,
            MaxDuration = settings.Call.MaxDuration,
            SessionGrace = settings.Call.SessionGrace,
            Linger = settings.Call.Linger,
            LateFacts = settings.Call.LateFacts,
            RetryKept = settings.Call.RetryKept,
            InferredEndKept = settings.Call.InferredEndKept,
            ForkLoserWindow = settings.Call.ForkLoserWindow,
        },
        Call = new CallLimits
        {
            MessagesPerCall = settings.Call.MessagesPerCall,
            LegsPerCall = settings.Call.LegsPerCall,
            FurtherHeaders = settings.Call.KeepHeaders,
        },
    };

    /// <summary>The rules of a call, for whoever tells one again from its packets.</summary>
    public static CallOptions Call(Settings settings)
    {
        EngineOptions engine = Options(settings);
        return new CallOptions { Timers = engine.Timers, Limits = engine.Call };
    }

    public static PacketLogLimits PacketLog(PacketLogSettings settings, bool isLive) => new()
    {
        WriteBehindBytes = isLive ? settings.WriteBehind : 0,
        ChunkBytes = settings.Chunk,
        ChunkAge = settings.Flush,
        OpenChunkBytes = settings.OpenBytes,
    };

    // The switchboard must not forget a call before the call's own timers have ended it.
    private static TimeSpan Longest(CallSettings call) =>
        new[] { call.MaxDuration, call.HeldTimeout, call.RtpTimeout, call.SessionGrace }.Max();
}

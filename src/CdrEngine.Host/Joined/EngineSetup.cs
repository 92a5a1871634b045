using CdrEngine.Calls;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Exchanges;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Registrations;
using CdrEngine.Calls.Sessions;
using CdrEngine.Calls.Streams;
using CdrEngine.Engine;
using CdrEngine.Engine.Live;
using CdrEngine.Engine.Resume;
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
        HearsDigits = settings.Dtmf.Inband,
        Sip = new SipLimits { MaxMessageBytes = settings.Sip.MaxMessage, MaxHeaders = settings.Sip.MaxHeaders },
        Sessions = new SessionOptions
        {
            Enabled = settings.Session.Enabled,
            Headers = settings.Session.Headers,
            CallIdAffixes = settings.Session.CallIdAffixes,
            Machines = settings.Session.Machines,
            PickupCodes = settings.Session.PickupCodes,
            Orbits = settings.Session.Orbits,
            NumberWindow = settings.Session.NumberWindow,
            ReferWindow = settings.Session.ReferWindow,
            MediaWindow = settings.Session.MediaWindow,
            EndWindow = settings.Session.EndWindow,
            Limits = new SessionLimits { CallsPerSession = settings.Session.MaxCalls, LinksPerCall = settings.Session.MaxCalls, Keys = settings.Session.MaxKeys },
        },
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
        Desk = new DeskOptions
        {
            Exchanges = new ExchangeLimits { MaxExchanges = settings.Peer.MaxExchanges },
            Registrations = new RegistrationLimits
            {
                MaxBindings = settings.Registration.MaxBindings,
                Grace = settings.Registration.Grace,
                DefaultExpires = settings.Registration.DefaultExpires,
                KeepEnded = settings.Registration.KeepEnded,
            },
            Messages = new MessageLimits
            {
                KeepText = settings.Message.KeepText,
                MaxTextBytes = settings.Message.MaxText,
                ConversationGap = settings.Message.ConversationGap,
                NotificationAge = settings.Message.NotificationAge,
                MaxMsrpSessions = settings.Message.MaxMsrpSessions,
            },
            Peers = new PeerLimits { MaxRows = settings.Peer.MaxRows, MaxMailboxes = settings.Peer.MaxMailboxes },
        },
    };

    /// <summary>The rules of a call, for whoever tells one again from its packets.</summary>
    public static CallOptions Call(Settings settings)
    {
        EngineOptions engine = Options(settings);
        return new CallOptions { Timers = engine.Timers, Limits = engine.Call };
    }

    /// <summary>How open calls are written down; null where they are not.</summary>
    public static ResumeLimits? Resume(Settings settings) => settings.Resume.Enabled && settings.PacketLog.Enabled
        ? new ResumeLimits
        {
            Folder = DataFolder.OpenCalls(settings.DataDirectory),
            MediaBytes = settings.Resume.Media,
            WriteEvery = settings.PacketLog.Flush * 0.25,
            SyncEvery = settings.PacketLog.Sync,
            Keys = SealingKeys.Of(settings),
        }
        : null;

    public static LiveOptions Live(LiveSettings settings) => new()
    {
        Readers = settings.EventReaders,
        KeptEvents = settings.EventHistory,
        QualityPeriod = settings.QualityEvery,
    };

    /// <summary>The packet log's bounds. Where open calls are written down, a packet waits three quarters of its time for its chunk and one for the
    /// next writing, so that a crash costs no more than the settings say.</summary>
    public static PacketLogLimits PacketLog(Settings all, bool isLive, bool isJournaled) => PacketLog(all.PacketLog, isLive, isJournaled) with
    {
        WritesDirect = all.PacketLog.Writes switch
        {
            PacketLogWrites.Direct => true,
            PacketLogWrites.Buffered => false,
            _ => all.Recording.Policy != RecordingPolicy.Always,
        },
    };

    private static PacketLogLimits PacketLog(PacketLogSettings settings, bool isLive, bool isJournaled) => new()
    {
        WriteBehindBytes = isLive ? settings.WriteBehind : 0,
        SyncEvery = settings.Sync,
        ChunkBytes = settings.Chunk,
        ChunkAge = isJournaled ? settings.Flush * 0.75 : settings.Flush,
        OpenChunkBytes = settings.OpenBytes,
    };

    // The switchboard must not forget a call before the call's own timers have ended it.
    private static TimeSpan Longest(CallSettings call) =>
        TimeSpan.FromTicks(Math.Max(Math.Max(call.MaxDuration.Ticks, call.HeldTimeout.Ticks), Math.Max(call.RtpTimeout.Ticks, call.SessionGrace.Ticks)));
}

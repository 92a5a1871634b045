using System.Net;
using CdrEngine.Calls.Records;

namespace CdrEngine.Host.Configuration;

/// <summary>Every setting, checked. Meaning, unit and reason of each stand in <c>hocon/reference.conf</c> under the key named here.</summary>
public sealed record Settings
{
    /// <summary><c>data-dir</c>: folder of everything kept, as written.</summary>
    public required string DataDirectory { get; init; }

    /// <summary><c>import</c>.</summary>
    public required ImportSettings Import { get; init; }

    /// <summary><c>decode</c>.</summary>
    public required DecodeSettings Decode { get; init; }

    /// <summary><c>tcp</c>.</summary>
    public required TcpSettings Tcp { get; init; }

    /// <summary><c>sip</c>.</summary>
    public required SipSettings Sip { get; init; }

    /// <summary><c>call</c>.</summary>
    public required CallSettings Call { get; init; }

    /// <summary><c>media</c>.</summary>
    public required MediaSettings Media { get; init; }

    /// <summary><c>engine</c>.</summary>
    public required EngineSettings Engine { get; init; }

    /// <summary><c>packet-log</c>.</summary>
    public required PacketLogSettings PacketLog { get; init; }

    /// <summary><c>storage</c>.</summary>
    public required StorageSettings Storage { get; init; }

    /// <summary><c>api</c>.</summary>
    public required ApiSettings Api { get; init; }

    /// <summary><c>log</c>.</summary>
    public required LogSettings Log { get; init; }
}

/// <summary><c>import</c>: reading of capture files.</summary>
/// <param name="ContinuityGap"><c>continuity-gap</c>: files whose packets lie further apart are captures of their own.</param>
public sealed record ImportSettings(TimeSpan ContinuityGap);

/// <summary><c>decode</c>: from frames to datagrams.</summary>
/// <param name="MaxLayers"><c>max-layers</c>: most encapsulations of one packet.</param>
/// <param name="MirrorWindow"><c>mirror-window</c>: time within which an equal packet is a mirror's copy.</param>
/// <param name="Fragments"><c>fragments</c>.</param>
public sealed record DecodeSettings(int MaxLayers, TimeSpan MirrorWindow, FragmentSettings Fragments);

/// <summary><c>decode.fragments</c>: IP datagrams waiting for their rest.</summary>
/// <param name="MaxDatagrams"><c>max-datagrams</c>.</param>
/// <param name="MaxBytes"><c>max-bytes</c>, bytes.</param>
/// <param name="MaxAge"><c>max-age</c>.</param>
public sealed record FragmentSettings(int MaxDatagrams, long MaxBytes, TimeSpan MaxAge);

/// <summary><c>tcp</c>: reassembly of TCP, WebSocket and SCTP.</summary>
/// <param name="MaxStreams"><c>max-streams</c>: connections.</param>
/// <param name="MaxBuffered"><c>max-buffered</c>: bytes of one direction.</param>
/// <param name="MaxBufferedTotal"><c>max-buffered-total</c>: bytes in all.</param>
/// <param name="IdleTimeout"><c>idle-timeout</c>.</param>
public sealed record TcpSettings(int MaxStreams, int MaxBuffered, long MaxBufferedTotal, TimeSpan IdleTimeout);

/// <summary><c>sip</c>: bounds of one message.</summary>
/// <param name="MaxMessage"><c>max-message</c>, bytes.</param>
/// <param name="MaxHeaders"><c>max-headers</c>.</param>
public sealed record SipSettings(int MaxMessage, int MaxHeaders);

/// <summary><c>call</c>: timers and bounds of one call.</summary>
public sealed record CallSettings
{
    /// <summary><c>linger</c>.</summary>
    public required TimeSpan Linger { get; init; }

    /// <summary><c>setup-timeout</c>.</summary>
    public required TimeSpan SetupTimeout { get; init; }

    /// <summary><c>cancel-confirm</c>.</summary>
    public required TimeSpan CancelConfirm { get; init; }

    /// <summary><c>rtp-timeout</c>.</summary>
    public required TimeSpan RtpTimeout { get; init; }

    /// <summary><c>held-timeout</c>.</summary>
    public required TimeSpan HeldTimeout { get; init; }

    /// <summary><c>session-grace</c>.</summary>
    public required TimeSpan SessionGrace { get; init; }

    /// <summary><c>max-duration</c>.</summary>
    public required TimeSpan MaxDuration { get; init; }

    /// <summary><c>messages-per-call</c>.</summary>
    public required int MessagesPerCall { get; init; }

    /// <summary><c>legs-per-call</c>.</summary>
    public required int LegsPerCall { get; init; }

    /// <summary><c>billsec-rounding</c>.</summary>
    public required BillsecRounding BillsecRounding { get; init; }
}

/// <summary><c>media</c>: RTP before its call, and what of media is known at a time.</summary>
/// <param name="UnknownHold"><c>unknown-hold</c>.</param>
/// <param name="UnknownPairs"><c>unknown-pairs</c>: address pairs.</param>
/// <param name="UnknownPackets"><c>unknown-packets</c>: packets of one pair.</param>
/// <param name="MaxEndpoints"><c>max-endpoints</c>.</param>
/// <param name="StreamsPerCall"><c>streams-per-call</c>.</param>
public sealed record MediaSettings(TimeSpan UnknownHold, int UnknownPairs, int UnknownPackets, int MaxEndpoints, int StreamsPerCall);

/// <summary><c>engine</c>: threads and queues.</summary>
/// <param name="Shards"><c>shards</c>: 1 or more; <c>auto</c> is already worked out.</param>
/// <param name="BatchPackets"><c>batch-packets</c>.</param>
/// <param name="QueueBatches"><c>queue-batches</c>.</param>
/// <param name="MaxCalls"><c>max-calls</c>.</param>
public sealed record EngineSettings(int Shards, int BatchPackets, int QueueBatches, int MaxCalls);

/// <summary><c>packet-log</c>: the packets kept of each call.</summary>
/// <param name="Enabled"><c>enabled</c>.</param>
/// <param name="Chunk"><c>chunk</c>, bytes.</param>
/// <param name="Flush"><c>flush</c>.</param>
/// <param name="Segment"><c>segment</c>: time that one file covers.</param>
/// <param name="Retention"><c>retention</c>.</param>
public sealed record PacketLogSettings(bool Enabled, int Chunk, TimeSpan Flush, TimeSpan Segment, RetentionSettings Retention);

/// <summary><c>packet-log.retention</c>: when segments are removed.</summary>
/// <param name="SipAge"><c>sip-age</c>.</param>
/// <param name="RtpAge"><c>rtp-age</c>.</param>
/// <param name="MaxSize"><c>max-size</c>, bytes; 0 sets no bound.</param>
public sealed record RetentionSettings(TimeSpan SipAge, TimeSpan RtpAge, long MaxSize);

/// <summary><c>storage</c>: the database of records.</summary>
/// <param name="Batch"><c>batch</c>: records of one transaction.</param>
/// <param name="BatchDelay"><c>batch-delay</c>.</param>
/// <param name="Keep"><c>keep</c>: age at which records go; zero keeps them.</param>
/// <param name="OutboxSize"><c>outbox-size</c>, bytes.</param>
public sealed record StorageSettings(int Batch, TimeSpan BatchDelay, TimeSpan Keep, long OutboxSize);

/// <summary><c>api</c>: REST.</summary>
/// <param name="Listen"><c>listen</c>.</param>
/// <param name="Auth"><c>auth</c>: whether a token is asked for.</param>
/// <param name="PageSize"><c>page-size</c>.</param>
/// <param name="MaxPageSize"><c>max-page-size</c>.</param>
public sealed record ApiSettings(IPEndPoint Listen, bool Auth, int PageSize, int MaxPageSize);

/// <summary><c>log</c>.</summary>
/// <param name="Level"><c>level</c>.</param>
public sealed record LogSettings(LogThreshold Level);

/// <summary>The least severe entry that is written.</summary>
public enum LogThreshold
{
    /// <summary>Everything.</summary>
    Trace,

    /// <summary>What a developer looks for.</summary>
    Debug,

    /// <summary>Starts, stops and the like.</summary>
    Information,

    /// <summary>What may need attention.</summary>
    Warning,

    /// <summary>What failed.</summary>
    Error,

    /// <summary>Nothing.</summary>
    None,
}

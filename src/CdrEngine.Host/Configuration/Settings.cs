using System.Net;
using CdrEngine.Api;
using CdrEngine.Api.Access.Tls;
using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Capture.Interfaces;
using CdrEngine.Storage;

namespace CdrEngine.Host.Configuration;

/// <summary>Every setting, checked. Meaning, unit and reason of each stand in <c>hocon/reference.conf</c> under the key named
/// here.</summary>
public sealed record Settings
{
    /// <summary><c>data-dir</c>: folder of everything kept, as written.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>All keys, with dots and without the root's name, and what stands there: to see what was changed. Holds secrets as all of this does.</summary>
    public IReadOnlyDictionary<string, string> Texts { get; init; } = new Dictionary<string, string>();

    /// <summary><c>capture</c>.</summary>
    public required CaptureSettings Capture { get; init; }

    /// <summary><c>hep</c>.</summary>
    public required HepSettings Hep { get; init; }

    /// <summary><c>import</c>.</summary>
    public required ImportSettings Import { get; init; }

    /// <summary><c>decode</c>.</summary>
    public required DecodeSettings Decode { get; init; }

    /// <summary><c>tcp</c>.</summary>
    public required TcpSettings Tcp { get; init; }

    /// <summary><c>sctp</c>.</summary>
    public required SctpSettings Sctp { get; init; }

    /// <summary><c>sip</c>.</summary>
    public required SipSettings Sip { get; init; }

    /// <summary><c>call</c>.</summary>
    public required CallSettings Call { get; init; }

    /// <summary><c>session</c>.</summary>
    public required SessionSettings Session { get; init; }

    /// <summary><c>media</c>.</summary>
    public required MediaSettings Media { get; init; }

    /// <summary><c>engine</c>.</summary>
    public required EngineSettings Engine { get; init; }

    /// <summary><c>encryption</c>.</summary>
    public required EncryptionSettings Encryption { get; init; }

    /// <summary><c>retention</c>.</summary>
    public required KeepingSettings Retention { get; init; }

    /// <summary><c>packet-log</c>.</summary>
    public required PacketLogSettings PacketLog { get; init; }

    /// <summary><c>storage</c>.</summary>
    public required StorageSettings Storage { get; init; }

    /// <summary><c>directory</c>.</summary>
    public required DirectorySettings Directory { get; init; }

    /// <summary><c>live</c>.</summary>
    public required LiveSettings Live { get; init; }

    /// <summary><c>resume</c>.</summary>
    public required ResumeSettings Resume { get; init; }

    /// <summary><c>dtmf</c>.</summary>
    public required DtmfSettings Dtmf { get; init; }

    /// <summary><c>registration</c>.</summary>
    public required RegistrationSettings Registration { get; init; }

    /// <summary><c>message</c>.</summary>
    public required MessageSettings Message { get; init; }

    /// <summary><c>peer</c>.</summary>
    public required PeerSettings Peer { get; init; }

    /// <summary><c>recording</c>.</summary>
    public required RecordingSettings Recording { get; init; }

    /// <summary><c>control</c>.</summary>
    public required ControlSettings Control { get; init; }

    /// <summary><c>page</c>.</summary>
    public required PageSettings Page { get; init; }

    /// <summary><c>api</c>.</summary>
    public required ApiSettings Api { get; init; }

    /// <summary><c>reports</c>.</summary>
    public required ReportSettings Reports { get; init; }

    /// <summary><c>mail</c>.</summary>
    public required MailSettings Mail { get; init; }

    /// <summary><c>alerts</c>.</summary>
    public required AlertSettings Alerts { get; init; }

    /// <summary><c>webhooks</c>.</summary>
    public required WebhookSettings Webhooks { get; init; }

    /// <summary><c>log</c>.</summary>
    public required LogSettings Log { get; init; }
}

/// <summary><c>reports</c>: reports that clients define.</summary>
/// <param name="Keep"><c>keep</c>.</param>
public sealed record ReportSettings(TimeSpan Keep);

/// <summary><c>mail</c>: the server that takes mail.</summary>
/// <param name="Host"><c>host</c>; empty mails nothing.</param>
/// <param name="Port"><c>port</c>.</param>
/// <param name="From"><c>from</c>.</param>
/// <param name="User"><c>user</c>; empty for none.</param>
/// <param name="Password"><c>password</c>.</param>
/// <param name="Tls"><c>tls</c>.</param>
public sealed record MailSettings(string Host, int Port, string From, string User, string Password, MailTls Tls)
{
    /// <summary><c>ca-file</c>: PEM file of authorities to trust beside the system's; empty for none.</summary>
    public string CertificateAuthority { get; init; } = "";

    /// <summary>Does not show the password.</summary>
    public override string ToString() => $"{Host}:{Port} ({Tls})";
}

/// <summary>How mail is kept from being read on its way.</summary>
public enum MailTls
{
    /// <summary>It is not.</summary>
    None = 0,

    /// <summary>TLS from the STARTTLS command on (RFC 3207); nothing is sent without.</summary>
    Starttls = 1,

    /// <summary>TLS from the first byte on (RFC 8314).</summary>
    Implicit = 2,
}

/// <summary><c>session</c>: linking of calls.</summary>
public sealed record SessionSettings
{
    /// <summary><c>enabled</c>.</summary>
    public required bool Enabled { get; init; }

    /// <summary><c>headers</c>.</summary>
    public required IReadOnlyList<string> Headers { get; init; }

    /// <summary><c>call-id-affixes</c>.</summary>
    public required IReadOnlyList<string> CallIdAffixes { get; init; }

    /// <summary><c>machines</c>.</summary>
    public required IReadOnlyList<string> Machines { get; init; }

    /// <summary><c>pickup-codes</c>.</summary>
    public required IReadOnlyList<string> PickupCodes { get; init; }

    /// <summary><c>orbits</c>.</summary>
    public required IReadOnlyList<string> Orbits { get; init; }

    /// <summary><c>number-window</c>.</summary>
    public required TimeSpan NumberWindow { get; init; }

    /// <summary><c>refer-window</c>.</summary>
    public required TimeSpan ReferWindow { get; init; }

    /// <summary><c>media-window</c>.</summary>
    public required TimeSpan MediaWindow { get; init; }

    /// <summary><c>end-window</c>.</summary>
    public required TimeSpan EndWindow { get; init; }

    /// <summary><c>max-calls</c>.</summary>
    public required int MaxCalls { get; init; }

    /// <summary><c>max-keys</c>.</summary>
    public required int MaxKeys { get; init; }
}

/// <summary><c>capture</c>: reading of interfaces.</summary>
/// <param name="Interfaces"><c>interfaces</c>: names.</param>
/// <param name="Ring"><c>ring</c>, bytes of each interface.</param>
/// <param name="Block"><c>block</c>, bytes; a power of two.</param>
/// <param name="SnapLength"><c>snap-length</c>, bytes.</param>
/// <param name="Promiscuous"><c>promiscuous</c>.</param>
/// <param name="Filter"><c>filter</c>: pcap-filter(7); empty takes all.</param>
/// <param name="Threads"><c>threads</c> of each interface.</param>
/// <param name="Fanout"><c>fanout</c>: how packets are dealt to them.</param>
/// <param name="SignallingRing"><c>signalling-ring</c>, bytes of each interface; 0 for none.</param>
/// <param name="Timestamps"><c>timestamps</c>.</param>
public sealed record CaptureSettings(
    IReadOnlyList<string> Interfaces, long Ring, int Block, int SnapLength, bool Promiscuous, string Filter, int Threads, FanoutMode Fanout, long SignallingRing,
    StampClock Timestamps);

/// <summary><c>capture.timestamps</c>.</summary>
public enum StampClock
{
    /// <summary>The kernel's, when a packet arrives.</summary>
    Kernel,

    /// <summary>That of the network adapter, where it has one.</summary>
    Adapter,
}

/// <summary><c>hep</c>: packets that agents send.</summary>
/// <param name="Listen"><c>listen</c>; null receives none.</param>
/// <param name="AuthKey"><c>auth-key</c>; empty asks for none.</param>
/// <param name="MaxSkew"><c>max-skew</c>.</param>
/// <param name="ReceiveBuffer"><c>receive-buffer</c>, bytes.</param>
/// <param name="MaxConnections"><c>max-connections</c>.</param>
/// <param name="MaxAgents"><c>max-agents</c>.</param>
public sealed record HepSettings(IPEndPoint? Listen, string AuthKey, TimeSpan MaxSkew, int ReceiveBuffer, int MaxConnections, int MaxAgents);

/// <summary><c>import</c>: reading of capture files.</summary>
/// <param name="ContinuityGap"><c>continuity-gap</c>: files whose packets lie further apart are captures of their own.</param>
public sealed record ImportSettings(TimeSpan ContinuityGap);

/// <summary><c>decode</c>: from frames to datagrams.</summary>
/// <param name="MaxNesting"><c>max-nesting</c>: tunnels of one packet.</param>
/// <param name="Mirror"><c>mirror</c>.</param>
/// <param name="Fragments"><c>fragments</c>.</param>
public sealed record DecodeSettings(int MaxNesting, MirrorSettings Mirror, FragmentSettings Fragments);

/// <summary><c>decode.mirror</c>: copies that a second mirror port sends.</summary>
/// <param name="Window"><c>window</c>: time within which an equal packet is a copy.</param>
/// <param name="Entries"><c>entries</c>: packets remembered.</param>
public sealed record MirrorSettings(TimeSpan Window, int Entries);

/// <summary><c>decode.fragments</c>: IP datagrams waiting for their rest.</summary>
/// <param name="MaxDatagrams"><c>max-datagrams</c>.</param>
/// <param name="MaxBytes"><c>max-bytes</c>, bytes.</param>
/// <param name="MaxAge"><c>max-age</c>.</param>
public sealed record FragmentSettings(int MaxDatagrams, long MaxBytes, TimeSpan MaxAge);

/// <summary><c>tcp</c>: reassembly of TCP and WebSocket.</summary>
/// <param name="MaxConnections"><c>max-connections</c>.</param>
/// <param name="MaxStreamBytes"><c>max-stream-bytes</c>: bytes of one direction.</param>
/// <param name="MaxBytes"><c>max-bytes</c>: bytes in all.</param>
/// <param name="HoleAge"><c>hole-age</c>.</param>
/// <param name="IdleTimeout"><c>idle-timeout</c>.</param>
public sealed record TcpSettings(int MaxConnections, int MaxStreamBytes, long MaxBytes, TimeSpan HoleAge, TimeSpan IdleTimeout);

/// <summary><c>sctp</c>: reassembly of SCTP.</summary>
/// <param name="MaxDirections"><c>max-directions</c>.</param>
/// <param name="MaxBytes"><c>max-bytes</c>: bytes in all.</param>
/// <param name="IdleTimeout"><c>idle-timeout</c>.</param>
public sealed record SctpSettings(int MaxDirections, long MaxBytes, TimeSpan IdleTimeout);

/// <summary><c>sip</c>: bounds of one message, over any transport.</summary>
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

    /// <summary><c>late-facts</c>.</summary>
    public required TimeSpan LateFacts { get; init; }

    /// <summary><c>retry-kept</c>.</summary>
    public required TimeSpan RetryKept { get; init; }

    /// <summary><c>inferred-end-kept</c>.</summary>
    public required TimeSpan InferredEndKept { get; init; }

    /// <summary><c>fork-loser-window</c>.</summary>
    public required TimeSpan ForkLoserWindow { get; init; }

    /// <summary><c>messages-per-call</c>.</summary>
    public required int MessagesPerCall { get; init; }

    /// <summary><c>legs-per-call</c>.</summary>
    public required int LegsPerCall { get; init; }

    /// <summary><c>keep-headers</c>: names of further header fields.</summary>
    public required IReadOnlyList<string> KeepHeaders { get; init; }

    /// <summary><c>billsec-rounding</c>.</summary>
    public required BillsecRounding BillsecRounding { get; init; }
}

/// <summary><c>media</c>: RTP before its call, and what one call may have of media.</summary>
/// <param name="UnknownHold"><c>unknown-hold</c>.</param>
/// <param name="UnknownPairs"><c>unknown-pairs</c>: address pairs.</param>
/// <param name="UnknownPairBytes"><c>unknown-pair-bytes</c>: bytes of one pair.</param>
/// <param name="UnknownBytes"><c>unknown-bytes</c>: bytes of all pairs.</param>
/// <param name="EndpointsPerCall"><c>endpoints-per-call</c>.</param>
/// <param name="FlowsPerCall"><c>flows-per-call</c>.</param>
/// <param name="StreamsPerFlow"><c>streams-per-flow</c>.</param>
public sealed record MediaSettings(
    TimeSpan UnknownHold, int UnknownPairs, int UnknownPairBytes, long UnknownBytes, int EndpointsPerCall, int FlowsPerCall, int StreamsPerFlow);

/// <summary><c>engine</c>: threads and queues.</summary>
/// <param name="Shards"><c>shards</c>: 1 or more; <c>auto</c> is already worked out.</param>
/// <param name="BatchPackets"><c>batch-packets</c>.</param>
/// <param name="BatchBytes"><c>batch-bytes</c>, bytes.</param>
/// <param name="QueueBatches"><c>queue-batches</c>.</param>
/// <param name="MaxCalls"><c>max-calls</c>.</param>
public sealed record EngineSettings(int Shards, int BatchPackets, int BatchBytes, int QueueBatches, int MaxCalls);

/// <summary><c>packet-log</c>: the packets kept of each call.</summary>
/// <param name="Enabled"><c>enabled</c>.</param>
/// <param name="Chunk"><c>chunk</c>, bytes.</param>
/// <param name="Flush"><c>flush</c>.</param>
/// <param name="Sync"><c>sync</c>: how often what was written is forced to the disk itself; zero leaves it to the system.</param>
/// <param name="OpenBytes"><c>open-bytes</c>, bytes of one shard.</param>
/// <param name="WriteBehind"><c>write-behind</c>, bytes of one shard.</param>
/// <param name="Retention"><c>retention</c>.</param>
public sealed record PacketLogSettings(bool Enabled, int Chunk, TimeSpan Flush, TimeSpan Sync, long OpenBytes, long WriteBehind, RetentionSettings Retention);

/// <summary><c>packet-log.retention</c>: when segments are removed.</summary>
/// <param name="SipAge"><c>sip-age</c>; null keeps them whatever their age.</param>
/// <param name="RtpAge"><c>rtp-age</c>; null likewise.</param>
/// <param name="MaxSize"><c>max-size</c>, bytes; null sets no bound.</param>
public sealed record RetentionSettings(TimeSpan? SipAge, TimeSpan? RtpAge, long? MaxSize);

/// <summary><c>storage</c>: the database of records.</summary>
/// <param name="Batch"><c>batch</c>: records of one transaction.</param>
/// <param name="BatchDelay"><c>batch-delay</c>.</param>
/// <param name="Queue"><c>queue</c>: records in memory.</param>
/// <param name="OutboxSize"><c>outbox-size</c>, bytes.</param>
/// <param name="Readers"><c>readers</c>: queries at once.</param>
/// <param name="WriteCache"><c>write-cache</c>, bytes for each day.</param>
public sealed record StorageSettings(int Batch, TimeSpan BatchDelay, int Queue, long OutboxSize, int Readers, long WriteCache)
{
    /// <summary><c>backend</c>.</summary>
    public StorageBackend Backend { get; init; }

    /// <summary><c>postgresql</c>; null where it is not the backend.</summary>
    public PostgresqlSettings? Postgresql { get; init; }

    /// <summary><c>read-memory</c>, bytes.</summary>
    public long ReadMemory { get; init; } = SqliteStoreLimits.UsualMemory;
}

/// <summary>Where records are kept.</summary>
public enum StorageBackend
{
    /// <summary>In files of the data folder.</summary>
    Sqlite,

    /// <summary>In a PostgreSQL server.</summary>
    Postgresql,
}

/// <summary><c>storage.postgresql</c>: the server.</summary>
/// <param name="Url"><c>url</c>, or a connection string.</param>
/// <param name="Password"><c>password</c>; empty for none.</param>
/// <param name="PasswordFile"><c>password-file</c>; empty for none.</param>
/// <param name="Schema"><c>schema</c>.</param>
/// <param name="Timeout"><c>timeout</c> of a statement.</param>
/// <param name="ConnectTimeout"><c>connect-timeout</c>.</param>
/// <param name="LockTimeout"><c>lock-timeout</c>.</param>
public sealed record PostgresqlSettings(string Url, string Password, string PasswordFile, string Schema, TimeSpan Timeout, TimeSpan ConnectTimeout, TimeSpan LockTimeout)
{
    // Records print their members: a password is not for logs, neither here nor in the address.
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append("Schema = ").Append(Schema);
        return true;
    }
}

/// <summary><c>directory</c>: whose numbers are whose, and what calls cost.</summary>
/// <param name="File"><c>file</c>; empty to take the first of the candidates that is there.</param>
/// <param name="Poll"><c>poll</c>: how often it is looked at.</param>
public sealed record DirectorySettings(string File, TimeSpan Poll)
{
    /// <summary>Where it is looked for when no file is named.</summary>
    public IReadOnlyList<string> Candidates { get; init; } = [];
}

/// <summary><c>live</c>: calls in progress and events.</summary>
/// <param name="EventReaders"><c>event-readers</c>: at once.</param>
/// <param name="EventHistory"><c>event-history</c>: events kept.</param>
/// <param name="QualityEvery"><c>quality-every</c>.</param>
public sealed record LiveSettings(int EventReaders, int EventHistory, TimeSpan QualityEvery);

/// <summary><c>resume</c>: going on with open calls after a stop.</summary>
/// <param name="Enabled"><c>enabled</c>.</param>
/// <param name="Media"><c>media</c>, bytes read back.</param>
public sealed record ResumeSettings(bool Enabled, long Media);

/// <summary><c>dtmf</c>: digits pressed.</summary>
/// <param name="Mask"><c>mask</c>: what of them is hidden.</param>
/// <param name="Inband"><c>inband</c>: whether they are looked for in the sound.</param>
public sealed record DtmfSettings(DtmfMask Mask, bool Inband);

/// <summary><c>recording</c>: the sound of calls.</summary>
/// <param name="Policy"><c>policy</c>: when recordings are made.</param>
/// <param name="Sides"><c>sides</c>: whose voice.</param>
/// <param name="From"><c>from</c>: where they begin.</param>
/// <param name="Workers"><c>workers</c>: 1 or more; <c>auto</c> is already worked out.</param>
/// <param name="Queue"><c>queue</c>.</param>
/// <param name="Retry"><c>retry</c>.</param>
/// <param name="CacheSize"><c>cache-size</c>, bytes.</param>
/// <param name="KeyLog"><c>srtp.key-log</c>: file of DTLS secrets; empty for none.</param>
/// <param name="CodecsOff"><c>codecs.disable</c>: codecs that are not decoded.</param>
public sealed record RecordingSettings(
    RecordingPolicy Policy, RecordingSides Sides, RecordingStart From, int Workers, int Queue, RecordingRetrySettings Retry, long CacheSize, string KeyLog,
    IReadOnlyList<string> CodecsOff);

/// <summary><c>recording.retry</c>: what follows a failure.</summary>
/// <param name="Attempts"><c>attempts</c>: in all.</param>
/// <param name="First"><c>first</c>: pause before the second.</param>
/// <param name="Most"><c>most</c>: longest pause.</param>
public sealed record RecordingRetrySettings(int Attempts, TimeSpan First, TimeSpan Most);

/// <summary>What acts on the telephone system.</summary>
public enum ControlAdapter
{
    /// <summary>Nothing: the engine only watches.</summary>
    None = 0,

    /// <summary>Asterisk's manager interface.</summary>
    Ami = 1,
}

/// <summary><c>control</c>: acting on the telephone system.</summary>
/// <param name="Adapter"><c>adapter</c>.</param>
/// <param name="Ami"><c>ami</c>.</param>
public sealed record ControlSettings(ControlAdapter Adapter, AmiSettings Ami);

/// <summary><c>control.ami</c>: Asterisk's manager interface.</summary>
/// <param name="Address"><c>address</c>.</param>
/// <param name="User"><c>user</c>.</param>
/// <param name="Secret"><c>secret</c>.</param>
/// <param name="Timeout"><c>timeout</c>: of one act.</param>
/// <param name="Context"><c>context</c>: where numbers are dialled.</param>
/// <param name="Extension"><c>extension</c>: channel of an extension; <c>{number}</c> stands for it.</param>
/// <param name="Device"><c>device</c>: channel of a device.</param>
/// <param name="RingTime"><c>ring-time</c>.</param>
/// <param name="ParkingLot"><c>parking-lot</c>; empty for the default one.</param>
/// <param name="Hold"><c>hold</c>: extension where calls are held; empty for none.</param>
public sealed record AmiSettings(
    IPEndPoint Address, string User, string Secret, TimeSpan Timeout, string Context, string Extension, string Device, TimeSpan RingTime, string ParkingLot, string Hold)
{
    /// <summary>Does not show the secret.</summary>
    public override string ToString() => $"{User}@{Address}";
}

/// <summary><c>api</c>: REST.</summary>
/// <param name="Listen"><c>listen</c>.</param>
/// <param name="Auth"><c>auth</c>: whether a token is asked for.</param>
/// <param name="PageSize"><c>page-size</c>.</param>
public sealed record ApiSettings(IPEndPoint Listen, bool Auth, int PageSize)
{
    /// <summary><c>tls</c>; null for plain HTTP.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary><c>limits</c>.</summary>
    public ApiLimits Limits { get; init; } = new();

    /// <summary><c>share</c>: links to recordings.</summary>
    public ShareOptions Share { get; init; } = new();
}

/// <summary><c>page</c>: the page that people look at.</summary>
/// <param name="Enabled"><c>enabled</c>: whether it is served.</param>
/// <param name="SessionIdle"><c>session-idle</c>.</param>
/// <param name="SessionLife"><c>session-life</c>.</param>
public sealed record PageSettings(bool Enabled, TimeSpan SessionIdle, TimeSpan SessionLife);

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

/// <summary><c>registration</c>: devices that register.</summary>
/// <param name="MaxBindings"><c>max-bindings</c>.</param>
/// <param name="Grace"><c>grace</c>: after the time of a binding has run out.</param>
/// <param name="DefaultExpires"><c>default-expires</c>: time of a binding where nobody says.</param>
/// <param name="KeepEnded"><c>keep-ended</c>: how long ended and failed ones are kept.</param>
public sealed record RegistrationSettings(int MaxBindings, TimeSpan Grace, TimeSpan DefaultExpires, TimeSpan KeepEnded);

/// <summary><c>message</c>: text messages.</summary>
/// <param name="KeepText"><c>keep-text</c>.</param>
/// <param name="MaxText"><c>max-text</c>, bytes.</param>
/// <param name="ConversationGap"><c>conversation-gap</c>.</param>
/// <param name="NotificationAge"><c>notification-age</c>.</param>
/// <param name="MaxMsrpSessions"><c>max-msrp-sessions</c>.</param>
/// <param name="Age"><c>age</c>: how long messages are kept; null for ever.</param>
public sealed record MessageSettings(bool KeepText, int MaxText, TimeSpan ConversationGap, TimeSpan NotificationAge, int MaxMsrpSessions, TimeSpan? Age);

/// <summary><c>peer</c>: who asks whom what outside calls.</summary>
/// <param name="MaxExchanges"><c>max-exchanges</c>: requests followed at a time.</param>
/// <param name="MaxRows"><c>max-rows</c>.</param>
/// <param name="MaxMailboxes"><c>max-mailboxes</c>.</param>
public sealed record PeerSettings(int MaxExchanges, int MaxRows, int MaxMailboxes);

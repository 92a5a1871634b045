using System.Numerics;
using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Capture.Interfaces;
using CdrEngine.Host.Hocon;
using CdrEngine.Media.Codecs;
using CdrEngine.Storage;

namespace CdrEngine.Host.Configuration;

/// <summary>Reads <see cref="Settings"/> from a resolved configuration. The one place that names the keys; a test holds it against
/// <c>hocon/reference.conf</c> in both directions.</summary>
internal static partial class SettingsBinder
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Century = TimeSpan.FromDays(36525);

    /// <summary>The name all settings stand under.</summary>
    public const string RootKey = "cdrengine";

    /// <summary>Reads and checks every setting.</summary>
    /// <exception cref="HoconException">A value does not fit or a key is unknown.</exception>
    public static Settings Bind(HoconValue tree)
    {
        var known = new KnownKeys();
        SettingsReader root = new SettingsReader(tree, "", known).Section(RootKey);
        Settings settings = new()
        {
            DataDirectory = root.Text("data-dir"),
            Capture = Capture(root.Section("capture")),
            Hep = Hep(root.Section("hep")),
            Import = Import(root.Section("import")),
            Decode = Decode(root.Section("decode")),
            Tcp = Tcp(root.Section("tcp")),
            Sctp = Sctp(root.Section("sctp")),
            Sip = Sip(root.Section("sip")),
            Call = Call(root.Section("call")),
            Session = Session(root.Section("session")),
            Media = Media(root.Section("media")),
            Engine = Engine(root.Section("engine")),
            Encryption = Encryption(root.Section("encryption")),
            Retention = Keeping(root.Section("retention")),
            PacketLog = PacketLog(root.Section("packet-log")),
            Storage = Storage(root.Section("storage")),
            Directory = Directory(root.Section("directory")),
            Live = Live(root.Section("live")),
            Resume = Resume(root.Section("resume")),
            Dtmf = Dtmf(root.Section("dtmf")),
            Registration = Registration(root.Section("registration")),
            Message = Message(root.Section("message")),
            Peer = Peer(root.Section("peer")),
            Recording = Recording(root.Section("recording")),
            Control = Control(root.Section("control")),
            Api = Api(root.Section("api")),
            Page = Page(root.Section("page")),
            Reports = new ReportSettings(root.Section("reports").Duration("keep", Hour, Century)),
            Mail = Mail(root.Section("mail")),
            Alerts = Alerts(root.Section("alerts")),
            Webhooks = Webhooks(root.Section("webhooks")),
            Log = new LogSettings(root.Section("log").Choice<LogThreshold>("level")),
        };
        known.RefuseOthers(tree);
        return settings;
    }

    private static CaptureSettings Capture(SettingsReader at)
    {
        CaptureSettings settings = Rings(at);
        foreach ((string key, long bytes) in ((string, long)[])[("ring", settings.Ring), ("signalling-ring", settings.SignallingRing)])
        {
            if (bytes > 0 && bytes < 2L * settings.Block) throw at.Fail(key, $"a ring is at least two blocks (capture.block), {2 * settings.Block >> 10} KiB");
        }

        return settings;
    }

    private static CaptureSettings Rings(SettingsReader at) => new(
        at.TextList("interfaces", 64),
        at.Size("ring", 1 << 20, 16L << 30),
        at.Size("block", 64 << 10, 64 << 20) is var block && BitOperations.IsPow2(block) ? (int)block : throw at.Fail("block", "it is no power of two"),
        (int)at.Size("snap-length", 64, 256 << 10),
        at.Switch("promiscuous"),
        at.TextOrEmpty("filter"),
        at.IntegerOrAuto("threads", 1, 64, Math.Max(1, Environment.ProcessorCount / 8)),
        at.Choice<FanoutMode>("fanout"),
        at.Size("signalling-ring", 0, 1L << 30),
        at.Choice<StampClock>("timestamps"));

    private static HepSettings Hep(SettingsReader at) => new(
        at.AddressOrNone("listen"),
        at.TextOrEmpty("auth-key"),
        at.Duration("max-skew", Second, Century),
        (int)at.Size("receive-buffer", 64 << 10, 1 << 30),
        at.Integer("max-connections", 1, 200),
        at.Integer("max-agents", 0, 65_536));

    private static ImportSettings Import(SettingsReader at) => new(at.Duration("continuity-gap", TimeSpan.Zero, Day));

    private static DirectorySettings Directory(SettingsReader at) => new(at.TextOrEmpty("file"), at.Duration("poll", Second, Hour));

    private static DecodeSettings Decode(SettingsReader at) => new(
        at.Integer("max-nesting", 1, 64),
        Mirror(at.Section("mirror")),
        Fragments(at.Section("fragments")));

    private static MirrorSettings Mirror(SettingsReader at) => new(
        at.Duration("window", TimeSpan.Zero, Second),
        at.Integer("entries", 64, 1 << 24));

    private static FragmentSettings Fragments(SettingsReader at) => new(
        at.Integer("max-datagrams", 1, 1 << 20),
        at.Size("max-bytes", 64 << 10, 16L << 30),
        at.Duration("max-age", Millisecond, Hour));

    private static TcpSettings Tcp(SettingsReader at) => new(
        at.Integer("max-connections", 1, 1 << 24),
        (int)at.Size("max-stream-bytes", 64 << 10, 1 << 30),
        at.Size("max-bytes", 1 << 20, 1L << 40),
        at.Duration("hole-age", Millisecond, Minute),
        at.Duration("idle-timeout", Second, Day));

    private static SctpSettings Sctp(SettingsReader at) => new(
        at.Integer("max-directions", 1, 1 << 24),
        at.Size("max-bytes", 1 << 20, 1L << 40),
        at.Duration("idle-timeout", Second, Day));

    private static SipSettings Sip(SettingsReader at) => new(
        (int)at.Size("max-message", 1 << 10, 16 << 20),
        at.Integer("max-headers", 16, 4096));

    private static CallSettings Call(SettingsReader at) => new()
    {
        Linger = at.Duration("linger", TimeSpan.Zero, Hour),
        SetupTimeout = at.Duration("setup-timeout", Second, Day),
        CancelConfirm = at.Duration("cancel-confirm", Second, Hour),
        RtpTimeout = at.Duration("rtp-timeout", Second, Day * 7),
        HeldTimeout = at.Duration("held-timeout", Second, Day * 7),
        SessionGrace = at.Duration("session-grace", TimeSpan.Zero, Day),
        MaxDuration = at.Duration("max-duration", Second, Day * 366),
        LateFacts = at.Duration("late-facts", TimeSpan.Zero, Hour),
        RetryKept = at.Duration("retry-kept", TimeSpan.Zero, Hour),
        InferredEndKept = at.Duration("inferred-end-kept", TimeSpan.Zero, Day),
        ForkLoserWindow = at.Duration("fork-loser-window", TimeSpan.Zero, Minute),
        MessagesPerCall = at.Integer("messages-per-call", 16, 1_000_000),
        LegsPerCall = at.Integer("legs-per-call", 1, 10_000),
        KeepHeaders = at.TextList("keep-headers", 32),
        BillsecRounding = at.Choice<BillsecRounding>("billsec-rounding"),
    };

    private static SessionSettings Session(SettingsReader at) => new()
    {
        Enabled = at.Switch("enabled"),
        Headers = at.TextList("headers", 16),
        CallIdAffixes = at.TextList("call-id-affixes", 16),
        Machines = Machines(at),
        PickupCodes = at.TextList("pickup-codes", 16),
        Orbits = at.TextList("orbits", 64),
        NumberWindow = at.Duration("number-window", TimeSpan.Zero, Minute),
        ReferWindow = at.Duration("refer-window", TimeSpan.Zero, Hour),
        MediaWindow = at.Duration("media-window", TimeSpan.Zero, Minute),
        EndWindow = at.Duration("end-window", Millisecond, Minute),
        MaxCalls = at.Integer("max-calls", 2, 10_000),
        MaxKeys = at.Integer("max-keys", 1 << 10, 1 << 24),
    };

    private static IReadOnlyList<string> Machines(SettingsReader at)
    {
        IReadOnlyList<string> machines = at.TextList("machines", 1024);
        foreach (string machine in machines)
        {
            string? stranger = machine.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(static text => !IpAddress.TryParse(text, out _));
            if (stranger is not null) throw at.Fail("machines", $"'{stranger}' is no IP address");
        }

        return machines;
    }

    private static MediaSettings Media(SettingsReader at) => new(
        at.Duration("unknown-hold", TimeSpan.Zero, Minute),
        at.Integer("unknown-pairs", 1, 1 << 20),
        (int)at.Size("unknown-pair-bytes", 1 << 10, 1 << 30),
        at.Size("unknown-bytes", 1 << 20, 1L << 40),
        at.Integer("endpoints-per-call", 4, 10_000),
        at.Integer("flows-per-call", 4, 10_000),
        at.Integer("streams-per-flow", 1, 10_000));

    private static EngineSettings Engine(SettingsReader at) => new(
        at.IntegerOrAuto("shards", 1, 256, Math.Max(1, Environment.ProcessorCount - 1)),
        at.Integer("batch-packets", 1, 65_536),
        (int)at.Size("batch-bytes", 1 << 10, 64 << 20),
        at.Integer("queue-batches", 1, 65_536),
        at.Integer("max-calls", 1, 1 << 24));

    private static PacketLogSettings PacketLog(SettingsReader at) => new(
        at.Switch("enabled"),
        (int)at.Size("chunk", 1 << 10, 1 << 20),
        at.Duration("flush", Millisecond * 10, Minute),
        at.Duration("sync", TimeSpan.Zero, Minute),
        at.Size("open-bytes", 1 << 20, 1L << 40),
        at.Size("write-behind", 4 << 20, 1L << 36),
        Retention(at.Section("retention")));

    private static RetentionSettings Retention(SettingsReader at) => new(
        at.Duration("sip-age", TimeSpan.Zero, Century) is var sip && sip > TimeSpan.Zero ? sip : null,
        at.Duration("rtp-age", TimeSpan.Zero, Century) is var rtp && rtp > TimeSpan.Zero ? rtp : null,
        at.Size("max-size", 0, long.MaxValue) is var size and > 0 ? size : null);

    private static StorageSettings Storage(SettingsReader at) => new(
        at.Integer("batch", 1, 100_000),
        at.Duration("batch-delay", Millisecond, Minute),
        at.Integer("queue", 1, 10_000_000),
        at.Size("outbox-size", 1 << 20, 1L << 44),
        at.Integer("readers", 1, 64),
        at.Size("write-cache", 1 << 20, 1L << 36))
    {
        Backend = at.Choice<StorageBackend>("backend"),
        ReadMemory = at.Size("read-memory", SqliteStoreLimits.LeastMemory, 1L << 40),
        Postgresql = Postgresql(at.Section("postgresql"), at.Choice<StorageBackend>("backend")),
    };

    private static LiveSettings Live(SettingsReader at) => new(
        at.Integer("event-readers", 1, 10_000),
        at.Integer("event-history", 16, 1 << 22),
        at.Duration("quality-every", Second, Hour));

    private static ResumeSettings Resume(SettingsReader at) => new(
        at.Switch("enabled"),
        at.Size("media", 0, 1L << 44));

    private static RegistrationSettings Registration(SettingsReader at) => new(
        at.Integer("max-bindings", 1, 10_000_000),
        at.Duration("grace", TimeSpan.Zero, Hour),
        at.Duration("default-expires", Second, Day * 7),
        at.Duration("keep-ended", TimeSpan.Zero, Century));

    private static MessageSettings Message(SettingsReader at) => new(
        at.Switch("keep-text"),
        (int)at.Size("max-text", 256, 16 << 20),
        at.Duration("conversation-gap", Second, Day * 7),
        at.Duration("notification-age", TimeSpan.Zero, Day * 31),
        at.Integer("max-msrp-sessions", 1, 1 << 20),
        at.Duration("age", TimeSpan.Zero, Century) is var age && age > TimeSpan.Zero ? age : null);

    private static PeerSettings Peer(SettingsReader at) => new(
        at.Integer("max-exchanges", 64, 1 << 24),
        at.Integer("max-rows", 1, 1 << 24),
        at.Integer("max-mailboxes", 1, 1 << 24));

    private static DtmfSettings Dtmf(SettingsReader at) => new(at.Choice<DtmfMask>("mask"), at.Switch("inband"));

    private static RecordingSettings Recording(SettingsReader at) => new(
        at.Choice<RecordingPolicy>("policy"),
        at.Choice<RecordingSides>("sides"),
        at.Choice<RecordingStart>("from"),
        at.IntegerOrAuto("workers", 1, 64, Math.Max(1, Environment.ProcessorCount / 4)),
        at.Integer("queue", 1, 1_000_000),
        Retry(at.Section("retry")),
        at.Size("cache-size", 1 << 20, 1L << 44),
        at.Section("srtp").TextOrEmpty("key-log"),
        CodecsOff(at.Section("codecs")));

    private static IReadOnlyList<string> CodecsOff(SettingsReader at)
    {
        IReadOnlyList<string> names = at.TextList("disable", 32);
        string? stranger = names.FirstOrDefault(static name => !AudioDecoders.Names.Contains(name, StringComparer.OrdinalIgnoreCase));
        return stranger is null ? names : throw at.Fail("disable", $"'{stranger}' is none of {string.Join(", ", AudioDecoders.Names)}");
    }

    private static RecordingRetrySettings Retry(SettingsReader at) => new(
        at.Integer("attempts", 1, 100),
        at.Duration("first", Second, Day),
        at.Duration("most", Second, Day * 7));

    private static ControlSettings Control(SettingsReader at)
    {
        var settings = new ControlSettings(at.Choice<ControlAdapter>("adapter"), Ami(at.Section("ami")));
        if (settings.Adapter != ControlAdapter.Ami) return settings;
        if (settings.Ami.User.Length == 0) throw at.Section("ami").Fail("user", "the manager interface wants a user (a section of manager.conf)");
        return settings.Ami.Secret.Length > 0 ? settings : throw at.Section("ami").Fail("secret", "the manager interface wants a secret");
    }

    private static AmiSettings Ami(SettingsReader at)
    {
        // They become lines of the interface.
        string Line(string key) => at.TextOrEmpty(key) is var text && text.Any(char.IsControl) ? throw at.Fail(key, "it has control characters") : text;
        string Channel(string key) => Line(key) is var text && text.Contains("{number}", StringComparison.Ordinal) ? text : throw at.Fail(key, "it has no {number}, for example PJSIP/{number}");
        return new AmiSettings(
            at.Address("address"), Line("user"), Line("secret"), at.Duration("timeout", Second, Minute), Line("context"), Channel("extension"), Channel("device"),
            at.Duration("ring-time", Second, Minute * 10), Line("parking-lot"), Line("hold"));
    }

    private static PageSettings Page(SettingsReader at) => new(
        at.Switch("enabled"),
        at.Duration("session-idle", Minute, 30 * Day),
        at.Duration("session-life", Minute, 365 * Day));
}

using System.Collections.Concurrent;
using System.Text;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Registrations;
using CdrEngine.Engine.Desk;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.PacketLog;

namespace CdrEngine.Engine.Tests.Desk;

/// <summary>One run of the engine over a tape, with what its desk told. Dispose it to remove its packet log.</summary>
internal sealed class DeskRun : IRecordOutput, IDeskOutput, IDisposable
{
    private readonly Dictionary<string, long> _statistics = [];
    private readonly string? _folder;

    private DeskRun(PacketTape tape, EngineOptions options, bool keepsPackets, DeskStart? start)
    {
        if (keepsPackets) _folder = Directory.CreateTempSubdirectory("cdrengine-desk-").FullName;
        using PacketLogFolder? log = _folder is null ? null : PacketLogFolder.Open(_folder);
        var engine = new CaptureEngine(options, this, log, this, start);
        using IDisposable failures = engine.Events.Subscribe(happened => Events.Enqueue(happened.ToString() ?? ""));
        tape.PlayTo(engine);
        engine.CompleteAsync().GetAwaiter().GetResult();
        foreach ((string area, string name, long value, _) in engine.Statistics()) _statistics[$"{area}.{name}"] = value;
    }

    /// <summary>The last state of each registration.</summary>
    public Dictionary<string, StoredRegistration> Registrations { get; } = new(StringComparer.Ordinal);

    /// <summary>Events by registration and number: the last telling of each.</summary>
    public SortedDictionary<(string Id, int Sequence), RegistrationEvent> History { get; } = [];

    /// <summary>The last telling of each message, in order of the first.</summary>
    public OrderedDictionary<string, StoredMessage> Messages { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, PeerRecord> Peers { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, MailboxRecord> Mailboxes { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<string> Events { get; } = [];

    public long this[string counter] => _statistics[counter];

    public static DeskRun Of(PacketTape tape, EngineOptions? options = null, bool keepsPackets = false, DeskStart? start = null) =>
        new(tape, options ?? new EngineOptions { Shards = 1 }, keepsPackets, start);

    public static DeskRun OfFile(string path, bool keepsPackets = false) => Of(PacketTape.OfFiles(path), keepsPackets: keepsPackets);

    public IEnumerable<RegistrationEvent> HistoryOf(string id) => History.Where(pair => pair.Key.Id == id).Select(static pair => pair.Value);

    public RegistrationRecord Registration(string aor) => Registrations.Values.Single(stored => stored.Record.Aor == aor).Record;

    /// <summary>Everything told, as text, in an order of its own.</summary>
    public string Json()
    {
        var text = new StringBuilder();
        foreach (StoredRegistration stored in Registrations.Values.OrderBy(static stored => stored.Record.Id, StringComparer.Ordinal))
            text.Append(Encoding.UTF8.GetString(RegistrationJson.ToUtf8(stored.Record))).Append('\n');
        foreach (((string id, _), RegistrationEvent happened) in History)
            text.Append(id).Append(' ').Append(Encoding.UTF8.GetString(RegistrationJson.ToUtf8(happened))).Append('\n');
        foreach (StoredMessage message in Messages.Values) text.Append(Encoding.UTF8.GetString(MessageJson.ToUtf8(message.Record))).Append('\n');
        foreach (PeerRecord peer in Peers.Values.OrderBy(static peer => peer.Id, StringComparer.Ordinal))
            text.Append(Encoding.UTF8.GetString(PeerJson.ToUtf8(peer))).Append('\n');
        return text.ToString();
    }

    public PacketLogReader OpenLog() => new(_folder ?? throw new InvalidOperationException("no packets were kept"));

    public void Emit(in RecordEmission emission)
    {
        // Calls are tested elsewhere.
    }

    public void Emit(DeskChanges changes)
    {
        foreach (string id in changes.ForgottenRegistrations) Registrations.Remove(id);
        foreach (StoredRegistration registration in changes.Registrations)
        {
            Registrations[registration.Record.Id] = registration;
            foreach (RegistrationEvent happened in registration.Events) History[(registration.Record.Id, happened.Sequence)] = happened;
        }

        foreach (StoredMessage message in changes.Messages) Messages[message.Record.Id] = message;
        foreach (PeerRecord peer in changes.Peers) Peers[peer.Id] = peer;
        foreach (MailboxRecord mailbox in changes.Mailboxes) Mailboxes[mailbox.Account] = mailbox;
    }

    public void Dispose()
    {
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
    }
}

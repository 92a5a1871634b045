using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;

namespace CdrEngine.Calls.Peers;

/// <summary>Which side of the requests a peer is on. Written to disk: values only ever grow.</summary>
public enum PeerDirection : byte
{
    /// <summary>It was sent the requests, and answers them or not.</summary>
    Received = 0,

    /// <summary>It sent them.</summary>
    Sent = 1,
}

/// <summary>What went between the telephone system and one address outside calls, of one method and event package.</summary>
public sealed record PeerRecord
{
    /// <summary>Identity: 24 hexadecimal digits derived from address, direction, method and event.</summary>
    public required string Id { get; init; }

    /// <summary>The peer. Where it sends, its port may be another for each connection and is 0.</summary>
    public required Endpoint Address { get; init; }

    /// <summary>Side it is on.</summary>
    public PeerDirection Direction { get; init; }

    /// <summary>Method.</summary>
    public required string Method { get; init; }

    /// <summary>Event package (RFC 6665), without parameters; empty where the method has none.</summary>
    public string Event { get; init; } = "";

    /// <summary>Requests; retries and repetitions are not counted.</summary>
    public long Requests { get; init; }

    /// <summary>Those with a final response.</summary>
    public long Answered { get; init; }

    /// <summary>Those without one in time.</summary>
    public long Unanswered { get; init; }

    /// <summary>Final responses by class: 2xx, 3xx, 4xx, 5xx, 6xx.</summary>
    public IReadOnlyList<long> ByClass { get; init; } = [0, 0, 0, 0, 0];

    /// <summary>Retransmissions.</summary>
    public long Retransmissions { get; init; }

    /// <summary>Least response time; null where nothing was answered.</summary>
    public TimeSpan? ResponseMin { get; init; }

    /// <summary>Mean response time.</summary>
    public TimeSpan? ResponseMean { get; init; }

    /// <summary>Greatest response time.</summary>
    public TimeSpan? ResponseMax { get; init; }

    /// <summary>Response time that 95 of 100 do not exceed: upper end of its step of the histogram, which are a fifth apart.</summary>
    public TimeSpan? ResponseP95 { get; init; }

    /// <summary>Last final status; 0 before the first.</summary>
    public int LastStatus { get; init; }

    /// <summary>First request.</summary>
    public Timestamp FirstAt { get; init; }

    /// <summary>Last request.</summary>
    public Timestamp LastAt { get; init; }

    /// <summary>Last final response.</summary>
    public Timestamp? LastAnswerAt { get; init; }

    /// <summary>First request since the last answer that was not answered; null where the last was. Since then the peer is silent.</summary>
    public Timestamp? UnansweredSince { get; init; }

    /// <summary>States told by dialog-info (RFC 4235): trying, proceeding, early, confirmed, terminated.</summary>
    public IReadOnlyList<long> DialogStates { get; init; } = [0, 0, 0, 0, 0];

    /// <summary>Tenant by the directory; null without one.</summary>
    public string? Tenant { get; init; }
}

/// <summary>What message-summary (RFC 3842) last told of a mailbox.</summary>
/// <param name="Account">The mailbox: Message-Account, else the address of record notified.</param>
/// <param name="IsWaiting">Messages-Waiting.</param>
/// <param name="NewVoice">New voice messages; null where only waiting was told.</param>
/// <param name="OldVoice">Old ones.</param>
/// <param name="NewUrgent">New urgent ones.</param>
/// <param name="OldUrgent">Old urgent ones.</param>
/// <param name="At">When it was told.</param>
public sealed record MailboxRecord(string Account, bool IsWaiting, int? NewVoice, int? OldVoice, int? NewUrgent, int? OldUrgent, Timestamp At)
{
    /// <summary>Tenant by the directory; null without one.</summary>
    public string? Tenant { get; init; }
}

/// <summary>The JSON of peers and mailboxes. Members are always there and only ever grow at the end.</summary>
public static class PeerJson
{
    private static readonly JsonWriterOptions Compact = new() { SkipValidation = true, Encoder = PlainText.Encoder };
    private static readonly string[] Classes = ["2xx", "3xx", "4xx", "5xx", "6xx"];
    private static readonly string[] States = ["trying", "proceeding", "early", "confirmed", "terminated"];

    /// <summary>Writes a peer as one object.</summary>
    public static void Write(PeerRecord peer, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, peer.Id);
        writer.WriteString("ip"u8, peer.Address.Address.ToString());
        if (peer.Address.Port == 0) writer.WriteNull("port"u8);
        else writer.WriteNumber("port"u8, peer.Address.Port);
        writer.WriteString("direction"u8, EnumNames<PeerDirection>.Of(peer.Direction));
        writer.WriteString("method"u8, peer.Method);
        writer.WriteString("event"u8, peer.Event.Length == 0 ? null : peer.Event);
        writer.WriteNumber("requests"u8, peer.Requests);
        writer.WriteNumber("answered"u8, peer.Answered);
        writer.WriteNumber("unanswered"u8, peer.Unanswered);
        WriteCounts(writer, "statuses"u8, Classes, peer.ByClass);
        writer.WriteNumber("retransmissions"u8, peer.Retransmissions);
        CallRecordJson.WriteSpan(writer, "response_min_ms"u8, peer.ResponseMin);
        CallRecordJson.WriteSpan(writer, "response_mean_ms"u8, peer.ResponseMean);
        CallRecordJson.WriteSpan(writer, "response_max_ms"u8, peer.ResponseMax);
        CallRecordJson.WriteSpan(writer, "response_p95_ms"u8, peer.ResponseP95);
        writer.WriteNumber("last_status"u8, peer.LastStatus);
        CallRecordJson.WriteTime(writer, "first_at"u8, peer.FirstAt);
        CallRecordJson.WriteTime(writer, "last_at"u8, peer.LastAt);
        CallRecordJson.WriteTime(writer, "last_answer_at"u8, peer.LastAnswerAt);
        CallRecordJson.WriteTime(writer, "unanswered_since"u8, peer.UnansweredSince);
        WriteCounts(writer, "dialog_states"u8, States, peer.DialogStates);
        writer.WriteString("tenant"u8, peer.Tenant);
        writer.WriteEndObject();
    }

    /// <summary>Writes a mailbox as one object.</summary>
    public static void Write(MailboxRecord mailbox, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("account"u8, mailbox.Account);
        writer.WriteBoolean("waiting"u8, mailbox.IsWaiting);
        RegistrationJson.WriteNumber(writer, "new_voice", mailbox.NewVoice);
        RegistrationJson.WriteNumber(writer, "old_voice", mailbox.OldVoice);
        RegistrationJson.WriteNumber(writer, "new_urgent", mailbox.NewUrgent);
        RegistrationJson.WriteNumber(writer, "old_urgent", mailbox.OldUrgent);
        CallRecordJson.WriteTime(writer, "at"u8, mailbox.At);
        writer.WriteString("tenant"u8, mailbox.Tenant);
        writer.WriteEndObject();
    }

    /// <summary>A peer as UTF-8.</summary>
    public static byte[] ToUtf8(PeerRecord peer) => ToUtf8(writer => Write(peer, writer));

    /// <summary>A mailbox as UTF-8.</summary>
    public static byte[] ToUtf8(MailboxRecord mailbox) => ToUtf8(writer => Write(mailbox, writer));

    /// <summary>Reads what <see cref="ToUtf8(PeerRecord)"/> wrote; null for anything else.</summary>
    public static PeerRecord? ReadPeer(ReadOnlyMemory<byte> utf8) => RegistrationJson.Read(utf8, static json => new PeerRecord
    {
        Id = CallRecordJson.RequiredText(json, "id"),
        Address = new Endpoint(
            IpAddress.TryParse(CallRecordJson.RequiredText(json, "ip"), out IpAddress address) ? address : throw new FormatException("ip"),
            (ushort)(RegistrationJson.Number(json, "port") ?? 0)),
        Direction = CallRecordJson.Named<PeerDirection>(json, "direction"),
        Method = CallRecordJson.RequiredText(json, "method"),
        Event = CallRecordJson.Text(json, "event") ?? "",
        Requests = CallRecordJson.Integer(json, "requests"),
        Answered = CallRecordJson.Integer(json, "answered"),
        Unanswered = CallRecordJson.Integer(json, "unanswered"),
        ByClass = ReadCounts(json.GetProperty("statuses"), Classes),
        Retransmissions = CallRecordJson.Integer(json, "retransmissions"),
        ResponseMin = CallRecordJson.Span(json, "response_min_ms"),
        ResponseMean = CallRecordJson.Span(json, "response_mean_ms"),
        ResponseMax = CallRecordJson.Span(json, "response_max_ms"),
        ResponseP95 = CallRecordJson.Span(json, "response_p95_ms"),
        LastStatus = CallRecordJson.Int(json, "last_status"),
        FirstAt = CallRecordJson.Time(json, "first_at") ?? throw new FormatException("first_at"),
        LastAt = CallRecordJson.Time(json, "last_at") ?? throw new FormatException("last_at"),
        LastAnswerAt = CallRecordJson.Time(json, "last_answer_at"),
        UnansweredSince = CallRecordJson.Time(json, "unanswered_since"),
        DialogStates = ReadCounts(json.GetProperty("dialog_states"), States),
        Tenant = CallRecordJson.Text(json, "tenant"),
    });

    /// <summary>Reads what <see cref="ToUtf8(MailboxRecord)"/> wrote; null for anything else.</summary>
    public static MailboxRecord? ReadMailbox(ReadOnlyMemory<byte> utf8) => RegistrationJson.Read(utf8, static json => new MailboxRecord(
        CallRecordJson.RequiredText(json, "account"),
        json.GetProperty("waiting").GetBoolean(),
        RegistrationJson.Number(json, "new_voice"),
        RegistrationJson.Number(json, "old_voice"),
        RegistrationJson.Number(json, "new_urgent"),
        RegistrationJson.Number(json, "old_urgent"),
        CallRecordJson.Time(json, "at") ?? throw new FormatException("at"))
    { Tenant = CallRecordJson.Text(json, "tenant") });

    private static byte[] ToUtf8(Action<Utf8JsonWriter> write) => JsonScratch.ToUtf8(write, static (write, writer) => write(writer));

    private static void WriteCounts(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string[] names, IReadOnlyList<long> counts)
    {
        writer.WriteStartObject(name);
        for (int i = 0; i < names.Length; i++) writer.WriteNumber(names[i], counts[i]);
        writer.WriteEndObject();
    }

    private static long[] ReadCounts(StoredValue json, string[] names) => Array.ConvertAll(names, name => CallRecordJson.Integer(json, name));
}

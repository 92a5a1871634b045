using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;

namespace CdrEngine.Api.Queries;

/// <summary>The parameters of the lists of what goes on outside calls.</summary>
internal static class DeskParameters
{
    private const string CursorText = "Where to go on: `next_cursor` of the page before, with the same filters and order.";
    private const string TimeText = "RFC 3339 with an offset, or seconds since 1970 with up to six decimals.";

    private static readonly string LimitText = $"Records on the page, 1 to {CallQuery.MaxLimit}. The default is a setting.";
    private static readonly ValueShape Flag = new("string", "true") { Names = ["true", "false"] };
    private static readonly string[] RegistrationOrders = [.. EnumNames<RegistrationSort>.All.SelectMany(static pair => (string[])[pair.Name, "-" + pair.Name])];

    /// <summary>Of registrations.</summary>
    public static IReadOnlyList<ListParameter<RegistrationQuery>> Registrations { get; } =
    [
        new("aor", "Address of record, or its user part; a prefix where it ends in `*`.", Shapes.Text("sip:1001@example.com"), static (query, value) => (query with { Aor = value }, null)),
        new("contact", "Part of the contact URI.", Shapes.Text("1001@192.0.2"), static (query, value) => (query with { Contact = value }, null)),
        new("address", "Source address as the network shows it.", Shapes.Text("192.0.2.1"), static (query, value) =>
        {
            string? problem = ValueText.Address(value, out IpAddress address);
            return (query with { Address = address }, problem);
        }),
        new("state", "In this state.", Shapes.Names<RegistrationState>(), static (query, value) =>
        {
            string? problem = ValueText.Name(value, out RegistrationState state);
            return (query with { State = state }, problem);
        }),
        new("user_agent", "Part of the User-Agent; case does not matter.", Shapes.Text("yealink"), static (query, value) => (query with { UserAgent = value }, null)),
        new("instance", "+sip.instance, exactly, without brackets.", Shapes.Text("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), static (query, value) => (query with { Instance = value }, null)),
        new("mac", "Hardware address, however its pairs are parted.", Shapes.Text("00:04:13:24:12:34"), static (query, value) =>
        {
            string? mac = HardwareAddress.Find(default, value.Length == 12 ? string.Join(':', value.Chunk(2).Select(static pair => new string(pair))) : value, default);
            return (query with { Mac = mac }, mac is null ? "is no hardware address such as 00:04:13:24:12:34" : null);
        }),
        new("realm", "Digest realm, exactly.", Shapes.Text("example.com"), static (query, value) => (query with { Realm = value }, null)),
        new("expiring_before", $"Bound, and running out before: {TimeText}", Shapes.Text("2026-11-20T04:27:00Z"), static (query, value) =>
            (query with { ExpiringBefore = Shapes.Time(value, out string? problem) }, problem)),
        new("from", $"Last seen at or after: {TimeText}", Shapes.Text("2026-11-20T04:27:00Z"), static (query, value) => (query with { From = Shapes.Time(value, out string? problem) }, problem)),
        new("to", "Last seen before; written as `from`.", Shapes.Text("2026-11-21T00:00:00Z"), static (query, value) => (query with { To = Shapes.Time(value, out string? problem) }, problem)),
        new("sort", "Order: the greatest or latest first with `-`. Where the key is equal the id decides.", new ValueShape("string", "-last_seen_at") { Names = RegistrationOrders }, static (query, value) =>
        {
            bool descending = value.StartsWith('-');
            return EnumNames<RegistrationSort>.TryParse(descending ? value[1..] : value, out RegistrationSort sort)
                ? (query with { Sort = sort, Ascending = !descending }, null)
                : (query, $"is none of {string.Join(", ", RegistrationOrders)}");
        })
        {
            Default = "-last_seen_at",
        },
        new("tenant", "Tenant by the directory.", Shapes.Text("acme"), static (query, value) => (query with { Tenant = value }, null)),
        new("limit", LimitText, Shapes.Limit, static (query, value) =>
        {
            string? problem = ValueText.Whole(value, 1, CallQuery.MaxLimit, out int limit);
            return (query with { Limit = limit }, problem);
        }),
        new("cursor", CursorText, Shapes.Text("Aw…"), static (query, value) => (query with { Cursor = value }, null)),
    ];

    /// <summary>Of messages; <c>call_id</c> is turned into the call's Call-ID by who asks.</summary>
    public static IReadOnlyList<ListParameter<MessageQuery>> Messages { get; } =
    [
        new("from", $"Started at or after: {TimeText}", Shapes.Text("2026-11-20T04:27:00Z"), static (query, value) => (query with { From = Shapes.Time(value, out string? problem) }, problem)),
        new("to", "Started before; written as `from`.", Shapes.Text("2026-11-21T00:00:00Z"), static (query, value) => (query with { To = Shapes.Time(value, out string? problem) }, problem)),
        new("number", "Number of either party; a prefix where it ends in `*`.", Shapes.Text("1001"), static (query, value) => (query with { Number = value }, null)),
        new("text", "Part of the text, of a name or of a URI; case does not matter.", Shapes.Text("invoice"), static (query, value) => (query with { Text = value }, null)),
        new("outcome", "With this outcome.", Shapes.Names<MessageOutcome>(), static (query, value) =>
        {
            string? problem = ValueText.Name(value, out MessageOutcome outcome);
            return (query with { Outcome = outcome }, problem);
        }),
        new("kind", "How it travelled.", Shapes.Names<MessageKind>(), static (query, value) =>
        {
            string? problem = ValueText.Name(value, out MessageKind kind);
            return (query with { Kind = kind }, problem);
        }),
        new("conversation_id", "Of this conversation.", Shapes.CallId, static (query, value) => (query with { ConversationId = value }, Shapes.NoCallId(value))),
        new("sip_call_id", "Call-ID header, exactly.", Shapes.Text("a84b4c76e66710@pc33.example.com"), static (query, value) => (query with { SipCallId = value }, null)),
        new("call_id", "Sent within the call of this id.", Shapes.CallId, static (query, value) => (query, Shapes.NoCallId(value))),
        new("in_call", "Sent within a call, or not.", Flag, static (query, value) => (query with { InCall = value == "true" }, NoFlag(value))),
        new("sort", "Order, by the start.", Shapes.StartedAt, static (query, value) => (query with { Ascending = value == "started_at" }, Shapes.NoSort(value))) { Default = "-started_at" },
        new("tenant", "Tenant by the directory.", Shapes.Text("acme"), static (query, value) => (query with { Tenant = value }, null)),
        new("limit", LimitText, Shapes.Limit, static (query, value) =>
        {
            string? problem = ValueText.Whole(value, 1, CallQuery.MaxLimit, out int limit);
            return (query with { Limit = limit }, problem);
        }),
        new("cursor", CursorText, Shapes.Text("Aw…"), static (query, value) => (query with { Cursor = value }, null)),
    ];

    /// <summary>Of conversations.</summary>
    public static IReadOnlyList<ListParameter<ConversationQuery>> Conversations { get; } =
    [
        new("from", $"Started at or after: {TimeText}", Shapes.Text("2026-11-20T04:27:00Z"), static (query, value) => (query with { From = Shapes.Time(value, out string? problem) }, problem)),
        new("to", "Started before; written as `from`.", Shapes.Text("2026-11-21T00:00:00Z"), static (query, value) => (query with { To = Shapes.Time(value, out string? problem) }, problem)),
        new("party", "One of its parties: user, number, or user@domain.", Shapes.Text("1001"), static (query, value) => (query with { Party = value }, null)),
        new("sort", "Order, by the start.", Shapes.StartedAt, static (query, value) => (query with { Ascending = value == "started_at" }, Shapes.NoSort(value))) { Default = "-started_at" },
        new("tenant", "Tenant by the directory.", Shapes.Text("acme"), static (query, value) => (query with { Tenant = value }, null)),
        new("limit", LimitText, Shapes.Limit, static (query, value) =>
        {
            string? problem = ValueText.Whole(value, 1, CallQuery.MaxLimit, out int limit);
            return (query with { Limit = limit }, problem);
        }),
        new("cursor", CursorText, Shapes.Text("Aw…"), static (query, value) => (query with { Cursor = value }, null)),
    ];

    /// <summary>Of peers.</summary>
    public static IReadOnlyList<ListParameter<PeerQuery>> Peers { get; } =
    [
        new("address", "IP address of the peer.", Shapes.Text("192.0.2.1"), static (query, value) =>
        {
            string? problem = ValueText.Address(value, out IpAddress address);
            return (query with { Address = address }, problem);
        }),
        new("direction", "Which side of the requests it is on.", Shapes.Names<PeerDirection>(), static (query, value) =>
        {
            string? problem = ValueText.Name(value, out PeerDirection direction);
            return (query with { Direction = direction }, problem);
        }),
        new("method", "Method, exactly.", Shapes.Text("OPTIONS"), static (query, value) => (query with { Method = value }, null)),
        new("event", "Event package, exactly.", Shapes.Text("message-summary"), static (query, value) => (query with { Event = value }, null)),
        new("silent", "Those that stopped answering, or those that did not.", Flag, static (query, value) => (query with { Silent = value == "true" }, NoFlag(value))),
        new("sort", "Order, by the last request.", new ValueShape("string", "-last_at") { Names = ["last_at", "-last_at"] }, static (query, value) =>
            (query with { Ascending = value == "last_at" }, value is "last_at" or "-last_at" ? null : "is none of last_at, -last_at"))
        {
            Default = "-last_at",
        },
        new("tenant", "Tenant by the directory.", Shapes.Text("acme"), static (query, value) => (query with { Tenant = value }, null)),
        new("limit", LimitText, Shapes.Limit, static (query, value) =>
        {
            string? problem = ValueText.Whole(value, 1, CallQuery.MaxLimit, out int limit);
            return (query with { Limit = limit }, problem);
        }),
        new("cursor", CursorText, Shapes.Text("Aw…"), static (query, value) => (query with { Cursor = value }, null)),
    ];

    /// <summary>Of mailboxes.</summary>
    public static IReadOnlyList<ListParameter<MailboxQuery>> Mailboxes { get; } =
    [
        new("account", "The mailbox; a prefix where it ends in `*`.", Shapes.Text("sip:1001@example.com"), static (query, value) => (query with { Account = value }, null)),
        new("waiting", "With new messages, or without.", Flag, static (query, value) => (query with { Waiting = value == "true" }, NoFlag(value))),
        new("tenant", "Tenant by the directory.", Shapes.Text("acme"), static (query, value) => (query with { Tenant = value }, null)),
        new("limit", LimitText, Shapes.Limit, static (query, value) =>
        {
            string? problem = ValueText.Whole(value, 1, CallQuery.MaxLimit, out int limit);
            return (query with { Limit = limit }, problem);
        }),
        new("cursor", CursorText, Shapes.Text("Aw…"), static (query, value) => (query with { Cursor = value }, null)),
    ];

    private static string? NoFlag(string value) => value is "true" or "false" ? null : "is none of true, false";
}

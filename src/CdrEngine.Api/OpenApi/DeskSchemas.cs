using CdrEngine.Api.Queries;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using Microsoft.OpenApi;
using static CdrEngine.Api.OpenApi.SchemaText;

namespace CdrEngine.Api.OpenApi;

/// <summary>The schemas of what goes on outside calls. A test holds them against the JSON that is written, member by member.</summary>
internal static class DeskSchemas
{
    public const string Registration = "Registration";
    public const string RegistrationPage = "RegistrationPage";
    public const string RegistrationHistory = "RegistrationHistory";
    public const string Message = "Message";
    public const string MessagePage = "MessagePage";
    public const string Conversation = "Conversation";
    public const string ConversationPage = "ConversationPage";
    public const string Peer = "Peer";
    public const string PeerPage = "PeerPage";
    public const string Mailbox = "Mailbox";
    public const string MailboxPage = "MailboxPage";
    public const string RegistrationEvent = "RegistrationEvent";
    private const string MessageParty = "MessageParty";

    public static IReadOnlyDictionary<string, OpenApiSchema> All(OpenApiDocument document) => new Dictionary<string, OpenApiSchema>(StringComparer.Ordinal)
    {
        [Registration] = RegistrationSchema(document),
        [RegistrationEvent] = EventSchema().OrNull(),
        [RegistrationPage] = Page("registrations", Registration, document),
        [RegistrationHistory] = Object("What happened to a registration.", ("events", List("The latest first.", new OpenApiSchemaReference(RegistrationEvent, document)))),
        [Message] = MessageSchema(document),
        [MessageParty] = Object(
            "One end of a message.",
            ("number", Text("User part of the URI.").OrNull()),
            ("name", Text("Display name.").OrNull()),
            ("uri", Text("URI as on the wire.").OrNull()),
            ("asserted_uri", Text("P-Asserted-Identity, where it is another.").OrNull()),
            ("address", Text("Address and port as seen.").OrNull()),
            ("user_agent", Text("User-Agent or Server header.").OrNull())),
        [MessagePage] = Page("messages", Message, document),
        [Conversation] = Object(
            "Messages between the same two parties without a longer gap.",
            ("id", Text("Identity, derived from its parties and its first message.")),
            ("parties", List("Both, in order of their names.", Text("A telephone number, or user@domain."))),
            ("started_at", Time("First message.")),
            ("ended_at", Time("Last message.")),
            ("messages", Whole("Messages.")),
            ("tenant", Text("Tenant.").OrNull())),
        [ConversationPage] = Page("conversations", Conversation, document),
        [Peer] = PeerSchema(),
        [PeerPage] = Page("peers", Peer, document),
        [Mailbox] = Object(
            "What was last told of a mailbox (RFC 3842).",
            ("account", Text("The mailbox.")),
            ("waiting", Flag("Whether new messages wait.")),
            ("new_voice", Whole("New voice messages.").OrNull()),
            ("old_voice", Whole("Old ones.").OrNull()),
            ("new_urgent", Whole("New urgent ones.").OrNull()),
            ("old_urgent", Whole("Old urgent ones.").OrNull()),
            ("at", Time("When it was told.")),
            ("tenant", Text("Tenant.").OrNull())),
        [MailboxPage] = Page("mailboxes", Mailbox, document),
    };

    private static OpenApiSchema Page(string name, string item, OpenApiDocument document) => Object(
        $"A page of {name}.",
        (name, List("In the order asked for.", new OpenApiSchemaReference(item, document))),
        ("next_cursor", Text("Where the next page begins; null on the last.").OrNull()));

    private static OpenApiSchema RegistrationSchema(OpenApiDocument document) => Object(
        "One binding of an address of record to a contact, or the failure to make one. Every member is always there. Members are only ever added.",
        ("id", Text("Identity, derived from address of record and contact; stays when the device moves.")),
        ("aor", Text("Address of record: To without parameters.")),
        ("user", Text("Its user part.").OrNull()),
        ("domain", Text("Its domain.").OrNull()),
        ("state", Names("Where it stands.", ValueText.Names<RegistrationState>())),
        ("contact", Text("Contact URI.").OrNull()),
        ("source", Text("Where its requests come from, as the network shows it.").OrNull()),
        ("server", Text("Where they go to.").OrNull()),
        ("transport", Names("Transport.", ValueText.Names<Transport>())),
        ("behind_nat", Flag("Whether the contact names another address than the packets come from; null where it names a host.").OrNull()),
        ("expires_at", Time("When it runs out unless refreshed.").OrNull()),
        ("expires", Whole("Time granted, seconds.").OrNull()),
        ("registered_at", Time("When it became bound.").OrNull()),
        ("ended_at", Time("When it ended.").OrNull()),
        ("last_request_at", Time("Last request, refused ones included.").OrNull()),
        ("last_success_at", Time("Last 2xx.").OrNull()),
        ("last_failure_at", Time("Last failure.").OrNull()),
        ("sip_status", Whole("Status of the last attempt; 0 where it was not answered.")),
        ("sip_reason", Text("Reason phrase, or no_response.").OrNull()),
        ("min_expires", Whole("Min-Expires of the last 423, seconds.").OrNull()),
        ("response_ms", Number("From the last request to its response, milliseconds.").OrNull()),
        ("challenges", Whole("Challenges of the last attempt.")),
        ("refreshes", Whole("Refreshes since it became bound.")),
        ("moves", Whole("Moves since it is known.")),
        ("failures", Whole("Failures since it is known.")),
        ("retransmissions", Whole("Retransmissions since it is known.")),
        ("user_agent", Text("User-Agent.").OrNull()),
        ("instance", Text("+sip.instance.").OrNull()),
        ("reg_id", Whole("reg-id (RFC 5626).").OrNull()),
        ("mac", Text("Hardware address, where the device tells it.").OrNull()),
        ("gruu", Text("Public GRUU (RFC 5627).").OrNull()),
        ("auth_user", Text("Digest user name.").OrNull()),
        ("realm", Text("Digest realm.").OrNull()),
        ("sip_call_id", Text("Call-ID of the last REGISTER.").OrNull()),
        ("cseq", Whole("CSeq of the last REGISTER.")),
        ("path", List("Path (RFC 3327).", Text("A URI."))),
        ("service_route", List("Service-Route (RFC 3608).", Text("A URI."))),
        ("capture_source", Text("Interface, file or HEP agent that saw it last.")),
        ("last_event", new OpenApiSchemaReference(RegistrationEvent, document)),
        ("tenant", Text("Tenant.").OrNull()));

    private static OpenApiSchema EventSchema() => Object(
        "A change, or several alike in succession.",
        ("sequence", Whole("Place in the history, from 1.")),
        ("kind", Names("What changed.", ValueText.Names<RegistrationEventKind>())),
        ("at", Time("When; of several the first.")),
        ("last_at", Time("Of several the last.")),
        ("count", Whole("How many it stands for.")),
        ("source", Text("Source address.").OrNull()),
        ("before", Text("Where it was before, for moved.").OrNull()),
        ("contact", Text("Contact URI.").OrNull()),
        ("expires", Whole("Time granted, seconds.").OrNull()),
        ("sip_status", Whole("Final status; 0 where none.")),
        ("reason", Text("Reason phrase, or not_listed, listed, no_response.").OrNull()),
        ("user_agent", Text("User-Agent.").OrNull()),
        ("response_ms", Number("Response time of the last, milliseconds.").OrNull()));

    private static OpenApiSchema MessageSchema(OpenApiDocument document) => Object(
        "One message and what became of it. Every member is always there. Members are only ever added.",
        ("id", Text("Identity, derived from the message: UTC day of its start, a hyphen, 24 hexadecimal digits.")),
        ("kind", Names("How it travelled.", ValueText.Names<MessageKind>())),
        ("conversation_id", Text("The conversation it belongs to.")),
        ("sip_call_id", Text("Its Call-ID, or that of the call it was sent in.")),
        ("in_call", Flag("Whether it was sent within a call.")),
        ("media_index", Whole("M-line of the call it was sent over, for MSRP.").OrNull()),
        ("message_id", Text("Message-ID of MSRP or CPIM.").OrNull()),
        ("from", new OpenApiSchemaReference(MessageParty, document)),
        ("to", new OpenApiSchemaReference(MessageParty, document)),
        ("started_at", Time("First request or chunk.")),
        ("ended_at", Time("Final response.").OrNull()),
        ("response_ms", Number("From the last request to its response, milliseconds.").OrNull()),
        ("outcome", Names("What became of it.", ValueText.Names<MessageOutcome>())),
        ("sip_status", Whole("Final status; 0 where none.")),
        ("sip_reason", Text("Reason phrase.").OrNull()),
        ("transport", Names("Transport.", ValueText.Names<Transport>())),
        ("content_type", Text("Media type of the content.").OrNull()),
        ("charset", Text("Character set as written.").OrNull()),
        ("size", Whole("Octets of the content.")),
        ("text", Text("Text; null where there is none or the policy keeps none.").OrNull()),
        ("text_cut", Flag("True where the text is only the beginning.")),
        ("incomplete", Flag("True where a part of it is missing.")),
        ("chunks", Whole("Chunks it came in.")),
        ("challenges", Whole("Challenges answered.")),
        ("retransmissions", Whole("Retransmissions.")),
        ("hops", Whole("Places of the wire it was seen at.")),
        ("notifications", List("Notifications about it (RFC 5438), in order.", Object(
            "A notification.",
            ("kind", Names("Which.", ValueText.Names<NotificationKind>())),
            ("status", Text("As told: delivered, displayed, failed, …")),
            ("at", Time("When it was seen."))))),
        ("capture_source", Text("Interface, file or HEP agent that saw it.")),
        ("tenant", Text("Tenant.").OrNull()));

    private static OpenApiSchema PeerSchema() => Object(
        "What went between the telephone system and one address outside calls, of one method and event package.",
        ("id", Text("Identity, derived from address, direction, method and event.")),
        ("ip", Text("Address.")),
        ("port", Whole("Port; null where it sends.").OrNull()),
        ("direction", Names("Which side of the requests it is on.", ValueText.Names<PeerDirection>())),
        ("method", Text("Method.")),
        ("event", Text("Event package (RFC 6665).").OrNull()),
        ("requests", Whole("Requests, repetitions not counted.")),
        ("answered", Whole("Those with a final response.")),
        ("unanswered", Whole("Those without one in time.")),
        ("statuses", Object(
            "Final responses by class.",
            ("2xx", Whole("2xx.")),
            ("3xx", Whole("3xx.")),
            ("4xx", Whole("4xx.")),
            ("5xx", Whole("5xx.")),
            ("6xx", Whole("6xx.")))),
        ("retransmissions", Whole("Retransmissions.")),
        ("response_min_ms", Number("Least response time, milliseconds.").OrNull()),
        ("response_mean_ms", Number("Mean response time.").OrNull()),
        ("response_max_ms", Number("Greatest response time.").OrNull()),
        ("response_p95_ms", Number("Response time that 95 of 100 do not exceed, to a fifth.").OrNull()),
        ("last_status", Whole("Last final status; 0 before the first.")),
        ("first_at", Time("First request.")),
        ("last_at", Time("Last request.")),
        ("last_answer_at", Time("Last final response.").OrNull()),
        ("unanswered_since", Time("Since when it does not answer; null while it does.").OrNull()),
        ("dialog_states", Object(
            "States told by dialog-info (RFC 4235).",
            ("trying", Whole("trying.")),
            ("proceeding", Whole("proceeding.")),
            ("early", Whole("early.")),
            ("confirmed", Whole("confirmed.")),
            ("terminated", Whole("terminated.")))),
        ("tenant", Text("Tenant.").OrNull()));
}

using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Microsoft.OpenApi;
using static CdrEngine.Api.OpenApi.SchemaText;

namespace CdrEngine.Api.OpenApi;

/// <summary>The schemas of calls in progress and of events.</summary>
internal static class LiveSchemas
{
    public const string Call = "LiveCall";
    public const string Side = "LiveSide";

    public static OpenApiSchema LiveCall(OpenApiDocument document) => Object(
        "A call in progress.",
        ("id", Text("Id of its record, the same that the final record will have.")),
        ("session_id", Text("The conversation it belongs to.")),
        ("sip_call_id", Text("Call-ID header as on the wire.")),
        ("state", Names("Where it is.", ValueText.Names<LiveState>())),
        ("direction", Names("Direction by the directory.", ValueText.Names<CallDirection>()).OrNull()),
        ("tenant", Text("Tenant by the directory.").OrNull()),
        ("dialled", Text("What was dialled.").OrNull()),
        ("caller", Party()),
        ("callee", Party()),
        ("started_at", Time("First INVITE.")),
        ("rang_at", Time("First ringing.").OrNull()),
        ("answered_at", Time("Answer.").OrNull()),
        ("ended_at", Time("End, in the last events of a call.").OrNull()),
        ("duration_ms", Number("From the start to now, milliseconds.")),
        ("ring_ms", Number("From ringing to the answer or to now, milliseconds.").OrNull()),
        ("talk_ms", Number("From the answer to now, milliseconds.").OrNull()),
        ("codec", Text("Codec in use.").OrNull()),
        ("transport", Names("Transport of the first INVITE.", ValueText.Names<Transport>())),
        ("capture_source", Text("Interface, file or HEP agent that saw the first message.")),
        ("flags", List("What was inferred or noticed so far.", Names("A flag.", ValueText.Names<CallFlags>()))),
        ("caller_sent", new OpenApiSchemaReference(Side, document)),
        ("callee_sent", new OpenApiSchemaReference(Side, document)),
        ("unheard", Names("The side not heard for five seconds though the other is: one-way audio, as far as can be said while the call goes on.", ValueText.Names<PartySide>()).OrNull()),
        ("measured", Flag("Whether the figures of the streams were asked for and came.")),
        ("as_of", Time("Engine time of the answer.").OrNull()));

    public static OpenApiSchema LiveSide() => Object(
        "What one side sends, so far and in the last ten-second interval (now).",
        ("codec", Text("Codec.").OrNull()),
        ("src", Text("Sender, address and port.")),
        ("dst", Text("Receiver.")),
        ("packets", Whole("Packets.")),
        ("expected", Whole("Packets that were sent by the sequence numbers.")),
        ("lost", Whole("Packets never seen.")),
        ("loss_percent", Number("Lost of expected, 0..100.")),
        ("jitter_ms", Number("Mean jitter, milliseconds.").OrNull()),
        ("mos", Number("Mean opinion score, 1..4.5.").OrNull()),
        ("packets_now", Whole("Packets of the last interval.")),
        ("lost_now", Whole("Packets lost in it.")),
        ("jitter_now_ms", Number("Mean jitter in it, milliseconds.").OrNull()),
        ("mos_now", Number("Score of it.").OrNull()),
        ("last_packet_at", Time("Last packet."))).OrNull();

    public static OpenApiSchema LivePage(OpenApiDocument document) => Object(
        "A page of calls in progress.",
        ("calls", List("The calls, in the order asked for.", new OpenApiSchemaReference(Call, document))),
        ("totals", Object(
            "How many there are.",
            ("calls", Whole("All in progress.")),
            ("matching", Whole("Those that the filters leave.")),
            ("states", Object("By state.", [.. Enum.GetValues<LiveState>().Where(static state => state != LiveState.Ended).Select(static state => (EnumNames<LiveState>.Of(state), (IOpenApiSchema)Whole("Calls.")))])),
            ("sources", List("By source, the most first.", Object("A source.", ("source", Text("Its name.")), ("calls", Whole("Calls."))))))),
        ("next_cursor", Text("Where the next page begins; null on the last.").OrNull()));

    public static OpenApiSchema LiveEvent(OpenApiDocument document) => Object(
        "What happened to a call, or outside calls: the data of an event.",
        ("id", Whole("Number of the event; null for those that cannot be had again.").OrNull()),
        ("type", Names("What.", LiveEventNames.All)),
        ("at", Time("Packet time.")),
        ("update", Names("Why, for call.updated.", ValueText.Names<LiveUpdate>().Where(static name => name != "none")).OrNull()),
        ("call", OrNull("The call, for events of one and of its media sessions.", new OpenApiSchemaReference(Call, document))),
        ("media_session", OrNull("The media session, for events of one.", new OpenApiSchemaReference(RecordSchemas.MediaSession, document))),
        ("record", OrNull("The final record, with call.recorded and a revised call.updated.", new OpenApiSchemaReference(RecordSchemas.Call, document))),
        ("registration", OrNull("The registration, for events of one.", new OpenApiSchemaReference(DeskSchemas.Registration, document))),
        ("registration_event", OrNull("What happened to it, as its history has it.", new OpenApiSchemaReference(DeskSchemas.RegistrationEvent, document))),
        ("message", OrNull("The message, for events of one.", new OpenApiSchemaReference(DeskSchemas.Message, document))),
        ("peer", OrNull("The peer, for events of one.", new OpenApiSchemaReference(DeskSchemas.Peer, document))),
        ("alert", OrNull("The alert, for events of one.", new OpenApiSchemaReference(AlertSchemas.Alert, document))));

    private static OpenApiSchema OrNull(string description, IOpenApiSchema schema) => new()
    {
        Description = description,
        OneOf = [schema, new OpenApiSchema { Type = JsonSchemaType.Null }],
    };

    private static OpenApiSchema Party() => Object(
        "One end of it.",
        ("number", Text("User part of the URI.").OrNull()),
        ("name", Text("Display name.").OrNull()),
        ("uri", Text("URI as on the wire.").OrNull()),
        ("ip", Text("Signalling address.").OrNull()),
        ("port", Whole("Signalling port.").OrNull()));
}

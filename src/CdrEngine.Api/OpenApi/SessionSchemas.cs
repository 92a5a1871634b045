using CdrEngine.Api.Queries;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using Microsoft.OpenApi;
using static CdrEngine.Api.OpenApi.SchemaText;

namespace CdrEngine.Api.OpenApi;

/// <summary>The schemas of sessions.</summary>
internal static class SessionSchemas
{
    public const string Session = "Session";
    public const string SessionEntry = "SessionEntry";
    public const string SessionPage = "SessionPage";
    public const string SessionLegs = "SessionLegs";

    public static IEnumerable<(string Name, OpenApiSchema Schema)> All(OpenApiDocument document) =>
    [
        (Session, Object(
            "One conversation: its calls, and what happened in plain words.",
            [.. Members(), ("calls", List("The whole records of its calls.", new OpenApiSchemaReference(RecordSchemas.Call, document)))])),
        (SessionEntry, Object("One conversation, without the records of its calls.", Members())),
        (SessionPage, Object(
            "A page of sessions. Fewer than asked for, or none, does not mean that there are no more.",
            ("sessions", List("The sessions, in the order asked for.", new OpenApiSchemaReference(SessionEntry, document))),
            ("next_cursor", Text("Where the next page begins; null on the last.").OrNull()))),
        (SessionLegs, Object(
            "Media through the machines of a session: what came beside what left.",
            ("session_id", Text("Id of the session.")),
            ("legs", List("One for each stream that came to a machine whose other side was captured too.", Leg())),
            ("cut", Flag("There were more packets than are looked at.")))),
    ];

    private static (string Name, IOpenApiSchema Schema)[] Members() =>
    [
        ("id", Text("Id: that of the record of its first call.")),
        ("kind", Names("What it is, by the most notable thing that happened.", ValueText.Names<SessionKind>())),
        ("disposition", Names("How it came out for who began it.", ValueText.Names<Disposition>())),
        ("started_at", Time("Start of its first call.")),
        ("answered_at", Time("When the first two people talked.").OrNull()),
        ("ended_at", Time("End of its last call; null while one goes on.").OrNull()),
        ("duration_ms", Number("End less start, milliseconds.")),
        ("hangup_by", Text("Number of who ended it, or system.").OrNull()),
        ("caller", Object(
            "Who called.",
            ("number", Text("Number.").OrNull()),
            ("name", Text("Display name.").OrNull()),
            ("address", Text("Signalling address and port.").OrNull()))),
        ("dialled", Text("What was dialled.").OrNull()),
        ("participants", List("Who took part or was called, in order of appearance.", Object(
            "One of them.",
            ("number", Text("Number.").OrNull()),
            ("name", Text("Display name.").OrNull()),
            ("address", Text("Signalling address and port.").OrNull()),
            ("part", Names("What they did.", ValueText.Names<SessionPart>())),
            ("joined_at", Time("When they began to talk.").OrNull()),
            ("left_at", Time("When they were out of it.").OrNull()),
            ("call_ids", List("Ids of their calls.", Text("Id.")))))),
        ("story", List("What happened, in order of time.", Object(
            "One thing.",
            ("at", Time("When.")),
            ("kind", Names("What.", ValueText.Names<SessionStepKind>())),
            ("text", Text("In plain words.")),
            ("from", Text("Number of who did it.").OrNull()),
            ("to", Text("Number of whom it concerned.").OrNull()),
            ("call_id", Text("Id of the call that shows it."))))),
        ("links", List("Links between its calls, each once.", Object(
            "A link.",
            ("from", Text("Id of the earlier call.")),
            ("to", Text("Id of the other.")),
            ("method", Names("What showed it.", ValueText.Names<LinkMethod>())),
            ("score", Number("How sure it is, 0..1.")),
            ("relation", Names("What the other is to the earlier.", ValueText.Names<LinkRelation>()))))),
        ("call_ids", List("Ids of its calls, in order of their start.", Text("Id."))),
        ("one_way", List("Times in which a machine between its calls did not pass on what came to it.", Object(
            "A time.",
            ("kind", Names("Always not_forwarded.", [EnumNames<OneWayKind>.Of(OneWayKind.NotForwarded)])),
            ("from", Text("Number of who was not heard.").OrNull()),
            ("came_in", Text("Id of the call in which their packets came to the machine.")),
            ("missed_in", Text("Id of the call in which none of them left it.")),
            ("started_at", Time("Start.")),
            ("ended_at", Time("End.")),
            ("duration_ms", Number("End less start, milliseconds."))))),
    ];

    private static OpenApiSchema Leg() => Object(
        "One direction through one machine.",
        ("machine", Text("Address of the machine.")),
        ("in", Side("What came.")),
        ("out", Side("What left.").OrNull()),
        ("matched_by", Text("ssrc or payload; null where the packets cannot be matched, as when the machine transcodes.").OrNull()),
        ("came", Whole("Packets that came while both calls were up.")),
        ("forwarded", Whole("Of these, packets found again.").OrNull()),
        ("not_forwarded", Whole("Of these, packets not found again.").OrNull()),
        ("loss_added_percent", Number("The same, percent.").OrNull()),
        ("reordered", Whole("Packets that left in another order than they came.").OrNull()),
        ("delay_ms_min", Number("Least time in the machine, milliseconds.").OrNull()),
        ("delay_ms_mean", Number("Mean.").OrNull()),
        ("delay_ms_p95", Number("95 of 100 were not longer in it.").OrNull()),
        ("delay_ms_max", Number("Longest.").OrNull()),
        ("not_forwarded_at", List("Times of five seconds or more in which what came was not forwarded.", Object("A time.", ("from", Time("Start.")), ("to", Time("End."))))),
        ("uncertain", Flag("The capture lost packets meanwhile.")));

    private static OpenApiSchema Side(string description) => Object(
        description,
        ("call_id", Text("Id of the call.")),
        ("src", Text("Sender, address and port.")),
        ("dst", Text("Receiver.")),
        ("ssrc", Text("SSRC, eight hexadecimal digits.")),
        ("codec", Text("Codec.").OrNull()),
        ("packets", Whole("Packets.")),
        ("lost", Whole("Packets lost before the capture point.")),
        ("jitter_ms", Number("Mean jitter.").OrNull()));
}

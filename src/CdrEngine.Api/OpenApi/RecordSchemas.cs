using CdrEngine.Api.Queries;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Microsoft.OpenApi;
using static CdrEngine.Api.OpenApi.SchemaText;

namespace CdrEngine.Api.OpenApi;

/// <summary>The schemas of what the API answers. A test holds them against the JSON that is written, member by member.</summary>
internal static class RecordSchemas
{
    public const string Call = "Call";
    public const string CallPage = "CallPage";
    public const string CallTotals = "CallTotals";
    public const string MediaSession = "MediaSession";
    public const string MediaSessionPage = "MediaSessionPage";
    public const string StreamList = "StreamList";
    public const string Recording = "Recording";
    public const string RecordingPage = "RecordingPage";
    public const string Waveform = "Waveform";
    public const string Stats = "Stats";
    public const string LivePage = "LivePage";
    public const string LiveEvent = "LiveEvent";
    public const string ProblemDetails = "Problem";

    public static IReadOnlyDictionary<string, OpenApiSchema> All(OpenApiDocument document) => new Dictionary<string, OpenApiSchema>(StringComparer.Ordinal)
    {
        [Call] = CallSchema(document),
        ["Party"] = PartySchema(),
        ["Leg"] = LegSchema(),
        ["Stream"] = StreamSchemas.Stream(),
        [CallPage] = Object(
            "A page of call records.",
            ("calls", List("The records, in the order asked for.", new OpenApiSchemaReference(Call, document))),
            ("next_cursor", Text("Where the next page begins; null on the last.").OrNull())),
        [CallTotals] = TotalsSchema(),
        [MediaSession] = MediaSessionSchema(document),
        ["MediaSide"] = MediaSideSchema(),
        [MediaSessionPage] = Object(
            "A page of media sessions.",
            ("media_sessions", List("The records, in the order asked for.", new OpenApiSchemaReference(MediaSession, document))),
            ("next_cursor", Text("Where the next page begins; null on the last.").OrNull())),
        [StreamList] = Object("The streams of a call.", ("streams", List("In order of their first packet.", new OpenApiSchemaReference("Stream", document)))),
        [Recording] = RecordingSchema(),
        [RecordingPage] = Object(
            "A page of recordings.",
            ("recordings", List("Their states, in the order asked for.", new OpenApiSchemaReference(Recording, document))),
            ("next_cursor", Text("Where the next page begins; null on the last.").OrNull())),
        [Waveform] = Object(
            "The outline of a recording, for a page to draw.",
            ("version", Whole("1.")),
            ("sample_rate", Whole("Samples a second of the sound.")),
            ("duration_ms", Whole("Length of the sound, milliseconds.")),
            ("interval_ms", Whole("Time of a point, milliseconds; the last may be shorter.")),
            ("points", Whole("Points of each channel.")),
            ("peaks", new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "Peaks of each channel, 0 (silence) to 255: caller and callee, or mix.",
                AdditionalProperties = List("A channel.", Whole("A peak.")),
            })),
        [Stats] = StatsSchema(),
        [LiveSchemas.Call] = LiveSchemas.LiveCall(document),
        [LiveSchemas.Side] = LiveSchemas.LiveSide(),
        [LivePage] = LiveSchemas.LivePage(document),
        [LiveEvent] = LiveSchemas.LiveEvent(document),
        [ProblemDetails] = ProblemSchema(),
    };

    private static OpenApiSchema CallSchema(OpenApiDocument document) => Object(
        "One call: one SIP Call-ID from its first INVITE to its last BYE. Every member is always there, null or empty where unknown. Members are only ever added.",
        ("id", Text("Identity, derived from the call itself: UTC day of its start, a hyphen, 24 hexadecimal digits.")),
        ("session_id", Text("The conversation the call belongs to; its own id where it stands alone.")),
        ("sip_call_id", Text("Call-ID header as on the wire.")),
        ("state", Names("Where the call is.", ValueText.Names<CallState>())),
        ("disposition", Names("How it came out.", ValueText.Names<Disposition>())),
        ("sip_status", Whole("Final status the caller got; 0 where none was seen.")),
        ("cause", Object("Q.850 cause.", ("q850", Whole("Value, 0..127.")), ("text", Text("Its text."))).OrNull()),
        ("hangup_by", Names("Who ended the call.", ValueText.Names<HangupBy>())),
        ("direction", Names("Direction by the directory.", ValueText.Names<CallDirection>()).OrNull()),
        ("dialled", Text("What was dialled.").OrNull()),
        ("caller", new OpenApiSchemaReference("Party", document)),
        ("callee", new OpenApiSchemaReference("Party", document)),
        ("started_at", Time("First INVITE.")),
        ("trying_at", Time("First 100.").OrNull()),
        ("rang_at", Time("First 180, or 183 where no 180 came.").OrNull()),
        ("early_media_at", Time("First 18x with SDP.").OrNull()),
        ("answered_at", Time("First 2xx.").OrNull()),
        ("ended_at", Time("First BYE, else the final response, else the last evidence.").OrNull()),
        ("duration_ms", Number("End less start, milliseconds.")),
        ("ring_ms", Number("From ringing to answer or end, milliseconds.").OrNull()),
        ("pdd_ms", Number("Post-dial delay, milliseconds.").OrNull()),
        ("billsec", Whole("Billable seconds, rounded as the settings say.")),
        ("billsec_ms", Number("End less answer, milliseconds, exact.")),
        ("transport", Names("Transport of the first INVITE.", ValueText.Names<Transport>())),
        ("capture_source", Text("Interface, file or HEP agent that saw the first message.")),
        ("flags", List("What was inferred or noticed.", Names("A flag.", ValueText.Names<CallFlags>()))),
        ("legs", List("Dialogs of the call, one for each To-tag.", new OpenApiSchemaReference("Leg", document))),
        ("streams", List("RTP streams.", new OpenApiSchemaReference("Stream", document))),
        ("dtmf", List("Digits.", Object(
            "A digit.",
            ("digit", Text("0-9, *, #, A-D.")),
            ("at", Time("Start.")),
            ("duration_ms", Number("Length.").OrNull()),
            ("from", Names("Who pressed it.", ValueText.Names<PartySide>())),
            ("method", Names("How it travelled.", ValueText.Names<DtmfMethod>()))))),
        ("media_sessions", List("One for each m-line.", new OpenApiSchemaReference(MediaSession, document))),
        ("recording", Object(
            "The recording.",
            ("state", Names("State.", ValueText.Names<RecordingState>())),
            ("reason", Text("Why there is none.").OrNull()),
            ("url", Text("Path under the API.").OrNull()))),
        ("disposition_class", Text("ANSWERED, NO ANSWER, BUSY or FAILED; null while open.").OrNull()),
        ("sip_reason", Text("Reason phrase beside sip_status.").OrNull()),
        ("cause_source", Names("Where the cause is from.", ValueText.Names<CauseSource>()).OrNull()),
        ("bye_confirmed_at", Time("2xx of the BYE.").OrNull()),
        ("pdd_authenticated_ms", Number("As pdd_ms, from the authenticated INVITE.").OrNull()),
        ("missing_bye_reason", Names("How the end was known without a BYE.", ValueText.Names<EndReason>()).OrNull()),
        ("messages", Whole("SIP messages, all hops.")),
        ("retransmissions", Whole("Retransmissions among them.")),
        ("hops", List("Places of the wire the INVITE was seen at.", Object(
            "A place.",
            ("src", Text("Sender, address and port.")),
            ("dst", Text("Receiver.")),
            ("transport", Names("Transport.", ValueText.Names<Transport>())),
            ("first_seen_at", Time("First message.")),
            ("messages", Whole("Messages."))))),
        ("held", List("Times on hold.", Object(
            "A time.",
            ("by", Names("Who held.", ValueText.Names<PartySide>())),
            ("from", Time("Start.")),
            ("to", Time("End.").OrNull())))),
        ("headers", List("Headers of identity and diversion, as on the wire.", Object(
            "A header.",
            ("name", Text("Lower case.")),
            ("value", Text("Value."))))),
        ("one_way", List("Times when one side was not heard though both were to be.", Object(
            "A time.",
            ("kind", Names("Why.", ValueText.Names<OneWayKind>())),
            ("from", Names("The side not heard.", ValueText.Names<PartySide>())),
            ("started_at", Time("Start.")),
            ("ended_at", Time("End.")),
            ("duration_ms", Number("Length, milliseconds."))))),
        ("fax", Object(
            "A fax by T.38.",
            ("pages", Whole("Pages confirmed.")),
            ("remote_station", Text("Number the callee's machine gave.").OrNull()),
            ("local_station", Text("Number the caller's machine gave.").OrNull()),
            ("rate", Whole("Bit rate ordered last, bits per second; 0 where none was heard.")),
            ("result", Names("How it came out.", ValueText.Names<FaxResult>())),
            ("error_correction", Flag("Pages went with error correction.")),
            ("packets", Whole("Datagrams, both ways.")),
            ("lost", Whole("Messages that nothing gave back.")),
            ("recovered", Whole("Messages given back by redundancy or parity.")),
            ("duplicates", Whole("Datagrams that came twice.")),
            ("image_octets", Whole("Octets of pages.")),
            ("media_index", Whole("Its m-line, from 0; -1 where unknown.")),
            ("started_at", Time("First datagram.")),
            ("ended_at", Time("Last datagram."))).OrNull()),
        ("tenant", Text("Tenant by the directory.").OrNull()),
        ("context", Names("What the call was, by the directory.", ValueText.Names<CallContext>()).OrNull()),
        ("trunk", Text("Trunk it went over.").OrNull()),
        ("billed_account", Text("Account that pays.").OrNull()),
        ("rate", Text("Price of a minute, a decimal number.").OrNull()),
        ("charge", Text("Price of the call, a decimal number; null where it is not to be paid or no rate is known.").OrNull()),
        ("currency", Text("ISO 4217 code of rate and charge.").OrNull()),
        ("destination", Text("Name of the destination in the rate table.").OrNull()),
        ("links", List("Calls that belong with this one to a session.", Object(
            "A link.",
            ("call_id", Text("Id of the other call's record.")),
            ("sip_call_id", Text("Its Call-ID.")),
            ("method", Names("What showed it, the surest first.", ValueText.Names<LinkMethod>())),
            ("score", Number("How sure it is, 0..1.")),
            ("relation", Names("What the other call is to this one.", ValueText.Names<LinkRelation>()))))),
        ("transfer", Object(
            "The transfer, pick-up or forward the call was last in.",
            ("kind", Names("Which.", ValueText.Names<TransferKind>())),
            ("from", Text("Number of who transferred or forwarded, or at which it rang or was parked.").OrNull()),
            ("to", Text("Number it went to.").OrNull()),
            ("role", Names("What this call was in it.", ValueText.Names<TransferRole>())),
            ("at", Time("When it was asked for.")),
            ("outcome", Names("What came of it.", ValueText.Names<TransferOutcome>())),
            ("sip_status", Whole("Status that NOTIFY reported, or of the refused REFER; 0 where none was seen.")),
            ("call_id", Text("Id of the other call's record.").OrNull())).OrNull()));

    private static OpenApiSchema PartySchema() => Object(
        "One end of a call.",
        ("number", Text("User part of the URI.").OrNull()),
        ("name", Text("Display name.").OrNull()),
        ("uri", Text("URI as on the wire.").OrNull()),
        ("ip", Text("Signalling address.").OrNull()),
        ("port", Whole("Signalling port.").OrNull()),
        ("user_agent", Text("User-Agent or Server header.").OrNull()),
        ("codec", Text("Codec it sent.").OrNull()),
        ("tag", Text("From-tag or To-tag.").OrNull()),
        ("e164", Text("Number in full international form, by the directory's number plan.").OrNull()),
        ("identity", Object(
            "Who it is by the directory.",
            ("kind", Names("What it is.", ValueText.Names<PartyKind>())),
            ("id", Whole("Id within its kind; 0 where it has none.")),
            ("name", Text("Name."))).OrNull()));

    private static OpenApiSchema LegSchema() => Object(
        "A dialog of a call.",
        ("to_tag", Text("Its To-tag.")),
        ("callee", Text("Address that answered.").OrNull()),
        ("contact", Text("URI of its Contact.").OrNull()),
        ("outcome", Names("Outcome.", ValueText.Names<LegOutcome>())),
        ("sip_status", Whole("Final status; 0 where none.")),
        ("rang_at", Time("First 18x.").OrNull()),
        ("answered_at", Time("2xx.").OrNull()),
        ("ended_at", Time("BYE or final response.").OrNull()));

    private static OpenApiSchema MediaSessionSchema(OpenApiDocument document) => Object(
        "One m-line of a call: what was agreed, when, and what went over it.",
        ("index", Whole("Position, from 0.")),
        ("media", Text("Media type as in SDP: audio, video, image, …")),
        ("protocol", Text("For example RTP/AVP.")),
        ("caller", Text("Caller's media address.").OrNull()),
        ("callee", Text("Callee's media address.").OrNull()),
        ("offered", List("Codecs offered.", Text("For example PCMU/8000."))),
        ("answered", List("Codecs answered.", Text("For example PCMU/8000."))),
        ("direction", Text("sendrecv, sendonly, recvonly or inactive, from the caller's side.")),
        ("started_at", Time("First offer or packet.").OrNull()),
        ("ended_at", Time("End.").OrNull()),
        ("id", Text("Identity: the call's id, -m, the position.")),
        ("call_id", Text("Id of the call's record.")),
        ("type", Names("Kind of media.", ValueText.Names<MediaSessionType>())),
        ("duration_ms", Number("End less start, milliseconds.")),
        ("caller_number", Text("Number of the caller.").OrNull()),
        ("caller_name", Text("Display name of the caller.").OrNull()),
        ("callee_number", Text("Number of the callee.").OrNull()),
        ("callee_name", Text("Display name of the callee.").OrNull()),
        ("caller_codec", Text("Codec the caller sent most.").OrNull()),
        ("callee_codec", Text("Codec the callee sent most.").OrNull()),
        ("caller_rtcp", Text("Where the caller receives RTCP.").OrNull()),
        ("callee_rtcp", Text("Where the callee receives RTCP.").OrNull()),
        ("directions", List("Direction after each answer that changed it.", Object(
            "A change.",
            ("at", Time("The answer.")),
            ("direction", Text("sendrecv, sendonly, recvonly or inactive, from the caller's side."))))),
        ("caller_sent", new OpenApiSchemaReference("MediaSide", document)),
        ("callee_sent", new OpenApiSchemaReference("MediaSide", document)),
        ("mos", Number("The worse of both sides' mean opinion scores, 1..4.5.").OrNull()),
        ("mos_min", Number("The worse of both sides' worst ten seconds.").OrNull()),
        ("flags", List("What was noticed.", Names("A flag.", ValueText.Names<MediaSessionFlags>()))),
        ("one_way_kind", Text("In which way audio went one way only.").OrNull()));

    private static OpenApiSchema MediaSideSchema() => Object(
        "What one side sent, all its streams together, measured nearest that side.",
        ("streams", Whole("Streams.")),
        ("packets", Whole("Packets.")),
        ("octets", Whole("Payload octets.")),
        ("expected", Whole("Packets that were sent by the sequence numbers.")),
        ("lost", Whole("Packets never seen.")),
        ("loss_percent", Number("Lost of expected, 0..100.")),
        ("duplicates", Whole("Packets seen before.")),
        ("out_of_order", Whole("Packets that came after a later one.")),
        ("jitter_ms", Number("Mean jitter (RFC 3550), milliseconds.").OrNull()),
        ("max_jitter_ms", Number("Greatest jitter, milliseconds.").OrNull()),
        ("mos", Number("Mean opinion score, 1..4.5.").OrNull()),
        ("mos_min", Number("Score of the worst ten seconds.").OrNull()),
        ("started_at", Time("First packet.")),
        ("ended_at", Time("Last packet."))).OrNull();

    private static OpenApiSchema RecordingSchema() => Object(
        "What is known of the recording of a call.",
        ("call_id", Text("Id of the call's record.")),
        ("state", Names("State.", ValueText.Names<RecordingState>())),
        ("reason", Text("Why there is none.").OrNull()),
        ("url", Text("Path under the API.").OrNull()),
        ("bytes", Whole("Size of the file.")),
        ("duration_ms", Number("Length of the sound, milliseconds.")),
        ("sample_rate", Whole("Samples a second; 0 where there is none.")),
        ("channels", Whole("1 or 2; 0 where there is none.")),
        ("attempts", Whole("Times it was tried to make it.")),
        ("created_at", Time("When the state was come to.")),
        ("part_reason", Text("Why a part of it is silent although there were packets.").OrNull()));

    private static OpenApiSchema TotalsSchema() => Object(
        "Figures of the calls that were asked for, exact for those they cover.",
        ("calls", Whole("Calls.")),
        ("answered", Whole("Calls that were answered.")),
        ("asr", Number("Answer-seizure ratio: answered of all, 0 to 1.").OrNull()),
        ("acd_seconds", Number("Average duration of an answered call, from its answer, seconds.").OrNull()),
        ("minutes", Number("Minutes from answer to end, all calls together.")),
        ("duration_ms", Number("Time from start to end, all calls together, milliseconds.")),
        ("billsec_ms", Number("Time from answer to end, all calls together, milliseconds.")),
        ("pdd_calls", Whole("Calls that have a post-dial delay.")),
        ("pdd_seconds", Number("Their mean post-dial delay, seconds.").OrNull()),
        ("mos_calls", Whole("Calls that have a MOS.")),
        ("mos", Number("Mean of their worst stream's MOS.").OrNull()),
        ("mos_below", List("Calls with a MOS below each class of user satisfaction (G.107 Annex B).", Object(
            "A class.",
            ("mos", Number("MOS.")),
            ("calls", Whole("Calls below it."))))),
        ("is_complete", Flag("Whether all calls were counted in time.")),
        ("counted_from", Time("Where not: begin of the time that was counted to its end.").OrNull()));

    private static OpenApiSchema StatsSchema() => Object(
        "Counters since the start.",
        ("version", Text("Version of the program.")),
        ("started_at", Time("Start of the API.")),
        ("uptime_seconds", Whole("Seconds since then.")),
        ("areas", List("Parts of the engine.", Object(
            "A part.",
            ("area", Text("Its name.")),
            ("counters", List("Its counters.", Object(
                "A counter.",
                ("name", Text("Name.")),
                ("value", Whole("Value.")),
                ("description", Text("What it counts.")))))))));

    private static OpenApiSchema ProblemSchema()
    {
        OpenApiSchema schema = Object(
            "A problem (RFC 9457).",
            ("type", Text("about:blank, or urn:cdrengine:problem:parameter.")),
            ("title", Text("The status in words.")),
            ("status", Whole("The status.")),
            ("detail", Text("What is wrong and what would be right.")),
            ("parameter", Text("The parameter it is about.")));
        schema.Required!.Remove("parameter");
        return schema;
    }
}

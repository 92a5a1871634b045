using CdrEngine.Calls.Records;
using Microsoft.OpenApi;
using static CdrEngine.Api.OpenApi.SchemaText;

namespace CdrEngine.Api.OpenApi;

/// <summary>Schema of the figures.</summary>
internal static class FigureSchemas
{
    public const string Figures = "Figures";

    public static IReadOnlyDictionary<string, OpenApiSchema> All(OpenApiDocument document) => new Dictionary<string, OpenApiSchema>(StringComparer.Ordinal)
    {
        [Figures] = Object(
            "Figures of the calls that began in a range.",
            ("from", Time("First instant, at the beginning of an hour.")),
            ("to", Time("The instant after the last.")),
            ("step_seconds", Whole("Length of a place of `points`; days begin at midnight of the zone.")),
            ("all", Sums("All calls.")),
            ("points", List("By when they began, without gaps.", Sums("A place.", ("at", Time("Its beginning."))))),
            ("dispositions", List("The most first.", Sums("An outcome.", ("disposition", Names("Outcome.", EnumNames<Disposition>.All.Select(static pair => pair.Name)))))),
            ("causes", List("The most first, 50 at most.", Sums("A cause.", ("text", Text("Its text.").OrNull()), ("q850", Whole("Q.850 value.").OrNull())))),
            ("statuses", List("The most first, 50 at most.", Sums("A final status.", ("sip_status", Whole("0 for none."))))),
            ("trunks", List("The most first, 50 at most.", Sums("A trunk.", ("trunk", Text("Its name; null for calls over none.").OrNull())))),
            ("week", List("Calls by weekday, Monday first, and hour of day.", List("Hours.", Whole("Calls.")))),
            ("talkers", List("Callers with the most calls.", Object("A caller.", ("number", Text("Number.").OrNull()), ("name", Text("Name.").OrNull()), ("calls", Whole("Calls.")), ("answered", Whole("Of these answered.")), ("billsec_ms", Whole("Billable time, ms."))))),
            ("worst", List("Calls that sounded worst.", Object("A call.", ("call_id", Text("Id of its record.")), ("mos", Number("MOS of its worst stream.")), ("caller", Text("Number.").OrNull()), ("callee", Text("Number.").OrNull()), ("started_at", Time("Its start."))))),
            ("sampled_calls", Whole("Calls that `talkers` and `worst` were counted over.")),
            ("sampled_from", Time("Start of the earliest of them where there were more; null where all were counted.").OrNull()),
            ("peers", List("Peers outside calls that answer slowest.", new OpenApiSchemaReference(DeskSchemas.Peer, document)))),
    };

    private static OpenApiSchema Sums(string description, params (string Name, IOpenApiSchema Schema)[] keys) => Object(
        description,
        [
            .. keys,
            ("calls", Whole("Calls.")),
            ("answered", Whole("Of these answered.")),
            ("billsec_ms", Whole("Billable time, ms.")),
            ("asr", Number("Answered of all (ASR), 0..1.").OrNull()),
            ("acd_seconds", Number("Billable time of an answered call (ACD), seconds.").OrNull()),
            ("ner", Number("Effectiveness (NER, E.425), 0..1, of all and of trunks.").OrNull()),
            ("pdd_seconds", Number("Mean post-dial delay, seconds.").OrNull()),
            ("mos", Number("Mean MOS of worst streams.").OrNull()),
            ("mos_calls", Whole("Calls that have one.")),
            ("mos_below_310", Whole("Of these below 3.10.")),
            ("erlangs", Number("Mean number of calls at one time, of places.").OrNull()),
        ]);
}

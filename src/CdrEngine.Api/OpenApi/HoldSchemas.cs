using CdrEngine.Calls.Ports;
using Microsoft.OpenApi;
using static CdrEngine.Api.OpenApi.SchemaText;

namespace CdrEngine.Api.OpenApi;

/// <summary>The schemas of legal holds.</summary>
internal static class HoldSchemas
{
    public const string Hold = "LegalHold";
    public const string Page = "LegalHoldPage";
    public const string Wish = "LegalHoldWish";

    public static IEnumerable<(string Name, OpenApiSchema Schema)> All(OpenApiDocument document) =>
    [
        (Hold, Object(
            "Calls that are kept whatever retention says.",
            ("id", Whole("Its number.")),
            ("calls", Whole("Calls it holds.")),
            ("what", Text("What it was placed on.")),
            ("reason", Text("Why.")),
            ("placed_by", Text("Who placed it, as in the audit.")),
            ("placed_at", Time("When.")),
            ("tenant", Text("Tenant of who placed it.").OrNull()))),
        (Page, Object(
            "All legal holds that the token may see.",
            ("holds", List("The holds, the oldest first.", new OpenApiSchemaReference(Hold, document))),
            ("next_cursor", Text("Always null: they are on one page.").OrNull()))),
        (Wish, Object(
            "A hold to be placed.",
            ("call_id", Text("Id of a call; or give `session_id`.").OrNull()),
            ("session_id", Text("Id of a session, of which all calls are held.").OrNull()),
            ("reason", Text($"Why, 1 to {ILegalHolds.MaxReason} characters.")))),
    ];
}

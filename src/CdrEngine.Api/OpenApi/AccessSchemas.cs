using CdrEngine.Api.Access.Audit;
using Microsoft.OpenApi;
using static CdrEngine.Api.OpenApi.SchemaText;

namespace CdrEngine.Api.OpenApi;

/// <summary>The schemas of the audit and of links to recordings.</summary>
internal static class AccessSchemas
{
    public const string AuditPage = "AuditPage";
    public const string AuditEntry = "AuditEntry";
    public const string Share = "Share";
    public const string SharePage = "SharePage";
    public const string ShareWish = "ShareWish";

    public static IEnumerable<(string Name, OpenApiSchema Schema)> All(OpenApiDocument document) =>
    [
        (AuditEntry, Object(
            "One thing that somebody did.",
            ("seq", Whole("Its number, without gaps.")),
            ("time", Time("When.")),
            ("who", Text("`token:ID`, `share:ID`, `user:NAME` of the system, `engine`; null where nobody is known.").OrNull()),
            ("via", Text("By which way: `api`, a dialect's name, `page`, `share`, `command`, `engine`.")),
            ("remote", Text("Address it came from.").OrNull()),
            ("action", Text("What was done.")),
            ("object", Text("What it was done to, mostly the id of a record.").OrNull()),
            ("tenant", Text("Whose record it was, else the tenant of who did it.").OrNull()),
            ("result", Names("How it came out.", AuditResult.All)),
            ("detail", Text("More about it.").OrNull()),
            ("hash", Text("SHA-256 over it and the entry before.")))),
        (AuditPage, Object(
            "A page of the audit. Fewer than asked for, or none, does not mean that there are no more.",
            ("entries", List("The entries, the latest first.", new OpenApiSchemaReference(AuditEntry, document))),
            ("next_cursor", Text("Where the next page begins; null on the last.").OrNull()))),
        (Share, Object(
            "A link by which somebody without a token hears one recording.",
            ("id", Text("Id.")),
            ("call_id", Text("Id of the call.")),
            ("name", Text("What it is for, shown to whoever opens it.")),
            ("tenant", Text("Tenant of the call.").OrNull()),
            ("state", Names("Whether it may be opened.", ["in_force", "used_up", "expired", "withdrawn"])),
            ("created_at", Time("When it was made.")),
            ("created_by", Text("By whom, as in the audit.")),
            ("expires_at", Time("From when on it opens nothing.")),
            ("uses", Whole("How often it was opened.")),
            ("most_uses", Whole("How often it may be; null for any number.").OrNull()),
            ("last_used_at", Time("When it was opened last.").OrNull()),
            ("has_passphrase", Flag("Whether a passphrase is asked for.")),
            ("ladder", Flag("Whether the picture of the call's SIP messages is shown too.")),
            ("path", Text("What opens it, below this server; in the answer to its making only, as it is kept nowhere.").OrNull()))),
        (SharePage, Object(
            "A page of links.",
            ("shares", List("The links, the latest first.", new OpenApiSchemaReference(Share, document))),
            ("next_cursor", Text("Where the next page begins; null on the last.").OrNull()))),
        (ShareWish, Wish()),
    ];

    private static OpenApiSchema Wish()
    {
        OpenApiSchema wish = Object(
            "What is asked for with a new link. No other members may be.",
            ("call_id", Text("Id of the call.")),
            ("expires_in", Whole("Seconds from now on that it may be opened, 60 and more; the most is a setting.")),
            ("uses", Whole("How often it may be opened, 1 to 10000; left out for any number.").OrNull()),
            ("passphrase", Text("Asked of whoever opens it, 6 to 128 characters; left out for none.").OrNull()),
            ("name", Text("What it is for, shown to whoever opens it, up to 128 characters.").OrNull()),
            ("ladder", Flag("Whether the picture of the call's SIP messages is shown too.").OrNull()));
        wish.Required = new HashSet<string>(StringComparer.Ordinal) { "call_id", "expires_in" };
        return wish;
    }
}

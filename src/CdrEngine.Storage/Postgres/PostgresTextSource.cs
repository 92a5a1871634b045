using CdrEngine.Calls.Outcomes;

namespace CdrEngine.Storage.Postgres;

/// <summary>Whose texts are noted, where, and how their documents lead to the rows of lists; see <see cref="Sqlite.TextSource"/>.</summary>
/// <param name="Prefix">What the names of its tables begin with before <c>text_</c>.</param>
/// <param name="Rows">Table of rows, which is given an index over documents.</param>
/// <param name="Documents">Table of documents, with the column <c>search</c>.</param>
/// <param name="Columns">What is read of a document <c>d</c>: number, search, numbers in the order of <see cref="Texts.TextFields"/>.</param>
/// <param name="From">Tables that is read from.</param>
/// <param name="Numbers">How many numbers.</param>
/// <param name="HasFilters">Whether filters of windows and keys are kept.</param>
internal sealed record PostgresTextSource(string Prefix, string Rows, string Documents, string Columns, string From, int Numbers, bool HasFilters)
{
    /// <summary>Texts of calls.</summary>
    public static readonly PostgresTextSource Calls = new(
        "",
        "calls",
        "call_documents",
        "d.document, d.search, c.caller_number, c.callee_number, c.dialled, c.caller_e164, c.callee_e164, d.json",
        "call_documents d JOIN calls c ON c.day = d.day AND c.document = d.document",
        5,
        HasFilters: false)
    { HasLabels = true };

    /// <summary>Texts of messages.</summary>
    public static readonly PostgresTextSource Messages = new("message_", "messages", "message_documents", "d.document, d.search", "message_documents d", 0, HasFilters: true);

    /// <summary>Whether the columns give documents behind the numbers, which have <see cref="CallLabels"/>.</summary>
    public bool HasLabels { get; init; }

    /// <summary>Table of segments.</summary>
    public string Segments { get; } = $"{Prefix}text_segments";

    /// <summary>Table of grams.</summary>
    public string Grams { get; } = $"{Prefix}text_grams";

    /// <summary>Table of texts.</summary>
    public string Terms { get; } = $"{Prefix}text_terms";

    /// <summary>Table of documents that are others than segments tell.</summary>
    public string Stale { get; } = $"{Prefix}text_stale";
}

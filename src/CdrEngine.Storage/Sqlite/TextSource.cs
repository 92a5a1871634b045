using CdrEngine.Calls.Outcomes;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Whose texts are noted, and how their documents lead to the rows of lists.</summary>
/// <param name="Documents">Table of documents, numbered in order of storing, with the column <c>search</c>.</param>
/// <param name="Index">Index that leads from documents to rows.</param>
/// <param name="Indexed">What it is over.</param>
/// <param name="List">Lists documents from a first to a last: number, search, numbers in the order of <see cref="Texts.TextFields"/>.</param>
/// <param name="Numbers">How many numbers that gives.</param>
/// <param name="Sealed">Whether segments tell of every document: 0 where that is not said.</param>
internal sealed record TextSource(string Documents, string Index, string Indexed, string List, int Numbers, string Sealed)
{
    /// <summary>Texts of calls, by what <see cref="DaySeal"/> keeps.</summary>
    public static readonly TextSource Calls = new(
        "call_documents",
        "calls_by_document",
        "calls (document)",
        "SELECT d.document, d.search, c.caller_number, c.callee_number, c.dialled, c.caller_e164, c.callee_e164, d.json "
        + "FROM call_documents d CROSS JOIN calls c INDEXED BY calls_by_document ON c.document = d.document WHERE d.document BETWEEN ?1 AND ?2 ORDER BY d.document",
        5,
        DaySeal.Stored) { HasLabels = true };

    /// <summary>Texts of messages, by what <see cref="MessageSeal"/> keeps.</summary>
    public static readonly TextSource Messages = new(
        "message_documents",
        "messages_by_document",
        "messages (document)",
        "SELECT d.document, d.search FROM message_documents d WHERE d.document BETWEEN ?1 AND ?2 ORDER BY d.document",
        0,
        MessageSeal.Stored);

    /// <summary>Whether the list gives documents behind the numbers, which have <see cref="CallLabels"/>.</summary>
    public bool HasLabels { get; init; }

    /// <summary>The last segment of texts where segments tell of every document; -1 where that is not said.</summary>
    public string NewestOfSeal { get; } = $"SELECT CASE WHEN ({Sealed}) THEN ({DayTexts.Newest}) ELSE -1 END";

    /// <summary>The last document.</summary>
    public string Stored { get; } = $"SELECT ifnull(max(document), 0) FROM {Documents}";
}

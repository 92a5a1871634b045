using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Postgres;

/// <summary>A query as groups of texts answer it together with what memory tells of calls: scores, addresses and calls that are excepted are told beside. One thread.</summary>
internal sealed class PostgresTextQuestion
{
    private PostgresTextQuestion(IReadOnlyList<TextClause> clauses, AskedCalls calls, IReadOnlyList<PostgresTextQuestion> any) => (Clauses, Calls, Any) = (clauses, calls, any);

    /// <summary>Each of them is to hold: texts, and numbers, which are texts too.</summary>
    public IReadOnlyList<TextClause> Clauses { get; }

    /// <summary>The rest of it: what a text is held against beside, and what memory tells.</summary>
    public AskedCalls Calls { get; }

    /// <summary>Alternatives, of which one holds; empty for none. Beside them nothing is asked.</summary>
    public IReadOnlyList<PostgresTextQuestion> Any { get; }

    /// <summary>Texts that are looked for in groups: those that it asks for, and those that lead to what it holds against texts.</summary>
    public IEnumerable<TextClause> EachClause() => Any.Count > 0
        ? Any.SelectMany(static one => one.EachClause())
        : Clauses.Concat(Calls.Ranges.Select(TextRanges.NeedleOf).OfType<TextNeedle>().Select(static needle => new TextClause([needle])));

    /// <summary>What texts are held against, in it and in its alternatives.</summary>
    public IEnumerable<TextRange> EachRange() => Any.Count > 0 ? Any.SelectMany(static one => one.EachRange()) : Calls.Ranges;

    /// <summary>Reads a query; null where texts are no part of it, or it asks for something else as well.</summary>
    /// <param name="query">The query, whatever its times, order and page.</param>
    /// <param name="isAlternative">Whether it is one of several, of which each is told by texts as far as it can be.</param>
    public static PostgresTextQuestion? Of(CallQuery query, bool isAlternative)
    {
        if (query.Tenant is "" || query.Without is not null || query.Sort != CallSort.StartedAt || query.Start is not null) return null;
        if (query.Any.Count > 0)
        {
            if (isAlternative || query.MosBelow is not null || query.Address is not null || !new AskedTexts(query with { From = null, To = null, Except = [], Text = null }).IsAll) return null;
            var any = new List<PostgresTextQuestion>();
            bool isAsked = false;
            foreach (CallQuery one in query.Alternatives())
            {
                // Times of an alternative are its own.
                if (one.From != query.From || one.To != query.To || one.MosBelow is not null || one.Address is not null || Of(one with { Except = [] }, isAlternative: true) is not { } its) return null;
                isAsked |= new AskedTexts(one).Beside.Count > 0 || its.Calls.Ranges.Count > 0;
                any.Add(its);
            }

            return isAsked && AskedCalls.Of(new CallQuery()) is { } all ? new PostgresTextQuestion([], all, any) : null;
        }

        var texts = new AskedTexts(query with { From = null, To = null, Address = null, MosBelow = null, Except = [] });
        if (AskedCalls.Of(texts.Rest) is not { } calls) return null;

        // One number alone is asked of those that are kept by themselves.
        bool isText = texts.Beside.Count > 0 || calls.Ranges.Count > 0 || texts.Clauses.Count > 1;
        return isText || isAlternative ? new PostgresTextQuestion(texts.Clauses, calls, []) : null;
    }
}

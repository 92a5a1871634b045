using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Totals;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Texts;

/// <summary>Texts of which a call is to have one.</summary>
/// <param name="Any">They; one at least.</param>
internal sealed record TextClause(IReadOnlyList<TextNeedle> Any)
{
    /// <summary>Names it among others.</summary>
    public string Key { get; } = string.Join('|', Any.Select(static needle => needle.Key));
}

/// <summary>What of a query texts answer: parts of texts, labels, and numbers and addresses, which are texts too. One thread.</summary>
internal sealed class AskedTexts
{
    // Two parts of a query may each ask for several numbers; with more than these the index over numbers is asked.
    private const int MostNumbers = 64;

    private static readonly string s_nothing = CallCursor.TextOf(ProfileFilter.Rest(new CallQuery()));

    /// <summary>That of a query.</summary>
    /// <param name="query">The query.</param>
    public AskedTexts(CallQuery query)
    {
        var clauses = new List<TextClause>();

        // A text that a part of a Call-ID implies is not looked for where that part is told by itself.
        bool isImplied = query.Ranges.Any(range => range.Of == TextOf.SipCallId && range.Text == query.Text && TextRanges.ClauseOf(range) is not null);
        clauses.AddRange(DayQuestion.NeedlesOf(isImplied ? query with { Text = null } : query).Select(static needle => new TextClause([needle])));
        clauses.AddRange(query.Ranges.Select(TextRanges.ClauseOf).OfType<TextClause>());
        if (query.Address is { } address) clauses.Add(new TextClause([new TextNeedle(Convert.ToHexString(CallRow.Address(address)), TextFields.Address, isWhole: true)]));
        Beside = [.. clauses];
        CallQuery rest = query with { Text = null, Parts = [], Labels = [], Ranges = [.. query.Ranges.Where(static range => TextRanges.ClauseOf(range) is null)], Address = null };
        const TextFields caller = TextFields.Caller | TextFields.CallerInFull, callee = TextFields.Callee | TextFields.CalleeInFull;
        if (Take([query.Number], caller | callee | TextFields.Dialled)) rest = rest with { Number = null };
        if (Take([query.Caller], caller)) rest = rest with { Caller = null };
        if (Take([query.Callee], callee | TextFields.Dialled)) rest = rest with { Callee = null };
        if (Take(query.CallerNumbers, caller)) rest = rest with { CallerNumbers = [] };
        if (Take(query.CalleeNumbers, callee)) rest = rest with { CalleeNumbers = [] };
        if (Take(query.DialledNumbers, TextFields.Dialled)) rest = rest with { DialledNumbers = [] };
        if (Take(query.PartyNumbers, caller | callee | TextFields.Dialled)) rest = rest with { PartyNumbers = [] };
        Clauses = clauses;
        Rest = rest;
        IsAll = CallCursor.TextOf(ProfileFilter.Rest(rest with { Any = [] })) == s_nothing;
        Any = [.. query.Alternatives().Select(static one => (one, new AskedTexts(one), new AskedProfiles(one)))];

        // Numbers are kept in lower case among texts: those of which another could be the same are asked elsewhere.
        bool Take(IReadOnlyList<string?> numbers, TextFields fields)
        {
            if (numbers.Count is 0 or > MostNumbers || !numbers.All(static number => number is not null && !number.EndsWith('*') && NumberPart.IsPlain(number) && !number.Any(char.IsLetter))) return false;
            clauses.Add(new TextClause([.. numbers.Distinct(StringComparer.Ordinal).Select(number => new TextNeedle(number!, fields, isWhole: true))]));
            return true;
        }
    }

    /// <summary>Each of them is to hold.</summary>
    public IReadOnlyList<TextClause> Clauses { get; }

    /// <summary>Those of them that are not of numbers.</summary>
    public IReadOnlyList<TextClause> Beside { get; }

    /// <summary>Whether texts answer anything of it.</summary>
    public bool IsAsked => Clauses.Count > 0 || Any.Any(static one => one.Texts.IsAsked);

    /// <summary>The clauses of it and of its alternatives.</summary>
    public IEnumerable<TextClause> EachClause() => Any.Count > 0 ? Any.SelectMany(static one => one.Texts.Clauses) : Clauses;

    /// <summary>The query without what they answer.</summary>
    public CallQuery Rest { get; }

    /// <summary>Whether times, what profiles answer, and alternatives are all that is asked beside them.</summary>
    public bool IsAll { get; }

    /// <summary>The alternatives, and what of each texts and profiles answer; empty for none.</summary>
    public IReadOnlyList<(CallQuery Query, AskedTexts Texts, AskedProfiles Profiles)> Any { get; }
}

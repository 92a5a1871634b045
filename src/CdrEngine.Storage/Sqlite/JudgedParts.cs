using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Storage.Sqlite;

/// <summary>A list of which a condition on the record decides for some calls, in two: those it decides for, and the others.</summary>
/// <param name="Judged">Finds those that it decides for; null where there are none.</param>
/// <param name="Told">Finds the others; null where there are none.</param>
internal sealed record JudgedParts(CallQuery? Judged, CallQuery? Told)
{
    private readonly DayQuestion? _told = Told is { } others ? new DayQuestion(others) : null;

    /// <summary>The parts of a list.</summary>
    /// <param name="query">What it asks for.</param>
    /// <param name="request">What is asked of records.</param>
    public static JudgedParts Of(CallQuery query, CallPageRequest request) => request.WhereTraits == CallTraits.None
        ? new JudgedParts(query, null)
        : new JudgedParts(Among(query, [new TraitMatch(request.WhereTraits)]), Among(query, TraitMatch.NotAll(request.WhereTraits)));

    /// <summary>How many calls of a whole day are on the list; null where that is not known.</summary>
    /// <param name="asked">What is asked of the day.</param>
    /// <param name="figures">Its figures.</param>
    /// <param name="seal">Its seal.</param>
    /// <param name="bounds">What is asked of those that are judged.</param>
    public long? CountIn(DayQuestion asked, DayFigures figures, DaySeal seal, BridgeBounds bounds)
    {
        if (asked.Query.Any.Count > 0 || !asked.IsCounted || seal.Bridges is not { IsComplete: true } bridges) return null;
        return (_told is null ? 0 : _told.CountIn(figures, seal)) is { } others ? others + bridges.CallsOf(asked.Profiles, bounds, asked.Query) : null;
    }

    // What is said of traits beside a query, of each of its alternatives, and of what is left out, which is counted by itself; null where nothing meets both.
    private static CallQuery? Among(CallQuery query, IReadOnlyList<TraitMatch> traits)
    {
        CallQuery? without = query.Without is { } leftOut ? Among(leftOut, traits) : null;
        if (query.Any.Count > 0)
        {
            CallQuery[] any = [.. query.Any.Select(one => Among(one, traits)).OfType<CallQuery>()];
            return any.Length == 0 ? null : query with { Any = any, Without = without };
        }

        IReadOnlyList<TraitMatch> both = TraitMatch.Both(query.Traits, traits);
        return both.Count == 0 ? null : query with { Traits = both, Without = without };
    }
}

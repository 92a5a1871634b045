using CdrEngine.Calls.Totals;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Adds up the figures of stored calls.</summary>
/// <remarks>What profiles and times say is answered from sums, whatever the number of calls. What asks more than that (numbers, addresses, codecs, lengths, texts) is
/// counted call by call, the latest first, as long as the budget lasts.</remarks>
public interface ICallTotals
{
    /// <summary>The totals of the calls that a query asks for; its limit, cursor, order and start do not matter. Calls that were deleted do not count.</summary>
    /// <param name="query">Which calls.</param>
    /// <param name="budget">How long it may take; what was counted by then is given.</param>
    /// <param name="stop">Ends it early, as if the budget were used up.</param>
    CallTotals Totals(CallQuery query, TimeSpan budget, CancellationToken stop = default);
}

/// <summary>Totals of calls.</summary>
public sealed record CallTotals
{
    /// <summary>The figures, exact for the calls they cover.</summary>
    public required CallSums Sums { get; init; }

    /// <summary>Whether all calls were counted; if not, those that began at or after <see cref="CountedFrom"/> were, and none before.</summary>
    public bool IsComplete { get; init; } = true;

    /// <summary>Where the count ended; null where it is complete.</summary>
    public Timestamp? CountedFrom { get; init; }
}

using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>Ids in order: that of the numbers they are texts of.</summary>
internal static class PortSipIds
{
    /// <summary>Where a text stands in that order; null for one that is no id.</summary>
    public static object? Place(string text) => NumberText.TryRead(text, out long number) ? (decimal)number : null;
}

/// <summary>Ids of legs: those of a day follow those of the day before, as starts do, and within a day they are spread evenly, being sums. Places are before those of one day and 35 bits, so that ranks matter nowhere but
/// among those that are read.</summary>
internal sealed class PortSipIdKeys(string name) : PortSipKeys(name)
{
    // Of one day and 35 bits.
    private const long Together = CallNumber.MaxRank + 1;

    /// <inheritdoc />
    public override bool IsClose => true;

    /// <inheritdoc />
    public override bool CountsBetween => true;

    /// <inheritdoc />
    public override bool IsOne(in PortSipStretch stretch) => false;

    /// <inheritdoc />
    public override PortSipCondition Within(PortSipKey? from, PortSipKey? to)
    {
        return Both(At(PortSipOperator.GreaterOrEqual, from), At(PortSipOperator.Less, to));

        PortSipComparison? At(PortSipOperator comparison, PortSipKey? key) => key is { Whole: var number } ? new PortSipComparison(Field, comparison, NumberText.Of(number), default, 0) : null;
    }

    /// <inheritdoc />
    public override PortSipKey? Guess(PortSipOrderedList list, in PortSipStretch stretch, long place)
    {
        long low = stretch.Low.Whole, high = stretch.High?.Whole ?? CallNumber.Max + 1, day = low / CallNumber.OfDay;
        if ((high - 1) / CallNumber.OfDay > day)
        {
            // In order of starts as many stand before each day as in order of ids.
            if (list.CallAt(place) is { } call) day = call.Number / CallNumber.OfDay;
            PortSipKey begin = new(day * CallNumber.OfDay), end = new((day + 1) * CallNumber.OfDay);
            if (stretch.Has(begin)) return begin;
            if (stretch.Has(end)) return end;
        }

        if (high - low < 2 * Together) return null;
        double part = (place - stretch.At) / (double)Math.Max(1, stretch.Beyond - stretch.At);
        long guess = (low + (long)(part * (high - low))) / Together * Together;
        return new PortSipKey(Math.Clamp(guess, (low / Together * Together) + Together, ((high + Together - 1) / Together * Together) - Together));
    }
}

// Ids held against others.
internal sealed partial class PortSipNarrowing
{
    // Of record ids those with the same day and 35 bits stand in order of their ranks, which are told one by one where a bound lies between two.
    private static PortSipNarrowing? Identified(PortSipOperator comparison, string text, PortSipNarrowingContext context)
    {
        if (!NumberText.TryRead(text, out long number)) return null;
        number = Math.Min(number, CallNumber.Max + 1);

        // The first that is not before the bound.
        bool isBehind = comparison is PortSipOperator.Greater or PortSipOperator.GreaterOrEqual;
        long bound = comparison is PortSipOperator.Greater or PortSipOperator.LessOrEqual ? number + 1 : number;
        long first = bound & ~(long)CallNumber.MaxRank;
        string[] left = [];
        if (bound != first)
        {
            string?[] ranked = [.. Enumerable.Range(0, CallNumber.MaxRank + 1).Select(rank => context.RecordIdOf(NumberText.Of(first + rank)))];
            string[] before = [.. ranked.Take((int)(bound - first)).OfType<string>()], behind = [.. ranked.Skip((int)(bound - first)).OfType<string>()];

            // Those that are all on one side are told by a bound beside them.
            if (behind.Length > 0 && before.Length > 0) left = isBehind ? before : behind;
            if (isBehind ? behind.Length == 0 : before.Length > 0) first += CallNumber.MaxRank + 1;
        }

        if (CallNumber.FirstId(first) is not { } id) return isBehind ? new PortSipNarrowing { _ids = [] } : new PortSipNarrowing();
        return new PortSipNarrowing { _ranges = [new TextRange(TextOf.Id, isBehind ? TextSense.GreaterOrEqual : TextSense.Less, id)], _except = left.Length == 0 ? null : left };
    }
}

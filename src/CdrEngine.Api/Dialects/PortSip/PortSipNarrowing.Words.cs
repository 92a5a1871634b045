using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

// Enumerations by parts of their names, what is null, and when things happened.
internal sealed partial class PortSipNarrowing
{
    // A condition in which parts of enumerated names, and any end at all, are spelt out as the names that meet.
    private static PortSipCondition Spelt(PortSipCondition condition, PortSipNarrowingContext context) => condition switch
    {
        PortSipJunction junction => junction with { Left = Spelt(junction.Left, context), Right = Spelt(junction.Right, context) },
        PortSipComparison { Operator: PortSipOperator.Contains, Text: { } part } comparison when WordsOf(comparison.Field, context) is { } words =>
            AnyOf(comparison, words.Where(word => word.Contains(part, StringComparison.Ordinal))),
        PortSipComparison { Field: "end_reason", Operator: PortSipOperator.NotEqual, Text: null } comparison when !context.Sessions => AnyOf(comparison, PortSipMapping.EndReasonNames),
        _ => condition,
    };

    private static IReadOnlyList<string>? WordsOf(string field, PortSipNarrowingContext context) => field switch
    {
        "direction" => PortSipMapping.DirectionNames,
        "end_reason" when !context.Sessions => PortSipMapping.EndReasonNames,
        "reroute_reason" when !context.Sessions => PortSipMapping.RerouteReasonNames,
        _ => null,
    };

    // No id is this text.
    private static PortSipCondition AnyOf(PortSipComparison comparison, IEnumerable<string> names)
    {
        PortSipCondition[] each = [.. names.Select(name => comparison with { Operator = PortSipOperator.Equal, Text = name })];
        return each.Length == 0 ? new PortSipComparison("id", PortSipOperator.Equal, "none", default, 0) : each.Aggregate(static (left, right) => new PortSipJunction(true, left, right));
    }

    // What every item has is never null, and is not null of all; direction tells by all that there are. Null for anything else.
    private static PortSipNarrowing? Null(PortSipComparison comparison, PortSipNarrowingContext context)
    {
        if (comparison.Text is not null) return null;
        bool isNull = comparison.Operator == PortSipOperator.Equal;
        return comparison.Field switch
        {
            "id" or "session_id" or "started_at" or "reroute_reason" or "duration" => isNull ? new PortSipNarrowing { _ids = [] } : new PortSipNarrowing(),
            "trunk" when isNull && !context.Sessions => new PortSipNarrowing { _trunks = [""] },
            "direction" when !isNull => new PortSipNarrowing { _directions = [.. PortSipMapping.DirectionNames.Select(PortSipMapping.ReadDirection)] },
            _ => null,
        };
    }

    private static CallTraits TraitOf(string field) => field switch { "rang_at" => CallTraits.Rang, "answered_at" => CallTraits.Answered, _ => CallTraits.Ended };

    // Times are shown in whole seconds, what is behind them cut off.
    private static PortSipNarrowing Happened(PortSipComparison comparison)
    {
        Timestamp floor = Floor(comparison.Time);
        bool whole = floor == comparison.Time;
        Timestamp ceiling = whole ? floor : floor + Second;
        (Timestamp? from, Timestamp? to) = comparison.Operator switch
        {
            PortSipOperator.Equal => (floor, floor + Second),
            PortSipOperator.Greater => (floor + Second, null),
            PortSipOperator.GreaterOrEqual => (ceiling, null),
            PortSipOperator.Less => (null, ceiling),
            _ => ((Timestamp?)null, (Timestamp?)(floor + Second)),
        };
        if (comparison.Operator == PortSipOperator.Equal && !whole) return new PortSipNarrowing { _ids = [] };
        MomentOf of = comparison.Field switch { "rang_at" => MomentOf.Rang, "answered_at" => MomentOf.Answered, _ => MomentOf.Ended };
        return new PortSipNarrowing { _moments = [new MomentRange(of, from, to)], _traits = [new TraitMatch(TraitOf(comparison.Field))], _to = to is { } end ? end + CallMoments.Disorder : null };
    }
}

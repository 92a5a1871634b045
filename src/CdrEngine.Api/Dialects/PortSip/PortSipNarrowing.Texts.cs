using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Dialects.PortSip;

// What calls are not, and texts held against others.
internal sealed partial class PortSipNarrowing
{
    // Of what all holds, that which says what a call is not is turned round: its calls are left out of those that the rest finds. Null where that is not exact either.
    private static PortSipNarrowing? Without(PortSipCondition condition, PortSipNarrowingContext context)
    {
        PortSipCondition[] terms = [.. Terms(condition)];
        PortSipCondition[] turned = [.. terms.Select(term => Hull(term, context).IsExact ? null : Opposite(term)).OfType<PortSipCondition>()];
        if (turned.Length == 0) return null;
        PortSipCondition[] rest = [.. terms.Where(term => Hull(term, context).IsExact || Opposite(term) is null)];
        PortSipNarrowing found = All(rest) is { } others ? Of(others, context) : new PortSipNarrowing();
        PortSipNarrowing leftOut = Of(All([Any(turned)!, .. rest]), context);
        if (!found.IsExact || !leftOut.IsExact || found._without is not null) return null;
        found._without = leftOut;
        return found;
    }

    private static IEnumerable<PortSipCondition> Terms(PortSipCondition condition) =>
        condition is PortSipJunction { IsOr: false } both ? Terms(both.Left).Concat(Terms(both.Right)) : [condition];

    // What holds of exactly those calls of which a condition made of unequal alone does not hold; null for others. What has no value is unequal to any.
    private static PortSipCondition? Opposite(PortSipCondition condition) => condition switch
    {
        PortSipNegation negation => negation.Of,
        PortSipJunction junction when Opposite(junction.Left) is { } left && Opposite(junction.Right) is { } right => new PortSipJunction(!junction.IsOr, left, right),
        PortSipComparison { Operator: PortSipOperator.NotEqual, Text: not null } comparison => comparison with { Operator = PortSipOperator.Equal },

        // Of those that have no value nothing leads to them; those that have one are told.
        PortSipComparison { Operator: PortSipOperator.Equal, Text: null } comparison => comparison with { Operator = PortSipOperator.NotEqual },
        _ => null,
    };

    // Texts held against others by their order, or whether there is one; null for anything else.
    private static PortSipNarrowing? Ranged(PortSipComparison comparison, PortSipNarrowingContext context)
    {
        TextSense? sense = comparison.Operator switch
        {
            PortSipOperator.Greater => TextSense.Greater,
            PortSipOperator.GreaterOrEqual => TextSense.GreaterOrEqual,
            PortSipOperator.Less => TextSense.Less,
            PortSipOperator.LessOrEqual => TextSense.LessOrEqual,
            PortSipOperator.NotEqual when comparison.Text is null => TextSense.Present,
            _ => null,
        };
        if (comparison.Field is "id" or "session_id" && sense is not null && comparison.Text is { } number) return Identified(comparison.Operator, number, context);
        TextOf? of = comparison.Field switch
        {
            "caller" => TextOf.Caller,
            "destination" or "did_cid" => TextOf.Dialled,
            "call_id" => TextOf.SipCallId,
            "caller_display_name" or "caller_domain" or "outbound_caller_id" or "service_number" or "user_data" => TextOf.FirstLabel + (int)LabelOf(comparison.Field),
            "callee" when !context.Sessions => TextOf.Callee,
            "trunk" when !context.Sessions => TextOf.Trunk,
            "callee_display_name" or "callee_domain" when !context.Sessions => TextOf.FirstLabel + (int)LabelOf(comparison.Field),
            _ => null,
        };
        if (sense is not { } how || of is not { } what || !TextRange.CanBeAsked(comparison.Text ?? "")) return null;
        return new PortSipNarrowing
        {
            _ranges = [new TextRange(what, how, comparison.Text ?? "")],
            _directions = comparison.Field == "did_cid" ? [CallDirection.Inbound, CallDirection.Transit] : null,
        };
    }
}

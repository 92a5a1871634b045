namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>What does not meet a condition. Filters have none; what indexes answer is taken apart with it.</summary>
/// <param name="Of">The condition.</param>
internal sealed record PortSipNegation(PortSipCondition Of) : PortSipCondition;

// What calls are not, beside others in an `or`: of all that any alternative may find, that is left out which is what the one says it is not, and meets no other.
internal sealed partial class PortSipNarrowing
{
    private static PortSipNarrowing? Joined(PortSipCondition condition, PortSipNarrowingContext context)
    {
        if (Conjunctions(condition) is not { Count: > 1 } all) return null;
        var exact = new List<PortSipCondition>();
        var others = new List<(PortSipCondition[] Beside, PortSipCondition Said)>();
        foreach (PortSipCondition[] terms in all)
        {
            if (Hull(All(terms), context).IsExact)
            {
                exact.Add(All(terms)!);
                continue;
            }

            PortSipCondition[] inexact = [.. terms.Where(term => !Hull(term, context).IsExact)];
            PortSipCondition[] opposites = [.. inexact.Select(Opposite).OfType<PortSipCondition>()];
            if (opposites.Length < inexact.Length) return null;
            others.Add(([.. terms.Except(inexact)], Any(opposites)!));
        }

        if (others.Count == 0) return null;

        // Those that say what a call is not are told together where the same stands beside each, or each says the same.
        bool isBesideOne = others.TrueForAll(other => other.Beside.SequenceEqual(others[0].Beside));
        if (!isBesideOne && !others.TrueForAll(other => other.Beside.Length > 0 && other.Said == others[0].Said)) return null;
        PortSipCondition? beside = isBesideOne ? All(others[0].Beside) : Any([.. others.Select(static other => All(other.Beside)!)]);
        PortSipCondition said = isBesideOne ? All([.. others.Select(static other => other.Said)])! : others[0].Said;
        PortSipCondition? plain = Any(exact);
        PortSipNarrowing found = beside is null ? new PortSipNarrowing() : Of(plain is null ? beside : new PortSipJunction(true, plain, beside), context);
        PortSipNarrowing leftOut = Of(All([.. beside is null ? (PortSipCondition[])[] : [beside], said, .. plain is null ? (PortSipCondition[])[] : [new PortSipNegation(plain)]]), context);
        if (!found.IsExact || !leftOut.IsExact || found._without is not null) return null;
        found._without = leftOut;
        return found;
    }

    private static PortSipCondition? Any(IReadOnlyList<PortSipCondition> terms) => terms.Count == 0 ? null : terms.Aggregate(static (left, right) => new PortSipJunction(true, left, right));

    private static PortSipCondition? All(IReadOnlyList<PortSipCondition> terms) => terms.Count == 0 ? null : terms.Aggregate(static (left, right) => new PortSipJunction(false, left, right));

    // The conditions of which one is to hold, each by the comparisons of it that all hold; null where these are too many.
    private static List<PortSipCondition[]>? Conjunctions(PortSipCondition condition)
    {
        if (condition is not PortSipJunction junction) return [[condition]];
        if (Conjunctions(junction.Left) is not { } left || Conjunctions(junction.Right) is not { } right) return null;
        if ((junction.IsOr ? left.Count + right.Count : left.Count * right.Count) > MostAlternatives) return null;
        return junction.IsOr ? [.. left, .. right] : [.. left.SelectMany(one => right.Select(other => (PortSipCondition[])[.. one, .. other]))];
    }
}

using CdrEngine.Api.Dialects.Common;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>Holds sessions that are kept in memory against conditions, as <see cref="PortSipJudge"/> holds what is read: each field is looked up once, and nothing is made for a session.</summary>
internal static class PortSipRowJudge
{
    /// <summary>What tells whether a session meets a condition; null where its row does not tell.</summary>
    /// <param name="condition">The condition; null for none.</param>
    /// <param name="recordIdOf">The record's id of an item's; null where there is none.</param>
    public static Func<PortSipSessionRow, bool>? Of(PortSipCondition? condition, Func<string, string?> recordIdOf)
    {
        switch (condition)
        {
            case null:
                return static _ => true;
            case PortSipJunction junction when Of(junction.Left, recordIdOf) is { } left && Of(junction.Right, recordIdOf) is { } right:
                return junction.IsOr ? row => left(row) || right(row) : row => left(row) && right(row);
            case PortSipComparison { Field: "id" or "session_id" } comparison:
                return OfId(comparison, recordIdOf);
            case PortSipComparison comparison when PortSipSessionRow.Text(comparison.Field) is { } text:
                return OfText(comparison, text, PortSipSessionRow.Also(comparison.Field));
            case PortSipComparison comparison when Order(comparison) is { } order:
                return Of(comparison, order);
            default:
                return null;
        }
    }

    /// <summary>Where the value that a comparison is about stands beside the one that it is held against; null where there is no value. Null for a comparison that rows do not tell.</summary>
    public static Func<PortSipSessionRow, int?>? Order(PortSipComparison comparison)
    {
        if (comparison.Field is "id" or "session_id") return NumberText.TryRead(comparison.Text!, out long bound) ? row => row.Number.CompareTo(bound) : null;
        if (PortSipSessionRow.Text(comparison.Field) is { } text) return row => text(row) is { } own ? string.CompareOrdinal(own, comparison.Text) : null;
        if (PortSipSessionRow.Time(comparison.Field) is { } time) return row => time(row) is { } at ? at.CompareTo(comparison.Time) : null;
        if (PortSipSessionRow.Whole(comparison.Field) is not { } whole) return null;

        // A number between two whole ones is more than the one and less than the other.
        long floor = (long)decimal.Floor(comparison.Number);
        bool isWhole = floor == comparison.Number;
        return row => whole(row) is { } own ? own != floor ? own.CompareTo(floor) : isWhole ? 0 : -1 : null;
    }

    private static Func<PortSipSessionRow, bool>? OfId(PortSipComparison comparison, Func<string, string?> recordIdOf)
    {
        if (comparison.Operator is PortSipOperator.Equal or PortSipOperator.NotEqual)
        {
            bool isEqual = comparison.Operator == PortSipOperator.Equal;
            string? id = comparison.Text is { } text ? recordIdOf(text) : null;
            return row => (row.Id == id) == isEqual;
        }

        return comparison.Operator == PortSipOperator.Contains || Order(comparison) is not { } order ? null : Of(comparison, order);
    }

    private static Func<PortSipSessionRow, bool> OfText(PortSipComparison comparison, Func<PortSipSessionRow, string?> text, Func<PortSipSessionRow, string?>? also)
    {
        string? other = comparison.Text;
        if (comparison.Operator == PortSipOperator.Contains) return row => PortSipJudge.Has(text(row), other!) || PortSipJudge.Has(also?.Invoke(row), other!);
        if (other is not null && comparison.Operator is not (PortSipOperator.Equal or PortSipOperator.NotEqual)) return Of(comparison, Order(comparison)!);

        // Most have another length, so that equality is cheaper than order.
        bool isEqual = comparison.Operator == PortSipOperator.Equal;
        return other is null || also is null
            ? row => string.Equals(text(row), other) == isEqual
            : row => text(row) is { } own ? (own == other || also(row) == other) == isEqual : !isEqual;
    }

    private static Func<PortSipSessionRow, bool> Of(PortSipComparison comparison, Func<PortSipSessionRow, int?> order)
    {
        PortSipOperator how = comparison.Operator;
        if (comparison.Text is null) return row => (order(row) is null) == (how == PortSipOperator.Equal);
        return row => order(row) is { } of ? PortSipJudge.Meets(how, of, of == 0) : how == PortSipOperator.NotEqual;
    }
}

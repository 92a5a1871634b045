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
            case PortSipComparison comparison when PortSipSessionRow.Time(comparison.Field) is { } time:
                return Of(comparison, row => time(row) is { } at ? at.CompareTo(comparison.Time) : null);
            case PortSipComparison comparison when PortSipSessionRow.Whole(comparison.Field) is { } whole:
                return OfWhole(comparison, whole);
            default:
                return null;
        }
    }

    private static Func<PortSipSessionRow, bool>? OfId(PortSipComparison comparison, Func<string, string?> recordIdOf)
    {
        switch (comparison.Operator)
        {
            case PortSipOperator.Equal or PortSipOperator.NotEqual:
                bool isEqual = comparison.Operator == PortSipOperator.Equal;
                string? id = comparison.Text is { } text ? recordIdOf(text) : null;
                return row => (row.Id == id) == isEqual;
            case PortSipOperator.Contains:
                return null;
            default:
                return NumberText.TryRead(comparison.Text!, out long bound) ? Of(comparison, row => row.Number.CompareTo(bound)) : null;
        }
    }

    private static Func<PortSipSessionRow, bool> OfText(PortSipComparison comparison, Func<PortSipSessionRow, string?> text, Func<PortSipSessionRow, string?>? also)
    {
        string? other = comparison.Text;
        if (comparison.Operator == PortSipOperator.Contains) return row => PortSipJudge.Has(text(row), other!) || PortSipJudge.Has(also?.Invoke(row), other!);
        if (other is null || comparison.Operator is PortSipOperator.Equal or PortSipOperator.NotEqual)
        {
            // Most have another length, so that equality is cheaper than order.
            bool isEqual = comparison.Operator == PortSipOperator.Equal;
            return other is null || also is null
                ? row => string.Equals(text(row), other) == isEqual
                : row => text(row) is { } own ? (own == other || also(row) == other) == isEqual : !isEqual;
        }

        PortSipOperator how = comparison.Operator;
        return row => text(row) is { } own && string.CompareOrdinal(own, other) is var order && PortSipJudge.Meets(how, order, order == 0 || (also is not null && also(row) == other));
    }

    private static Func<PortSipSessionRow, bool> OfWhole(PortSipComparison comparison, Func<PortSipSessionRow, long?> whole)
    {
        // A number between two whole ones is more than the one and less than the other.
        decimal number = comparison.Number;
        long floor = (long)decimal.Floor(number);
        bool isWhole = floor == number;
        return Of(comparison, row => whole(row) is { } own ? own != floor ? own.CompareTo(floor) : isWhole ? 0 : -1 : null);
    }

    private static Func<PortSipSessionRow, bool> Of(PortSipComparison comparison, Func<PortSipSessionRow, int?> order)
    {
        PortSipOperator how = comparison.Operator;
        if (comparison.Text is null) return row => (order(row) is null) == (how == PortSipOperator.Equal);
        return row => order(row) is { } of ? PortSipJudge.Meets(how, of, of == 0) : how == PortSipOperator.NotEqual;
    }
}

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>Holds the sessions of a day that are kept in memory against conditions, as <see cref="PortSipJudge"/> holds what is read: by columns, so that they are looked at themselves for their ids alone.</summary>
internal static class PortSipRowJudge
{
    /// <summary>What tells which sessions of a day meet a condition, by their places; null where memory does not tell.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="recordIdOf">The record's id of an item's; null where there is none.</param>
    public static Func<PortSipDayRows, bool[]>? Of(PortSipCondition condition, Func<string, string?> recordIdOf)
    {
        switch (condition)
        {
            case PortSipJunction junction when Of(junction.Left, recordIdOf) is { } left && Of(junction.Right, recordIdOf) is { } right:
                return day => Joined(left(day), right(day), junction.IsOr);
            case PortSipComparison { Field: "id" or "session_id", Operator: PortSipOperator.Equal or PortSipOperator.NotEqual } comparison:
                string? id = comparison.Text is { } text ? recordIdOf(text) : null;
                return day => Turned(day, Array.ConvertAll(day.Rows, row => row.Id == id), comparison.Operator);
            case PortSipComparison { Operator: PortSipOperator.Contains } comparison when PortSipSessionRow.Text(comparison.Field) is null:
                return null;
            case PortSipComparison comparison when PortSipColumn.Answers(comparison):
                return day => Met(day, comparison);
            default:
                return null;
        }
    }

    private static bool[] Met(PortSipDayRows day, PortSipComparison comparison)
    {
        bool isNot = comparison is { Operator: PortSipOperator.NotEqual, Text: not null };
        PortSipComparison asked = isNot ? comparison with { Operator = PortSipOperator.Equal } : comparison;
        bool[] met = new bool[day.Rows.Length];
        day.Column(comparison.Field).Mark(asked, met);

        // Another way to write the value; of what has none there is no other.
        if (asked is { Operator: PortSipOperator.Equal or PortSipOperator.Contains, Text: not null } && PortSipSessionRow.Also(comparison.Field) is { } also)
        {
            bool[] besides = new bool[met.Length];
            day.Column(also).Mark(asked with { Field = also }, besides);
            if (asked.Operator == PortSipOperator.Equal)
            {
                bool[] none = new bool[met.Length];
                day.Column(comparison.Field).Mark(asked with { Text = null }, none);
                for (int i = 0; i < met.Length; i++) besides[i] &= !none[i];
            }

            Joined(met, besides, isOr: true);
        }

        return isNot ? Turned(day, met, PortSipOperator.NotEqual) : met;
    }

    private static bool[] Joined(bool[] left, bool[] right, bool isOr)
    {
        for (int i = 0; i < left.Length; i++) left[i] = isOr ? left[i] | right[i] : left[i] & right[i];
        return left;
    }

    private static bool[] Turned(PortSipDayRows day, bool[] equal, PortSipOperator how)
    {
        if (how == PortSipOperator.NotEqual)
        {
            for (int i = 0; i < day.Rows.Length; i++) equal[i] = !equal[i];
        }

        return equal;
    }
}

using CdrEngine.Calls.Outcomes;

namespace CdrEngine.Calls.Ports;

/// <summary>A text of a call held against another, character by character. What a call has not is neither more nor less than anything, and is in nothing.</summary>
/// <param name="Of">Which text.</param>
/// <param name="Sense">How.</param>
/// <param name="Text">The other; see <see cref="CanBeAsked"/>.</param>
public sealed record TextRange(TextOf Of, TextSense Sense, string Text)
{
    // From here on characters and the bytes they are stored as stand in another order.
    private const char Beyond = '\uD800';

    /// <summary>The label that is asked for; null for another text.</summary>
    public CallLabel? Label => Of >= TextOf.FirstLabel ? (CallLabel)(Of - TextOf.FirstLabel) : null;

    /// <summary>Whether a text can be asked for.</summary>
    public static bool CanBeAsked(string text) => text.All(static c => c is > '\0' and < Beyond && c != '\n');

    /// <summary>Whether a text meets it.</summary>
    public bool IsMetBy(string? text) => text is not null && Sense switch
    {
        TextSense.Greater => string.CompareOrdinal(text, Text) > 0,
        TextSense.GreaterOrEqual => string.CompareOrdinal(text, Text) >= 0,
        TextSense.Less => string.CompareOrdinal(text, Text) < 0,
        TextSense.LessOrEqual => string.CompareOrdinal(text, Text) <= 0,
        TextSense.Contains => text.Contains(Text, StringComparison.Ordinal),
        _ => true,
    };
}

/// <summary>Texts of a call that are held against others.</summary>
public enum TextOf
{
    /// <summary>Number of the caller, as on the wire.</summary>
    Caller = 0,

    /// <summary>The same of the callee.</summary>
    Callee = 1,

    /// <summary>The number that was dialled.</summary>
    Dialled = 2,

    /// <summary>Call-ID.</summary>
    SipCallId = 3,

    /// <summary>Name of the trunk.</summary>
    Trunk = 4,

    /// <summary>Id of the record, by which calls stand day by day.</summary>
    Id = 5,

    /// <summary><see cref="CallLabel.CallerName"/>; the other labels follow in their order.</summary>
    FirstLabel = 16,
}

/// <summary>How a text is held against another.</summary>
public enum TextSense
{
    /// <summary>Behind it.</summary>
    Greater = 0,

    /// <summary>Behind it, or the same.</summary>
    GreaterOrEqual = 1,

    /// <summary>Before it.</summary>
    Less = 2,

    /// <summary>Before it, or the same.</summary>
    LessOrEqual = 3,

    /// <summary>The other is part of it.</summary>
    Contains = 4,

    /// <summary>There is one, whatever the other.</summary>
    Present = 5,
}

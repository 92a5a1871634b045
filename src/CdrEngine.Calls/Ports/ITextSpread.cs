namespace CdrEngine.Calls.Ports;

/// <summary>How calls are spread over their different texts, about: it leads to a place in the order of a text, and what stands there is to be counted. Any thread.</summary>
/// <remarks>Its texts may be of any calls, also of those that a viewer may not see, and are not to be shown.</remarks>
public interface ITextSpread
{
    /// <summary>A text between two others before which about as many calls stand as a part of those between them; null where none is known there.</summary>
    /// <param name="low">What it is not before; it may be the same.</param>
    /// <param name="high">What it is before. Null for any.</param>
    /// <param name="part">The part, 0..1.</param>
    string? Between(string low, string? high, double part);
}

namespace CdrEngine.Calls.Directory;

/// <summary>Numbers from one to another of the same length.</summary>
internal static class DigitRange
{
    /// <summary>The fewest prefixes that together begin exactly the numbers of a range.</summary>
    /// <param name="first">First number, digits.</param>
    /// <param name="last">Last number, digits, as many and not before the first.</param>
    public static IEnumerable<string> Cover(string first, string last)
    {
        int common = 0;
        while (common < first.Length && first[common] == last[common]) common++;

        // Whole blocks: what follows is 0…0 to 9…9.
        if (first.AsSpan(common).TrimStart('0').IsEmpty && last.AsSpan(common).TrimStart('9').IsEmpty)
        {
            yield return first[..common];
            yield break;
        }

        string stem = first[..common];
        string low = first[(common + 1)..], high = last[(common + 1)..];
        foreach (string prefix in Cover(low, new string('9', low.Length))) yield return $"{stem}{first[common]}{prefix}";
        for (char digit = (char)(first[common] + 1); digit < last[common]; digit++) yield return $"{stem}{digit}";
        foreach (string prefix in Cover(new string('0', high.Length), high)) yield return $"{stem}{last[common]}{prefix}";
    }

    /// <summary>The range of all numbers that begin with a text, as fifteen digits.</summary>
    public static (string First, string Last) Wide(string first, string last) =>
        (first.PadRight(NumberPlan.MaxDigits, '0'), last.PadRight(NumberPlan.MaxDigits, '9'));
}

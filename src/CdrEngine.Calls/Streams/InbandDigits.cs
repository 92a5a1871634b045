using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Streams;

/// <summary>Tells digits that were pressed from tones that are another trace of the same digit.</summary>
/// <remarks>A gateway that sends a digit as an event, or a phone that sends it by INFO, often lets the tone into the sound as well: all of it, or
/// what passed before it knew. And a line echoes: the tone of one side comes back, weaker and later, from the other.</remarks>
public static class InbandDigits
{
    /// <summary>How far apart event and tone of one digit may be: a gateway takes some 40 ms to know a tone, its buffer as much again.</summary>
    private static readonly TimeSpan EventSlack = TimeSpan.FromMilliseconds(150);

    /// <summary>INFO is sent when the key is let go, at the latest so long after it.</summary>
    private static readonly TimeSpan InfoDelay = TimeSpan.FromMilliseconds(600);

    /// <summary>Longest way there and back of an echo (G.131 wants it cancelled from 25 ms on; networks of packets add their buffers).</summary>
    private static readonly TimeSpan EchoDelay = TimeSpan.FromMilliseconds(400);

    /// <summary>Digits looked at on each side of one. More within the time that matters are not pressed by anybody.</summary>
    private const int Neighbours = 64;

    /// <summary>Takes out tones that are not digits of their own.</summary>
    /// <param name="digits">Digits of one call by all methods, in order of time.</param>
    /// <returns>The same list where nothing is to be taken out.</returns>
    public static IReadOnlyList<DtmfDigit> WithoutTraces(IReadOnlyList<DtmfDigit> digits)
    {
        List<DtmfDigit>? kept = null;
        for (int i = 0; i < digits.Count; i++)
        {
            bool isTrace = digits[i].Method == DtmfMethod.Inband && IsTrace(digits, i);
            if (isTrace && kept is null) kept = [.. digits.Take(i)];
            else if (!isTrace) kept?.Add(digits[i]);
        }

        return kept ?? digits;
    }

    private static bool IsTrace(IReadOnlyList<DtmfDigit> digits, int index)
    {
        DtmfDigit tone = digits[index];
        int last = Math.Min(index + Neighbours, digits.Count - 1);
        for (int i = Math.Max(index - Neighbours, 0); i <= last; i++)
        {
            DtmfDigit other = digits[i];
            if (i == index || other.Digit != tone.Digit) continue;
            bool isSameSide = other.From == tone.From || other.From == PartySide.Unknown || tone.From == PartySide.Unknown;
            bool isTrace = other.Method switch
            {
                DtmfMethod.Rfc4733 => isSameSide && tone.At <= EndOf(other) + EventSlack && other.At <= EndOf(tone) + EventSlack,
                DtmfMethod.Info => isSameSide && other.At >= tone.At - EventSlack && other.At <= EndOf(tone) + InfoDelay,
                _ => false,
            };
            if (isTrace) return true;
            bool isEcho = other.Method != DtmfMethod.Info && !isSameSide && other.At < tone.At && tone.At - other.At <= EchoDelay;
            if (isEcho) return true;
        }

        return false;
    }

    private static Timestamp EndOf(DtmfDigit digit) => digit.At + (digit.Duration ?? TimeSpan.Zero);
}

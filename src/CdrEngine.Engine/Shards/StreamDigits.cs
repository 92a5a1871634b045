using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;

namespace CdrEngine.Engine.Shards;

/// <summary>Digits heard in the streams of a call.</summary>
internal static class StreamDigits
{
    /// <summary>A relay passes a digit on within this time; a person does not press the same key twice so fast (RFC 4733 2.6: 40 ms signal and
    /// 40 ms pause at the very least, some 200 ms in practice).</summary>
    private static readonly TimeSpan RelayDelay = TimeSpan.FromMilliseconds(150);

    /// <summary>All digits in order of time; one that a relay repeats on the next hop of the media counts once.</summary>
    public static IReadOnlyList<DtmfDigit> Of(List<RtpFlow> flows)
    {
        List<DtmfDigit>? all = null;
        foreach (RtpFlow flow in flows)
        {
            IReadOnlyList<DtmfDigit> digits = flow.Digits;
            if (digits.Count == 0) continue;
            if (all is null)
            {
                all = [.. digits];
                continue;
            }

            List<DtmfDigit> others = all;
            int known = others.Count;
            foreach (DtmfDigit digit in digits)
            {
                bool relayed = others.Take(known).Any(other => other.Digit == digit.Digit && other.From == digit.From && (other.At - digit.At).Duration() <= RelayDelay);
                if (!relayed) others.Add(digit);
            }
        }

        if (all is null) return [];
        return [.. all.OrderBy(static digit => digit.At)];
    }
}

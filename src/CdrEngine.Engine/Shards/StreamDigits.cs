using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;

namespace CdrEngine.Engine.Shards;

/// <summary>Digits heard in the streams of a call.</summary>
internal static class StreamDigits
{
    /// <summary>A relay passes a digit on within this time; a person does not press the same key twice so fast (RFC 4733 2.6: 40 ms signal and
    /// 40 ms pause at the very least, some 200 ms in practice).</summary>
    private static readonly TimeSpan RelayDelay = TimeSpan.FromMilliseconds(150);

    /// <summary>A relay that makes its sound anew has a buffer besides.</summary>
    private static readonly TimeSpan TranscodingDelay = TimeSpan.FromMilliseconds(250);

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
                TimeSpan delay = digit.Method == DtmfMethod.Inband ? TranscodingDelay : RelayDelay;
                bool relayed = others.Take(known).Any(other =>
                    other.Digit == digit.Digit && other.Method == digit.Method && other.From == digit.From && (other.At - digit.At).Duration() <= delay);
                if (!relayed) others.Add(digit);
            }
        }

        if (all is null) return [];
        return [.. all.OrderBy(static digit => digit.At)];
    }
}

using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Masking;

/// <summary>A time in which one side is not to be heard.</summary>
/// <param name="From">The side.</param>
/// <param name="Start">Start.</param>
/// <param name="End">End.</param>
public readonly record struct DigitInterval(PartySide From, Timestamp Start, Timestamp End);

/// <summary>Digits in the record, and when the sound hides them.</summary>
public static class RecordMask
{
    /// <summary>What stands for a digit in a record.</summary>
    public const char Hidden = '•';

    /// <summary>Sound before and after a digit that is muted with it: gateways let some of the tone through before they take it out, and the times
    /// of packets and sound differ by the playout.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(60);

    /// <summary>Length of a digit that did not tell its own.</summary>
    public static readonly TimeSpan UsualDigit = TimeSpan.FromMilliseconds(200);

    /// <summary>The record with each digit as <see cref="Hidden"/>; how many there were, when, how long and by whom stays. The same record where
    /// nothing is to be hidden.</summary>
    public static CallRecord Apply(CallRecord record, DtmfMask mask)
    {
        if (mask == DtmfMask.None || record.Dtmf.Count == 0) return record;
        var hidden = new DtmfDigit[record.Dtmf.Count];
        for (int i = 0; i < hidden.Length; i++) hidden[i] = record.Dtmf[i] with { Digit = Hidden };
        return record with { Dtmf = hidden };
    }

    /// <summary>When each side is to be silent: around digits by telephone events and by tones, merged, in order. Empty unless all is masked.</summary>
    /// <remarks>Digits by SIP INFO have no sound of their own. <paramref name="digits"/> are those of the record, tones in the sound included where
    /// they were looked for.</remarks>
    public static IReadOnlyList<DigitInterval> Muted(IEnumerable<DtmfDigit> digits, DtmfMask mask)
    {
        var muted = new List<DigitInterval>();
        if (mask != DtmfMask.All) return muted;
        foreach (DtmfDigit digit in digits.Where(static digit => digit.Method != DtmfMethod.Info).OrderBy(static digit => digit.From).ThenBy(static digit => digit.At))
        {
            TimeSpan length = digit.Duration is { } told && told > TimeSpan.Zero ? told : UsualDigit;
            var interval = new DigitInterval(digit.From, digit.At - Margin, digit.At + length + Margin);
            if (muted.Count > 0 && muted[^1] is var last && last.From == interval.From && interval.Start <= last.End)
                muted[^1] = last with { End = Timestamp.Max(last.End, interval.End) };
            else
                muted.Add(interval);
        }

        return muted;
    }
}

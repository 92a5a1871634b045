using System.Numerics;
using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Streams;

// Lists of a stream's record. In loops: a query over values of ours is code that nobody compiles ahead, and costs a short import more than all its lists.
public sealed partial class StreamMeter
{
    /// <summary>How many runs of lost packets there were of each length, from one on; the last counts the longer ones too.</summary>
    private static long[] RunsByLength(LossRuns runs)
    {
        long[] counts = new long[LossRuns.Lengths];
        for (int i = 0; i < counts.Length; i++) counts[i] = runs.RunsOfLength(i + 1);
        return counts;
    }

    /// <summary>The values whose bits are set, in order.</summary>
    private static int[] BitsOf(ulong bits)
    {
        int[] values = new int[BitOperations.PopCount(bits)];
        for (int i = 0; i < values.Length; i++, bits &= bits - 1) values[i] = BitOperations.TrailingZeroCount(bits);
        return values;
    }

    /// <summary>Payload types by packets, most first; of as many the lower number first.</summary>
    private PayloadUseRecord[] PayloadUses()
    {
        PayloadUse[] uses = _uses[.._useCount];
        for (int i = 1; i < uses.Length; i++)
        {
            PayloadUse use = uses[i];
            int at = i;
            for (; at > 0 && ComesBefore(use, uses[at - 1]); at--) uses[at] = uses[at - 1];
            uses[at] = use;
        }

        return Array.ConvertAll(uses, static use => new PayloadUseRecord(use.PayloadType, use.Format.Codec, use.Packets));
    }

    private static bool ComesBefore(PayloadUse left, PayloadUse right) =>
        left.Packets != right.Packets ? left.Packets > right.Packets : left.PayloadType < right.PayloadType;
}

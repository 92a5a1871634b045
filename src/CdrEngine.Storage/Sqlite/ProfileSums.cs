using CdrEngine.Calls.Totals;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

/// <summary>The sums of each profile of a day, some thirty bytes each: totals are put together from them in memory, whatever is asked of profiles. Immutable.</summary>
internal sealed class ProfileSums
{
    // Of each profile how many bytes follow, then its sums.
    private readonly byte[] _bytes;

    private ProfileSums(byte[] bytes) => _bytes = bytes;

    /// <summary>Memory it takes, bytes.</summary>
    public long Size => _bytes.Length;

    /// <summary>Keeps sums.</summary>
    /// <param name="sums">Those of each profile.</param>
    public static ProfileSums Of(IEnumerable<CallSums> sums)
    {
        TextBytes all = new(), one = new();
        foreach (CallSums its in sums)
        {
            one.Clear();
            foreach (long value in (ReadOnlySpan<long>)
                [its.Calls, its.Answered, its.Duration, its.Billable, its.Pdd, its.PddCalls, its.Mos, its.MosCalls, its.MosBelow403, its.MosBelow360, its.MosBelow310, its.MosBelow258])
            {
                one.AddLong(value);
            }

            all.Add((uint)one.Length);
            all.Add(one.Written);
        }

        return new ProfileSums(all.ToArray());
    }

    /// <summary>Adds those of some profiles up.</summary>
    /// <param name="isAsked">Whether those of a profile are wanted, by its place among them.</param>
    public CallSums Add(Func<int, bool> isAsked)
    {
        CallSums all = default;
        ReadOnlySpan<byte> bytes = _bytes;
        Span<long> values = stackalloc long[ProfileRow.SumCount];
        for (int i = 0; TextBytes.TryTakePart(ref bytes, out ReadOnlySpan<byte> its); i++)
        {
            if (!isAsked(i)) continue;
            for (int k = 0; k < values.Length; k++) TextBytes.TryTakeLong(ref its, out values[k]);
            all.Add(ProfileRow.SumsOf(values));
        }

        return all;
    }
}

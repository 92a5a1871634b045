using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Dialects.VoipStudio;

/// <summary>Integer ids of media sessions: the number of their call and the position of the m-line, lossless.</summary>
/// <remarks>53 bits, so that every JSON reader keeps them exact, for the first four m-lines of calls of rank 0 or 1 until the year 2059: 15 bits of the day, 35 of the
/// hash, 3 of rank and position. Others (one call in millions) have up to 63 bits: bit 62, 9 bits of the position, the call's number.</remarks>
internal static class MsdrNumber
{
    /// <summary>Highest position that has a number.</summary>
    public const int MaxIndex = 511;

    private const int NumberBits = 53;
    private const int RankBits = 2;
    private const long Wide = 1L << 62;
    private const long ShortCalls = 1L << (NumberBits - 1);

    /// <summary>The id; −1 for a call without a number or a position too high.</summary>
    public static long Of(long call, int index)
    {
        if (call is < 0 or > CallNumber.Max || index is < 0 or > MaxIndex) return -1;
        long rank = call & CallNumber.MaxRank;
        if (call < ShortCalls && rank <= 1 && index <= 3) return (call >> RankBits << 3) | (rank << 2) | (uint)index;
        return Wide | ((long)index << NumberBits) | call;
    }

    /// <summary>The call's number and the position; false for a number that is none.</summary>
    public static bool TryRead(long id, out long call, out int index)
    {
        call = 0;
        index = 0;
        if (id < 0) return false;
        if (id <= CallNumber.Max)
        {
            index = (int)(id & 3);
            call = (id >> 3 << RankBits) | ((id >> 2) & 1);
            return true;
        }

        if ((id & Wide) == 0) return false;
        index = (int)((id >> NumberBits) & MaxIndex);
        call = id & CallNumber.Max;
        return Of(call, index) == id;
    }
}

using System.Buffers.Binary;
using System.Globalization;
using CdrEngine.Core;

namespace CdrEngine.Calls.Records;

/// <summary>Integer ids of calls, for clients that know no others: 53 bits, so that every JSON reader keeps them exact (RFC 8259 6).</summary>
/// <remarks>16 bits of the day since 1970, the first 35 bits of the id's hash, 2 bits of a rank. Of calls of one day with the same 35 bits the one
/// stored first has rank 0, the next 1: at 170,000 calls a day some two in five days, at ten million a day some 1,400. The store knows the
/// rank; the rest derives from the id, so that the way back is a range of the index of ids.</remarks>
public static class CallNumber
{
    /// <summary>Highest rank; a fifth call with the same 35 bits on one day shares it (once in a thousand million days at ten million calls each).</summary>
    public const int MaxRank = 3;

    /// <summary>Largest integer id there can be: 2⁵³ − 1.</summary>
    public const long Max = (1L << 53) - 1;

    /// <summary>Integer ids that a day has room for: those of one day follow those of the day before.</summary>
    public const long OfDay = 1L << (HashBits + RankBits);

    private const int HashBits = 35;
    private const int RankBits = 2;
    private const int IdBytes = 12;

    /// <summary>The integer id of a record; −1 where the text is no id, or its day lies outside 1970..2149.</summary>
    /// <param name="id">Native id.</param>
    /// <param name="rank">0..<see cref="MaxRank"/>; more counts as that.</param>
    public static long Of(string id, int rank = 0)
    {
        Span<byte> hash = stackalloc byte[IdBytes];
        if (!CallId.IsWellFormed(id)
            || !DateOnly.TryParseExact(id.AsSpan(0, 8), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day)
            || !Hex.TryRead(id.AsSpan(9), hash)) return -1;
        int days = day.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        if (days is < 0 or > ushort.MaxValue) return -1;
        long prefix = (long)(BinaryPrimitives.ReadUInt64BigEndian(hash) >> (64 - HashBits));
        return ((long)days << (HashBits + RankBits)) | (prefix << RankBits) | (uint)Math.Clamp(rank, 0, MaxRank);
    }

    /// <summary>The lowest id that a record may have whose integer id is this one, or another of the same 35 bits and day; null for a number that is none.</summary>
    /// <param name="number">Integer id.</param>
    public static string? FirstId(long number)
    {
        Span<byte> first = stackalloc byte[IdBytes], last = stackalloc byte[IdBytes];
        return TryRead(number, out DateOnly day, first, last, out _) ? string.Create(CultureInfo.InvariantCulture, $"{day:yyyyMMdd}-{Hex.Lower(first)}") : null;
    }

    /// <summary>What an integer id says: the day, the lowest and highest twelve bytes an id may have there, and the rank. False for a number that
    /// is none.</summary>
    /// <param name="number">Integer id.</param>
    /// <param name="day">Day.</param>
    /// <param name="first">Twelve bytes to write to: the lowest.</param>
    /// <param name="last">Twelve bytes to write to: the highest.</param>
    /// <param name="rank">Rank among those.</param>
    public static bool TryRead(long number, out DateOnly day, Span<byte> first, Span<byte> last, out int rank)
    {
        rank = (int)(number & MaxRank);
        day = default;
        if (number is < 0 or > Max) return false;
        day = DateOnly.FromDateTime(DateTime.UnixEpoch).AddDays((int)(number >> (HashBits + RankBits)));
        ulong prefix = (ulong)(number >> RankBits) << (64 - HashBits);
        first[..IdBytes].Clear();
        last[..IdBytes].Fill(0xFF);
        BinaryPrimitives.WriteUInt64BigEndian(first, prefix);
        BinaryPrimitives.WriteUInt64BigEndian(last, prefix | (ulong.MaxValue >> HashBits));
        return true;
    }
}

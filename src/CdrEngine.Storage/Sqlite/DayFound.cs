using CdrEngine.Calls.Ports;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Calls of a day that were found in memory, as long as the day is as it was when it was sealed.</summary>
/// <param name="Stamp">What tells that; see <see cref="DaySeal.Stamp"/>.</param>
/// <param name="Documents">Their documents, ascending.</param>
/// <param name="Rest">What is left to be asked of them: times at least.</param>
/// <param name="IsAll">Whether times are all that is left.</param>
internal sealed record DayFound(long Stamp, List<long> Documents, CallQuery Rest, bool IsAll)
{
    /// <summary>Tells whether a document is among them, in statements: bits, then the document.</summary>
    public const string Function = "is_found";

    private byte[]? _bits;

    /// <summary>Whether the day is still as it was. To be asked in one state of the file with whatever is read of it.</summary>
    public bool IsOf(SqliteDatabase database) => database.IsSealed && DaySeal.StampOf(database) == Stamp;

    /// <summary>A bit for each document from the first of them on, which stands before the bits.</summary>
    public byte[] Bits => _bits ??= BitsOf(Documents);

    /// <summary>The same of some documents.</summary>
    /// <param name="documents">They, ascending.</param>
    public static byte[] BitsOf(List<long> documents)
    {
        if (documents.Count == 0) return new byte[sizeof(long)];
        long first = documents[0];
        byte[] bits = new byte[sizeof(long) + ((documents[^1] - first) / 8) + 1];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(bits, first);
        foreach (long document in documents) bits[sizeof(long) + ((document - first) / 8)] |= (byte)(1 << (int)((document - first) % 8));
        return bits;
    }

    /// <summary>Whether bits tell of a document.</summary>
    public static bool Has(ReadOnlySpan<byte> bits, long document)
    {
        if (bits.Length <= sizeof(long)) return false;
        long place = document - System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(bits);
        return place >= 0 && place / 8 < bits.Length - sizeof(long) && (bits[(int)(sizeof(long) + (place / 8))] & (1 << (int)(place % 8))) != 0;
    }

    /// <summary>Times and order of a query, and nothing else.</summary>
    public static CallQuery TimesOf(CallQuery query) => new()
    {
        From = query.From,
        To = query.To,
        Start = query.Start,
        Sort = query.Sort,
        Ascending = query.Ascending,
        Limit = query.Limit,
    };
}

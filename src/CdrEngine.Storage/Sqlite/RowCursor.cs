using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Where a page of a list in order of calls ended, bound to the query it belongs to.</summary>
/// <param name="StartedAt">Start of the last row's call, microseconds.</param>
/// <param name="Day">The call's day.</param>
/// <param name="Id">Its id's twelve bytes.</param>
/// <param name="Item">Which of the call's rows; 0 where it has one.</param>
internal sealed record RowCursor(long StartedAt, DateOnly Day, byte[] Id, int Item)
{
    private const int Length = 1 + 8 + 4 + CallRow.IdBytes + 4 + 8;
    private const byte Version = 2;

    /// <summary>As text for a client.</summary>
    /// <param name="query">All that decides which rows come in which order.</param>
    public string Encode(string query)
    {
        Span<byte> bytes = stackalloc byte[Length];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(bytes[1..], StartedAt);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[9..], Day.DayNumber);
        Id.CopyTo(bytes[13..]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[(13 + CallRow.IdBytes)..], Item);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[^8..], CursorSeal.Of(bytes[..^8], query));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads what <see cref="Encode"/> made for the same query; false for anything else.</summary>
    public static bool TryDecode(string text, string query, out RowCursor? cursor)
    {
        cursor = null;
        Span<byte> bytes = stackalloc byte[Length];
        if (text.Length != Base64Url.GetEncodedLength(Length) || Base64Url.DecodeFromChars(text, bytes, out _, out int length) != OperationStatus.Done || length != Length
            || bytes[0] != Version || BinaryPrimitives.ReadUInt64LittleEndian(bytes[^8..]) != CursorSeal.Of(bytes[..^8], query)) return false;
        int day = BinaryPrimitives.ReadInt32LittleEndian(bytes[9..]);
        if (day < DateOnly.MinValue.DayNumber || day > DateOnly.MaxValue.DayNumber) return false;
        cursor = new RowCursor(
            BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]),
            DateOnly.FromDayNumber(day),
            bytes.Slice(13, CallRow.IdBytes).ToArray(),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[(13 + CallRow.IdBytes)..]));
        return true;
    }
}

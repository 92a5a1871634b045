using System.Buffers.Binary;
using System.Globalization;
using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>Native ids as UUIDs of version 8 (RFC 9562 5.8) and back, without loss: 16 bits of the day since 1970, 10 bits for a part of the call, the 96 bits
/// of the id.</summary>
internal static class CallUuid
{
    /// <summary>Highest number of a part.</summary>
    public const int MaxPart = 1023;

    private const int IdBytes = 12;
    private static readonly DateOnly Epoch = new(1970, 1, 1);

    /// <summary>The UUID of a call; that of nothing (all zero) where the text is no id or its day lies outside 1970..2149.</summary>
    /// <param name="id">Native id.</param>
    /// <param name="part">0 for the call itself, else the number of a part of it (a leg), 1..<see cref="MaxPart"/>.</param>
    public static Guid Of(string id, int part = 0)
    {
        Span<byte> hash = stackalloc byte[IdBytes];
        if (!CallId.IsWellFormed(id) || part is < 0 or > MaxPart
            || !DateOnly.TryParseExact(id.AsSpan(0, 8), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day)
            || Convert.FromHexString(id.AsSpan(9), hash, out _, out _) != System.Buffers.OperationStatus.Done) return Guid.Empty;
        int days = day.DayNumber - Epoch.DayNumber;
        if (days is < 0 or > ushort.MaxValue) return Guid.Empty;

        // 122 bits in order: days, part, hash. The first 48, then 12 behind the version, then 62 behind the variant.
        UInt128 bits = ((UInt128)(uint)days << 106) | ((UInt128)(uint)part << 96) | ((UInt128)BinaryPrimitives.ReadUInt64BigEndian(hash) << 32) | BinaryPrimitives.ReadUInt32BigEndian(hash[8..]);
        UInt128 high = bits >> 74;
        UInt128 middle = (bits >> 62) & 0xFFF;
        UInt128 low = bits & (((UInt128)1 << 62) - 1);
        UInt128 uuid = (high << 80) | ((UInt128)8 << 76) | (middle << 64) | ((UInt128)2 << 62) | low;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, uuid);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The native id and the part that a UUID names; false for any that is none of ours, or not written in 36 characters.</summary>
    public static bool TryRead(string text, out string id, out int part)
    {
        id = "";
        part = 0;
        if (!Guid.TryParseExact(text, "D", out Guid guid)) return false;
        Span<byte> bytes = stackalloc byte[16];
        guid.TryWriteBytes(bytes, bigEndian: true, out _);
        UInt128 uuid = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        if (((uuid >> 76) & 0xF) != 8 || ((uuid >> 62) & 3) != 2) return false;
        UInt128 bits = ((uuid >> 80) << 74) | (((uuid >> 64) & 0xFFF) << 62) | (uuid & (((UInt128)1 << 62) - 1));
        Span<byte> hash = stackalloc byte[IdBytes];
        BinaryPrimitives.WriteUInt64BigEndian(hash, (ulong)(bits >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(hash[8..], (uint)bits);
        part = (int)((bits >> 96) & MaxPart);
        DateOnly day = Epoch.AddDays((int)(bits >> 106));
        id = string.Create(CultureInfo.InvariantCulture, $"{day:yyyyMMdd}-{Convert.ToHexStringLower(hash)}");
        return true;
    }
}

using System.Buffers.Binary;

namespace CdrEngine.Calls.Transactions;

/// <summary>The hash that call machines and the switchboard know messages, tags and branches by: 64 bits, the same in every run.</summary>
/// <remarks>It is no defence: whoever forges a collision spoils only the call whose Call-ID they use.</remarks>
public static class Hash64
{
    private const ulong K0 = 0x9E37_79B9_7F4A_7C15;
    private const ulong K1 = 0xD6E8_FEB8_6659_FD93;
    private const ulong K2 = 0xA076_1D64_78BD_642F;

    /// <summary>Hash of bytes.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        ulong h = K2 ^ (ulong)bytes.Length;
        while (bytes.Length >= 8)
        {
            h = Mix(h, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        ulong rest = 0;
        for (int i = 0; i < bytes.Length; i++) rest |= (ulong)bytes[i] << (i * 8);
        h = Mix(h, rest);
        h = (h ^ (h >> 32)) * K1;
        return h ^ (h >> 29);
    }

    /// <summary>Hash of a tag; 0 for none, and for nothing else.</summary>
    public static ulong OfTag(ReadOnlySpan<byte> tag) => tag.IsEmpty ? 0 : Math.Max(Of(tag), 1);

    /// <summary>Adds a number to a hash.</summary>
    public static ulong Mix(ulong hash, ulong value)
    {
        ulong high = Math.BigMul(hash ^ K0, value ^ K1, out ulong low);
        return high ^ low ^ (hash << 1);
    }
}

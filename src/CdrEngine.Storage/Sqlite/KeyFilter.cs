using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using CdrEngine.Core;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Tells of a key whether a day may have it: never no for one that it has, and yes by mistake for one in a hundred that it has not (a Bloom filter of ten bits a key). Kept with
/// the day and in memory, so that what few days have is not looked for in all the others. Immutable.</summary>
internal sealed class KeyFilter
{
    private const int BitsPerKey = 10;
    private const int Looks = 7;

    // As many begin a number of which few days have one, and none of which most have.
    private const int PrefixBytes = 8;

    private readonly ulong[] _bits;

    private KeyFilter(ulong[] bits) => _bits = bits;

    /// <summary>Memory it takes, bytes.</summary>
    public int Size => _bits.Length * sizeof(ulong);

    /// <summary>The filter of some keys.</summary>
    public static KeyFilter Of(IReadOnlyCollection<ulong> keys)
    {
        ulong[] bits = new ulong[Math.Max(1, ((long)keys.Count * BitsPerKey / 64) + 1)];
        foreach (ulong key in keys)
        {
            (ulong at, ulong step) = Begin(key);
            for (int i = 0; i < Looks; i++, at += step)
            {
                ulong bit = at % ((ulong)bits.Length * 64);
                bits[bit / 64] |= 1UL << (int)(bit % 64);
            }
        }

        return new KeyFilter(bits);
    }

    /// <summary>Reads what <see cref="ToBytes"/> gives.</summary>
    public static KeyFilter? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes.Length % sizeof(ulong) != 0) return null;
        ulong[] bits = new ulong[bytes.Length / sizeof(ulong)];
        for (int i = 0; i < bits.Length; i++) bits[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * sizeof(ulong))..]);
        return new KeyFilter(bits);
    }

    /// <summary>Its bits, lowest first.</summary>
    public byte[] ToBytes()
    {
        if (BitConverter.IsLittleEndian) return MemoryMarshal.AsBytes<ulong>(_bits).ToArray();
        byte[] bytes = new byte[Size];
        for (int i = 0; i < _bits.Length; i++) BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * sizeof(ulong)), _bits[i]);
        return bytes;
    }

    /// <summary>Whether the key may be among them.</summary>
    public bool MayHave(ulong key)
    {
        (ulong at, ulong step) = Begin(key);
        for (int i = 0; i < Looks; i++, at += step)
        {
            ulong bit = at % ((ulong)_bits.Length * 64);
            if ((_bits[bit / 64] & (1UL << (int)(bit % 64))) == 0) return false;
        }

        return true;
    }

    /// <summary>The key of a number, user or mailbox: what <c>call_numbers</c> holds.</summary>
    public static ulong OfNumber(ReadOnlySpan<byte> utf8) => Hash(utf8, 1);

    /// <summary>The same of a text.</summary>
    public static ulong OfNumber(string number) => OfNumber(Encoding.UTF8.GetBytes(number));

    /// <summary>The key of a number that a call of a tenant has.</summary>
    public static ulong OfNumber(ReadOnlySpan<byte> utf8, ReadOnlySpan<byte> tenant) => Hash(utf8, Hash(tenant, 5));

    /// <summary>The same of texts.</summary>
    public static ulong OfNumber(string number, string tenant) => OfNumber(Encoding.UTF8.GetBytes(number), Encoding.UTF8.GetBytes(tenant));

    /// <summary>The key of how a number begins; null where it is too short.</summary>
    public static ulong? OfPrefix(ReadOnlySpan<byte> utf8) => utf8.Length < PrefixBytes ? null : Hash(utf8[..PrefixBytes], 6);

    /// <summary>The key of a Call-ID, by its hash.</summary>
    public static ulong OfSipCall(long hash) => Hash(MemoryMarshal.AsBytes([hash]), 2);

    /// <summary>The key of a session that calls are in.</summary>
    public static ulong OfSession(ReadOnlySpan<byte> utf8) => Hash(utf8, 3);

    /// <summary>The key of an address, as it is stored.</summary>
    public static ulong OfAddress(ReadOnlySpan<byte> bytes) => Hash(bytes, 4);

    /// <summary>The key of a party of a conversation, or of what stands before the host of its address.</summary>
    public static ulong OfParty(ReadOnlySpan<byte> utf8) => Hash(utf8, 5);

    /// <summary>The key of a conversation.</summary>
    public static ulong OfConversation(ReadOnlySpan<byte> utf8) => Hash(utf8, 6);

    // The bits of a short text are spread when it is looked up.
    private static ulong Hash(ReadOnlySpan<byte> bytes, byte kind) => Fnv1a.Add(Fnv1a.Add(Fnv1a.Empty, kind), bytes);

    private static ulong Hash(ReadOnlySpan<byte> bytes, ulong begin) => Fnv1a.Add(Fnv1a.Add(begin, 0), bytes);

    // The finalizer of MurmurHash3: every bit of the key moves every other.
    private static (ulong At, ulong Step) Begin(ulong key)
    {
        ulong mixed = key;
        mixed = (mixed ^ (mixed >> 33)) * 0xff51afd7ed558ccd;
        mixed = (mixed ^ (mixed >> 33)) * 0xc4ceb9fe1a85ec53;
        mixed ^= mixed >> 33;
        return (mixed, (mixed >> 17) | 1);
    }
}

using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CdrEngine.Core;

namespace CdrEngine.Calls.Records;

/// <summary>Makes the identity of a call record from the call itself, so that reading a capture twice gives the same record twice.</summary>
public static class CallId
{
    /// <summary>Length of every id: eight digits of the day, a hyphen, 24 hexadecimal digits.</summary>
    public const int Length = 33;

    /// <summary>The id of a call: UTC day of <paramref name="started"/> as yyyyMMdd, a hyphen, and the first 12 bytes of a SHA-256 over
    /// Call-ID, a zero byte, From-tag, a zero byte and the start in microseconds (64 bits, big endian), in lower-case hexadecimal.</summary>
    /// <param name="sipCallId">The Call-ID header; case matters (RFC 3261 8.1.1.4).</param>
    /// <param name="fromTag">The From-tag of the initial INVITE; empty where it had none (RFC 2543).</param>
    /// <param name="started">Start of the call.</param>
    public static string Derive(string sipCallId, string fromTag, Timestamp started)
    {
        int longest = Encoding.UTF8.GetMaxByteCount(sipCallId.Length + fromTag.Length) + 2 + sizeof(long);
        Span<byte> input = longest <= 512 ? stackalloc byte[512] : new byte[longest];
        int length = Encoding.UTF8.GetBytes(sipCallId, input);
        input[length++] = 0;
        length += Encoding.UTF8.GetBytes(fromTag, input[length..]);
        input[length++] = 0;
        BinaryPrimitives.WriteInt64BigEndian(input[length..], started.Microseconds);
        Span<byte> hash = stackalloc byte[Sha256.HashBytes];
        Sha256.Hash(input[..(length + sizeof(long))], hash);
        Span<char> id = stackalloc char[Length];
        started.ToDateTime().TryFormat(id, out _, "yyyyMMdd", CultureInfo.InvariantCulture);
        id[8] = '-';
        Hex.Lower(hash[..12], id[9..]);
        return new string(id);
    }

    /// <summary>True where a text has the shape of an id; the API checks it before it asks the store.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> id)
    {
        if (id.Length != Length || id[8] != '-') return false;
        for (int i = 0; i < 8; i++)
        {
            if (!char.IsAsciiDigit(id[i])) return false;
        }

        for (int i = 9; i < id.Length; i++)
        {
            if (!char.IsAsciiHexDigitLower(id[i])) return false;
        }

        return true;
    }
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace CdrEngine.Media.Srtp;

/// <summary>Reads the key and session parameters of a crypto line (RFC 4568 6.1, 6.3, 9.2).</summary>
internal static class SrtpKeyLine
{
    private const int MaxKeyTextBytes = 128;
    private const int MaxMkiBytes = 128;

    /// <summary>What the session parameters say.</summary>
    public struct Options
    {
        /// <summary>Key derivation rate 2^n; -1 for none.</summary>
        public int RateExponent;

        /// <summary>RTP is not enciphered.</summary>
        public bool IsRtpPlain;

        /// <summary>RTCP is not enciphered. Of no use to a reader: the E bit of each packet says so too.</summary>
        public bool IsRtcpPlain;

        /// <summary>RTP carries no tag.</summary>
        public bool IsRtpUnauthenticated;
    }

    /// <summary>Reads what follows the suite.</summary>
    /// <param name="suite">The suite, known.</param>
    /// <param name="text"><c>inline:KEY|2^31|1:4;inline:… KDR=1 …</c>.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="keys">The keys, in order; the caller's to dispose, empty where false.</param>
    /// <param name="options">Session parameters.</param>
    /// <param name="reason">Why not.</param>
    public static bool TryRead(
        SrtpSuite suite, ReadOnlySpan<byte> text, SrtpLimits limits, out List<SrtpMasterKey> keys, out Options options, out SrtpRejection reason)
    {
        keys = [];
        reason = SrtpRejection.BadKeyLine;
        text = text.Trim(" \t\r\n"u8);
        int space = text.IndexOfAny((byte)' ', (byte)'\t');
        ReadOnlySpan<byte> inline = space < 0 ? text : text[..space];
        options = ReadOptions(space < 0 ? default : text[space..]);
        int mkiBytes = 0;
        while (!inline.IsEmpty)
        {
            int end = inline.IndexOf((byte)';');
            ReadOnlySpan<byte> one = end < 0 ? inline : inline[..end];
            inline = end < 0 ? default : inline[(end + 1)..];
            if (keys.Count == limits.MaxMasterKeysPerLine) break;
            if (TryReadKey(suite, one, options, out SrtpMasterKey? key, out reason) && (keys.Count == 0 || key!.Mki.Length == mkiBytes))
            {
                mkiBytes = key!.Mki.Length;
                keys.Add(key);
                continue;
            }

            key?.Dispose();
            foreach (SrtpMasterKey read in keys) read.Dispose();
            keys.Clear();
            if (reason == SrtpRejection.None) reason = SrtpRejection.BadKeyLine; // RFC 4568 6.1: all keys of a line have MKIs of one length
            return false;
        }

        if (keys.Count > 0) reason = SrtpRejection.None;
        return keys.Count > 0;
    }

    private static bool TryReadKey(SrtpSuite suite, ReadOnlySpan<byte> text, Options options, out SrtpMasterKey? key, out SrtpRejection reason)
    {
        key = null;
        reason = SrtpRejection.BadKeyLine;
        ReadOnlySpan<byte> method = "inline:"u8;
        if (text.Length < method.Length || !Ascii.EqualsIgnoreCase(text[..method.Length], method)) return false;
        text = text[method.Length..];
        int bar = text.IndexOf((byte)'|');
        ReadOnlySpan<byte> keyText = bar < 0 ? text : text[..bar];
        ReadOnlySpan<byte> rest = bar < 0 ? default : text[(bar + 1)..];

        // What follows is a lifetime, an MKI with its length, or both in that order. The lifetime binds the sender, an observer nothing.
        Span<byte> mki = stackalloc byte[MaxMkiBytes];
        int mkiBytes = 0;
        while (!rest.IsEmpty)
        {
            bar = rest.IndexOf((byte)'|');
            ReadOnlySpan<byte> part = bar < 0 ? rest : rest[..bar];
            rest = bar < 0 ? default : rest[(bar + 1)..];
            if (part.Contains((byte)':') && !TryReadMki(part, mki, out mkiBytes)) return false;
        }

        Span<byte> padded = stackalloc byte[MaxKeyTextBytes + 3];
        Span<byte> bytes = stackalloc byte[MaxKeyTextBytes];
        bool read = TryDecode(keyText, padded, bytes, out int written);
        int keyBytes = SrtpSuites.KeyBytes(suite);
        if (read && written != keyBytes + SrtpSuites.SaltBytes(suite))
        {
            reason = SrtpRejection.KeyLength;
            read = false;
        }

        if (read)
        {
            key = new SrtpMasterKey(suite, bytes[..keyBytes], bytes[keyBytes..written], mki[..mkiBytes], options.RateExponent);
            reason = SrtpRejection.None;
        }

        CryptographicOperations.ZeroMemory(padded);
        CryptographicOperations.ZeroMemory(bytes);
        return read;
    }

    /// <summary>Base64 with or without its padding; both are met.</summary>
    private static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> padded, Span<byte> bytes, out int written)
    {
        written = 0;
        text = text.TrimEnd((byte)'=');
        if (text.IsEmpty || text.Length > MaxKeyTextBytes || text.Length % 4 == 1) return false;
        text.CopyTo(padded);
        int length = text.Length;
        while (length % 4 != 0) padded[length++] = (byte)'=';
        return Base64.DecodeFromUtf8(padded[..length], bytes, out _, out written) == System.Buffers.OperationStatus.Done;
    }

    /// <summary><c>value:length</c>: a decimal number of any size and the bytes it takes in packets.</summary>
    private static bool TryReadMki(ReadOnlySpan<byte> text, Span<byte> mki, out int length)
    {
        int colon = text.IndexOf((byte)':');
        ReadOnlySpan<byte> digits = text[..colon];
        if (!Utf8Parser.TryParse(text[(colon + 1)..], out length, out int used) || used != text.Length - colon - 1 || length is < 1 or > MaxMkiBytes || digits.IsEmpty)
        {
            length = 0;
            return false;
        }

        Span<byte> value = mki[..length];
        value.Clear();
        foreach (byte digit in digits)
        {
            int carry = digit - '0';
            if (carry is < 0 or > 9) return false;
            for (int i = length - 1; i >= 0; i--)
            {
                carry += value[i] * 10;
                value[i] = (byte)carry;
                carry >>= 8;
            }

            if (carry != 0) return false;
        }

        return true;
    }

    private static Options ReadOptions(ReadOnlySpan<byte> text)
    {
        var options = new Options { RateExponent = -1 };
        while (!text.IsEmpty)
        {
            int end = text.IndexOfAny((byte)' ', (byte)'\t');
            ReadOnlySpan<byte> word = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (word.StartsWith("-"u8)) word = word[1..];
            if (Ascii.EqualsIgnoreCase(word, "UNENCRYPTED_SRTP"u8)) options.IsRtpPlain = true;
            else if (Ascii.EqualsIgnoreCase(word, "UNENCRYPTED_SRTCP"u8)) options.IsRtcpPlain = true;
            else if (Ascii.EqualsIgnoreCase(word, "UNAUTHENTICATED_SRTP"u8)) options.IsRtpUnauthenticated = true;
            else if (word.Length is 5 or 6 && Ascii.EqualsIgnoreCase(word[..4], "KDR="u8)
                && Utf8Parser.TryParse(word[4..], out int rate, out int used) && used == word.Length - 4 && rate is >= 1 and <= 24)
            {
                options.RateExponent = rate;
            }
        }

        return options;
    }
}

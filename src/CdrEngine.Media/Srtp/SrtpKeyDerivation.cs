using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CdrEngine.Media.Srtp;

/// <summary>What a session key is for: the label of RFC 3711 4.3.2.</summary>
internal enum SrtpLabel : byte
{
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// <summary>Session keys from a master key (RFC 3711 4.3): AES in counter mode, with the master key's own length (RFC 6188 3).</summary>
internal static class SrtpKeyDerivation
{
    private const int BlockBytes = 16;

    /// <summary>Fills <paramref name="output"/> with the key of that label.</summary>
    /// <param name="masterKey">16, 24 or 32 bytes.</param>
    /// <param name="masterSalt">14 bytes, or the 12 of AEAD, which are taken as if two zero bytes followed (RFC 7714 11).</param>
    /// <param name="label">What for.</param>
    /// <param name="epoch">Packet index divided by the key derivation rate; 0 where the rate is 0.</param>
    /// <param name="output">At most 2^16 blocks.</param>
    public static void Derive(ReadOnlySpan<byte> masterKey, ReadOnlySpan<byte> masterSalt, SrtpLabel label, ulong epoch, Span<byte> output)
    {
        Span<byte> counter = stackalloc byte[BlockBytes];
        Span<byte> block = stackalloc byte[BlockBytes];
        counter.Clear();
        masterSalt.CopyTo(counter);

        // key_id = label || r, r of 48 bits, right-aligned with the 112-bit salt; then two bytes of block counter.
        counter[7] ^= (byte)label;
        for (int i = 0; i < 6; i++) counter[8 + i] ^= (byte)(epoch >> (40 - (i * 8)));
        using Aes aes = NewAes(masterKey);
        for (int done = 0, number = 0; done < output.Length; done += BlockBytes, number++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(counter[14..], (ushort)number);
            aes.EncryptEcb(counter, block, PaddingMode.None);
            block[..Math.Min(BlockBytes, output.Length - done)].CopyTo(output[done..]);
        }

        CryptographicOperations.ZeroMemory(block);
    }

    /// <summary>AES with a key, for single blocks; the array that carried the key is cleared.</summary>
    public static Aes NewAes(ReadOnlySpan<byte> key)
    {
        var aes = Aes.Create();
        aes.SetKey(key);
        return aes;
    }
}

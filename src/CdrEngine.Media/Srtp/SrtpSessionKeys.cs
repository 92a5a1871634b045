using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace CdrEngine.Media.Srtp;

/// <summary>The session keys of one direction of use (RTP or RTCP) and the reused transforms that hold them.</summary>
/// <remarks>No allocation once made. Not for two threads at once. It has no text form, and clears what it can on Dispose.</remarks>
internal sealed class SrtpSessionKeys : IDisposable
{
    private const int BlockBytes = 16;
    private const int ChunkBytes = 1024;

    private readonly SrtpSuiteShape _shape;
    private readonly byte[] _salt = new byte[BlockBytes];
    private readonly byte[] _tag = new byte[SrtpSuiteShape.AuthenticationKeyBytes];
    private readonly ICryptoTransform? _counterCipher;
    private readonly byte[] _counters = [];
    private readonly byte[] _keyStream = [];
    private readonly IncrementalHash? _hmac;
    private readonly AesGcm? _gcm;
    private byte[] _scratch = [];

    private SrtpSessionKeys(SrtpSuiteShape shape, ReadOnlySpan<byte> encryption, ReadOnlySpan<byte> authentication, ReadOnlySpan<byte> salt)
    {
        _shape = shape;
        salt.CopyTo(_salt);
        switch (shape.Cipher)
        {
            case SrtpCipher.AesGcm:
                _gcm = new AesGcm(encryption, shape.RtpTagBytes);
                return;
            case SrtpCipher.AesCounter:
                _counters = new byte[ChunkBytes];
                _keyStream = new byte[ChunkBytes];
                using (Aes aes = SrtpKeyDerivation.NewAes(encryption))
                {
                    aes.Mode = CipherMode.ECB;
                    aes.Padding = PaddingMode.None;
                    _counterCipher = aes.CreateEncryptor();
                }

                break;
        }

        _hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA1, authentication);
    }

    /// <summary>Derives the keys of RTP, or of RTCP, from a master key.</summary>
    public static SrtpSessionKeys Derive(SrtpSuiteShape shape, ReadOnlySpan<byte> masterKey, ReadOnlySpan<byte> masterSalt, bool isRtcp, ulong epoch)
    {
        Span<byte> keys = stackalloc byte[32 + SrtpSuiteShape.AuthenticationKeyBytes + 14];
        Span<byte> encryption = keys[..shape.KeyBytes];
        Span<byte> authentication = keys.Slice(32, SrtpSuiteShape.AuthenticationKeyBytes);
        Span<byte> salt = keys.Slice(32 + SrtpSuiteShape.AuthenticationKeyBytes, shape.SaltBytes);
        SrtpKeyDerivation.Derive(masterKey, masterSalt, isRtcp ? SrtpLabel.RtcpEncryption : SrtpLabel.RtpEncryption, epoch, encryption);
        SrtpKeyDerivation.Derive(masterKey, masterSalt, isRtcp ? SrtpLabel.RtcpAuthentication : SrtpLabel.RtpAuthentication, epoch, authentication);
        SrtpKeyDerivation.Derive(masterKey, masterSalt, isRtcp ? SrtpLabel.RtcpSalt : SrtpLabel.RtpSalt, epoch, salt);
        var made = new SrtpSessionKeys(shape, encryption, authentication, salt);
        CryptographicOperations.ZeroMemory(keys);
        return made;
    }

    /// <summary>Session keys as they are, without derivation: for published test vectors.</summary>
    public static SrtpSessionKeys FromSession(SrtpSuiteShape shape, ReadOnlySpan<byte> encryption, ReadOnlySpan<byte> authentication, ReadOnlySpan<byte> salt) =>
        new(shape, encryption, authentication, salt);

    /// <summary>True where the first bytes of HMAC-SHA1(message || suffix) are the tag (RFC 3711 4.2); compared in constant time.</summary>
    public bool IsAuthentic(ReadOnlySpan<byte> message, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> tag)
    {
        IncrementalHash hmac = _hmac!;
        hmac.AppendData(message);
        if (!suffix.IsEmpty) hmac.AppendData(suffix);
        hmac.GetHashAndReset(_tag);
        return CryptographicOperations.FixedTimeEquals(_tag.AsSpan(0, tag.Length), tag);
    }

    /// <summary>AES in counter mode (RFC 3711 4.1.1): the same to encipher and to decipher. Nothing but a copy for the null cipher.</summary>
    /// <param name="ssrc">Source of the packet.</param>
    /// <param name="index">Packet index, 48 bits; that of SRTCP 31 bits.</param>
    /// <param name="input">At most 2^16 blocks; a datagram is smaller.</param>
    /// <param name="output">At least as long; not overlapping but at the same place.</param>
    public void Counter(uint ssrc, ulong index, ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (_counterCipher is null)
        {
            input.CopyTo(output);
            return;
        }

        // IV = (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16); the last two bytes count blocks from 0.
        ulong high = BinaryPrimitives.ReadUInt64BigEndian(_salt) ^ ssrc;
        ulong low = BinaryPrimitives.ReadUInt64BigEndian(_salt.AsSpan(8)) ^ (index << 16);
        ulong swappedHigh = BinaryPrimitives.ReverseEndianness(high);
        for (int done = 0, block = 0; done < input.Length;)
        {
            int bytes = Math.Min(ChunkBytes, input.Length - done);
            int blocks = (bytes + BlockBytes - 1) / BlockBytes;
            Span<ulong> counters = MemoryMarshal.Cast<byte, ulong>(_counters.AsSpan());
            for (int i = 0; i < blocks; i++, block++)
            {
                counters[i * 2] = swappedHigh;
                counters[(i * 2) + 1] = BinaryPrimitives.ReverseEndianness(low ^ (ushort)block);
            }

            _counterCipher.TransformBlock(_counters, 0, blocks * BlockBytes, _keyStream, 0);
            Xor(input.Slice(done, bytes), _keyStream, output.Slice(done, bytes));
            done += bytes;
        }
    }

    /// <summary>AES-GCM (RFC 7714 8): deciphers where the tag is right.</summary>
    /// <param name="nonceWord">SSRC of the packet: bytes 2..5 of the IV before the salt.</param>
    /// <param name="nonceLow">Bytes 6..11 of the IV before the salt: the packet index.</param>
    /// <param name="associated">What is authenticated and not enciphered.</param>
    /// <param name="cipherText">Without the tag.</param>
    /// <param name="tag">The tag.</param>
    /// <param name="plain">As long as the cipher text; cleared where the tag is wrong.</param>
    /// <remarks>The library's Decrypt answers a wrong tag by an exception. On a tap a wrong tag is everyday traffic, and a search for the roll-over
    /// counter makes dozens: so the text is deciphered by enciphering it (counter mode is its own inverse) and enciphered again for the tag.</remarks>
    public bool TryOpenAead(uint nonceWord, ulong nonceLow, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> cipherText, ReadOnlySpan<byte> tag, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[12];
        nonce.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(nonce[2..], nonceWord);
        for (int i = 0; i < 6; i++) nonce[6 + i] = (byte)(nonceLow >> (40 - (i * 8)));
        for (int i = 0; i < nonce.Length; i++) nonce[i] ^= _salt[i];

        if (_scratch.Length < cipherText.Length) _scratch = new byte[Math.Max(ChunkBytes * 2, cipherText.Length)];
        Span<byte> again = _scratch.AsSpan(0, cipherText.Length);
        Span<byte> found = _tag.AsSpan(0, tag.Length);
        _gcm!.Encrypt(nonce, cipherText, plain, found);
        _gcm.Encrypt(nonce, plain, again, found, associated);
        if (CryptographicOperations.FixedTimeEquals(found, tag)) return true;
        plain.Clear();
        return false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_salt);
        CryptographicOperations.ZeroMemory(_keyStream);
        CryptographicOperations.ZeroMemory(_scratch);
        _counterCipher?.Dispose();
        _hmac?.Dispose();
        _gcm?.Dispose();
    }

    private static void Xor(ReadOnlySpan<byte> input, ReadOnlySpan<byte> keyStream, Span<byte> output)
    {
        int at = 0;
        for (; at <= input.Length - Vector<byte>.Count; at += Vector<byte>.Count)
        {
            (new Vector<byte>(input[at..]) ^ new Vector<byte>(keyStream[at..])).CopyTo(output[at..]);
        }

        for (; at < input.Length; at++) output[at] = (byte)(input[at] ^ keyStream[at]);
    }
}

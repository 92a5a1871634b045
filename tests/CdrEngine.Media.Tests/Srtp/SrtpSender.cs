using System.Buffers.Binary;
using System.Security.Cryptography;
using CdrEngine.Media.Srtp;

namespace CdrEngine.Media.Tests.Srtp;

/// <summary>The other end of <see cref="SrtpReceiver"/>, slow and plain: one-shot calls, a new array for each step, written from RFC 3711 and 7714.</summary>
internal sealed class SrtpSender(SrtpSuite suite, byte[] masterKey, byte[] masterSalt)
{
    public byte[] Mki { get; init; } = [];

    public ulong Rate { get; init; }

    private bool IsAead => suite is SrtpSuite.AeadAes128Gcm or SrtpSuite.AeadAes256Gcm;

    private bool IsNull => suite is SrtpSuite.NullHmacSha1Tag80 or SrtpSuite.NullHmacSha1Tag32;

    private int RtpTag => IsAead ? 16 : suite.ToString().EndsWith("32", StringComparison.Ordinal) ? 4 : 10;

    public static SrtpSender Seeded(SrtpSuite suite, int seed = 1)
    {
        byte[] bytes = SHA512.HashData([(byte)seed, (byte)suite]);
        return new SrtpSender(suite, bytes[..SrtpSuites.KeyBytes(suite)], bytes[40..(40 + SrtpSuites.SaltBytes(suite))]);
    }

    public SrtpReceiver Receiver(SrtpLimits? limits = null)
    {
        if (!SrtpReceiver.TryCreate(suite, masterKey, masterSalt, Mki, limits ?? SrtpLimits.Default, out SrtpReceiver? receiver, out _))
        {
            throw new InvalidOperationException("the sender's key must do");
        }

        return receiver!;
    }

    public string Inline => Convert.ToBase64String([.. masterKey, .. masterSalt]);

    public static byte[] Rtp(ushort sequence, uint ssrc = 0xCAFEBABE, int payload = 160)
    {
        byte[] packet = new byte[12 + payload];
        packet[0] = 0x80;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)(sequence * 160));
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), ssrc);
        for (int i = 0; i < payload; i++) packet[12 + i] = (byte)((i * 31) + sequence);
        return packet;
    }

    public byte[] Protect(byte[] rtp, uint rollOver)
    {
        int header = 12 + ((rtp[0] & 15) * 4);
        if ((rtp[0] & 16) != 0) header += 4 + (BinaryPrimitives.ReadUInt16BigEndian(rtp.AsSpan(header + 2)) * 4);
        uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(rtp.AsSpan(8));
        ulong index = ((ulong)rollOver << 16) | BinaryPrimitives.ReadUInt16BigEndian(rtp.AsSpan(2));
        ulong epoch = Rate == 0 ? 0 : index / Rate;
        byte[] key = Derive(0, epoch, masterKey.Length), salt = Derive(2, epoch, masterSalt.Length);
        if (IsAead)
        {
            byte[] cipher = new byte[rtp.Length - header], tag = new byte[16];
            using var gcm = new AesGcm(key, 16);
            gcm.Encrypt(Nonce(salt, ssrc, index), rtp.AsSpan(header), cipher, tag, rtp.AsSpan(0, header));
            return [.. rtp[..header], .. cipher, .. tag, .. Mki];
        }

        byte[] body = [.. rtp[..header], .. IsNull ? rtp[header..] : Counter(key, salt, ssrc, index, rtp[header..])];
        byte[] word = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(word, rollOver);
        return [.. body, .. Mki, .. HMACSHA1.HashData(Derive(1, epoch, 20), (byte[])[.. body, .. word])[..RtpTag]];
    }

    public byte[] ProtectRtcp(byte[] rtcp, uint index, bool isEnciphered = true)
    {
        uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(rtcp.AsSpan(4));
        ulong epoch = Rate == 0 ? 0 : index / Rate;
        byte[] key = Derive(3, epoch, masterKey.Length), salt = Derive(5, epoch, masterSalt.Length);
        byte[] word = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(word, index | (isEnciphered ? 0x8000_0000 : 0));
        if (IsAead)
        {
            int clear = isEnciphered ? 8 : rtcp.Length;
            byte[] cipher = new byte[rtcp.Length - clear], tag = new byte[16];
            using var gcm = new AesGcm(key, 16);
            gcm.Encrypt(Nonce(salt, ssrc, index), rtcp.AsSpan(clear), cipher, tag, [.. rtcp[..clear], .. word]);
            return [.. rtcp[..clear], .. cipher, .. tag, .. word, .. Mki];
        }

        byte[] body = [.. rtcp[..8], .. isEnciphered && !IsNull ? Counter(key, salt, ssrc, index, rtcp[8..]) : rtcp[8..], .. word];
        return [.. body, .. Mki, .. HMACSHA1.HashData(Derive(4, epoch, 20), body)[..10]];
    }

    private static byte[] Nonce(byte[] salt, uint ssrc, ulong index)
    {
        byte[] nonce = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(4), index);
        BinaryPrimitives.WriteUInt32BigEndian(nonce.AsSpan(2), ssrc);
        for (int i = 0; i < 12; i++) nonce[i] ^= salt[i];
        return nonce;
    }

    private static byte[] Counter(byte[] key, byte[] salt, uint ssrc, ulong index, byte[] text)
    {
        byte[] iv = new byte[16];
        BinaryPrimitives.WriteUInt32BigEndian(iv.AsSpan(4), ssrc);
        BinaryPrimitives.WriteUInt64BigEndian(iv.AsSpan(8), index << 16);
        for (int i = 0; i < salt.Length; i++) iv[i] ^= salt[i];
        return Stream(key, iv, text);
    }

    private static byte[] Stream(byte[] key, byte[] iv, byte[] text)
    {
        using var aes = Aes.Create();
        aes.Key = key;
        byte[] output = (byte[])text.Clone();
        for (int at = 0; at < text.Length; at += 16)
        {
            BinaryPrimitives.WriteUInt16BigEndian(iv.AsSpan(14), (ushort)(at / 16));
            byte[] block = aes.EncryptEcb(iv, PaddingMode.None);
            for (int i = 0; i < 16 && at + i < text.Length; i++) output[at + i] ^= block[i];
        }

        return output;
    }

    private byte[] Derive(byte label, ulong epoch, int length)
    {
        byte[] iv = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(iv.AsSpan(6), ((ulong)label << 48) | epoch);
        for (int i = 0; i < masterSalt.Length; i++) iv[i] ^= masterSalt[i];
        return Stream(masterKey, iv, new byte[length]);
    }
}

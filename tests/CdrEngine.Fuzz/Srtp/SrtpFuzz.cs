using System.Buffers.Binary;
using System.Security.Cryptography;
using CdrEngine.Media.Srtp;
using CdrEngine.Protocols.Dtls;

namespace CdrEngine.Fuzz.Srtp;

/// <summary>Fuzz target: any bytes as an SRTP packet, against a slow reading of RFC 3711; as SRTCP, key line, key log and DTLS handshake nothing may throw.</summary>
public static class SrtpFuzz
{
    /// <summary>Roll-over counters tried beside 0.</summary>
    public const int Search = 2;

    private const int TagBytes = 10;

    /// <summary>Master key and salt of the target.</summary>
    public static readonly byte[] KeyAndSalt = [.. Enumerable.Range(1, 30).Select(static i => (byte)i)];

    private static readonly SrtpLimits Limits = new() { MaxRollOverSearch = Search };

    /// <summary>One input; throws where the receiver and the slow reading differ.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (!SrtpReceiver.TryCreate(SrtpSuite.AesCm128HmacSha1Tag80, KeyAndSalt.AsSpan(0, 16), KeyAndSalt.AsSpan(16), default, Limits, out SrtpReceiver? receiver, out _))
        {
            throw new InvalidOperationException("the key of the target must do");
        }

        byte[] plain = new byte[input.Length];
        bool isOpen = receiver!.TryUnprotect(input, plain, out int length, out SrtpRejection reason);
        byte[]? slow = OpenSlowly(input.ToArray());
        if (isOpen != slow is not null || (isOpen && !plain.AsSpan(0, length).SequenceEqual(slow)) || isOpen != (reason == SrtpRejection.None))
        {
            throw new InvalidOperationException($"open {isOpen} ({reason}), slowly {slow is not null}: {Convert.ToHexString(input)}");
        }

        isOpen = receiver.TryUnprotectRtcp(input, plain, out length, out reason);
        if (isOpen != (reason == SrtpRejection.None) || length > input.Length) throw new InvalidOperationException($"control packet: {Convert.ToHexString(input)}");
        receiver.Dispose();

        if (SrtpReceiver.TryCreate("AEAD_AES_128_GCM"u8, input, Limits, out receiver, out _)) receiver!.Dispose();
        using var log = new DtlsKeyLog(Limits);
        log.Add(input);
        using var keyring = new SrtpKeyring(Limits, log);
        for (int side = 0; side < 2; side++) keyring.ObserveDtls(side, 0, input);
        keyring.TryUnprotect(0, 0, input, plain, out _, out _);
        if (DtlsHello.TryRead(DtlsHelloKind.Client, input, out DtlsHello hello) && hello.Profiles.Length + hello.RandomValue.Length > input.Length)
        {
            throw new InvalidOperationException($"a hello larger than its bytes: {Convert.ToHexString(input)}");
        }
    }

    /// <summary>Protects a packet with the target's key: for seeds.</summary>
    public static byte[] Protect(byte[] rtp, uint rollOver)
    {
        byte[] body = Transform(rtp, rollOver);
        return [.. body, .. Tag(body, rollOver)];
    }

    /// <summary>True where the slow reading opens a packet.</summary>
    public static bool IsOpenable(byte[] packet) => OpenSlowly(packet) is not null;

    private static byte[]? OpenSlowly(byte[] packet)
    {
        if (packet.Length < 12 + TagBytes || packet[0] / 64 != 2 || packet[1] is >= 192 and <= 223) return null;
        byte[] body = packet[..^TagBytes];
        if (HeaderBytes(body) < 0) return null;
        for (uint rollOver = 0; rollOver <= Search; rollOver++)
        {
            if (Tag(body, rollOver).SequenceEqual(packet[^TagBytes..])) return Transform(body, rollOver);
        }

        return null;
    }

    private static int HeaderBytes(byte[] body)
    {
        int at = 12 + (body[0] % 16 * 4);
        if ((body[0] & 16) != 0) at = at + 4 > body.Length ? -1 : at + 4 + (((body[at + 2] * 256) + body[at + 3]) * 4);
        return at > body.Length ? -1 : at;
    }

    private static byte[] Tag(byte[] body, uint rollOver)
    {
        byte[] word = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(word, rollOver);
        return HMACSHA1.HashData(Derive(1, 20), (byte[])[.. body, .. word])[..TagBytes];
    }

    private static byte[] Transform(byte[] body, uint rollOver)
    {
        byte[] iv = new byte[16];
        body.AsSpan(8, 4).CopyTo(iv.AsSpan(4));
        BinaryPrimitives.WriteUInt32BigEndian(iv.AsSpan(8), rollOver);
        body.AsSpan(2, 2).CopyTo(iv.AsSpan(12));
        byte[] salt = Derive(2, 14);
        for (int i = 0; i < 14; i++) iv[i] ^= salt[i];
        int header = HeaderBytes(body);
        byte[] stream = Stream(Derive(0, 16), iv, body.Length - header);
        return [.. body[..header], .. body[header..].Zip(stream, static (left, right) => (byte)(left ^ right))];
    }

    private static byte[] Derive(byte label, int bytes)
    {
        byte[] iv = new byte[16];
        KeyAndSalt.AsSpan(16).CopyTo(iv);
        iv[7] ^= label;
        return Stream(KeyAndSalt[..16], iv, bytes);
    }

    private static byte[] Stream(byte[] key, byte[] iv, int bytes)
    {
        using var aes = Aes.Create();
        aes.Key = key;
        var stream = new List<byte>();
        for (int block = 0; stream.Count < bytes; block++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(iv.AsSpan(14), (ushort)block);
            stream.AddRange(aes.EncryptEcb(iv, PaddingMode.None));
        }

        return [.. stream.Take(bytes)];
    }
}

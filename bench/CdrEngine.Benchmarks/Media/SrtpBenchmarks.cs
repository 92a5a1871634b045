using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using CdrEngine.Media.Srtp;

namespace CdrEngine.Benchmarks.Media;

/// <summary>What opening an SRTP packet costs, beside a naive peer: <c>Aes.EncryptEcb</c> one-shot, a byte loop, and <c>HMACSHA1.HashData</c> over a copy.</summary>
public static class SrtpBenchmarks
{
    private const int Packets = 2_000;
    private const int Rounds = 7;
    private static readonly byte[] KeyAndSalt = [.. Enumerable.Range(1, 46).Select(static i => (byte)(i * 7))];

    /// <summary>Runs all and prints a line each; some seconds.</summary>
    public static void Run(TextWriter output)
    {
        var naive = new NaivePeer(KeyAndSalt.AsSpan(0, 16), KeyAndSalt.AsSpan(16, 14));
        byte[][] packets = [.. Enumerable.Range(0, Packets).Select(i => naive.Protect(Rtp(i)))];
        byte[] plain = new byte[512];
        Print(output, "naive peer, AES_CM_128_HMAC_SHA1_80", Measure(packets, packet => naive.TryOpen(packet, plain)));

        Check(SrtpReceiver.TryCreate(SrtpSuite.AesCm128HmacSha1Tag80, KeyAndSalt.AsSpan(0, 16), KeyAndSalt.AsSpan(16, 14), default, SrtpLimits.Default, out SrtpReceiver? receiver, out _));
        Print(output, "receiver, AES_CM_128_HMAC_SHA1_80", Measure(packets, packet => receiver!.TryUnprotect(packet, plain, out _, out _)));

        using var keyring = new SrtpKeyring();
        Check(keyring.AddKey(0, 0, SrtpSuite.AesCm128HmacSha1Tag80, KeyAndSalt.AsSpan(0, 16), KeyAndSalt.AsSpan(16, 14)));
        Print(output, "keyring, AES_CM_128_HMAC_SHA1_80", Measure(packets, packet => keyring.TryUnprotect(0, 0, packet, plain, out _, out _)));
        receiver!.Dispose();

        foreach (SrtpSuite suite in (SrtpSuite[])[SrtpSuite.AeadAes128Gcm, SrtpSuite.AeadAes256Gcm])
        {
            int keyBytes = SrtpSuites.KeyBytes(suite);
            byte[] key = KeyAndSalt[..keyBytes], salt = KeyAndSalt[^12..];
            byte[][] sealedPackets = [.. Enumerable.Range(0, Packets).Select(i => SealAead(key, salt, Rtp(i)))];
            Check(SrtpReceiver.TryCreate(suite, key, salt, default, SrtpLimits.Default, out SrtpReceiver? aead, out _));
            Print(output, $"receiver, {suite}", Measure(sealedPackets, packet => aead!.TryUnprotect(packet, plain, out _, out _)));
            aead!.Dispose();
        }

        Check(SrtpReceiver.TryCreate(SrtpSuite.AesCm128HmacSha1Tag80, KeyAndSalt.AsSpan(1, 16), KeyAndSalt.AsSpan(17, 14), default, SrtpLimits.Default, out SrtpReceiver? stranger, out _));
        Print(output, "receiver with another key, every packet refused", Measure(packets, packet => !stranger!.TryUnprotect(packet, plain, out _, out _)));
        stranger!.Dispose();
    }

    private static (double Nanoseconds, double Bytes) Measure(byte[][] packets, Func<byte[], bool> open)
    {
        for (int warm = 0; warm < 8; warm++) Pass();
        double best = double.MaxValue;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < 10; i++) Pass();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / (10.0 * packets.Length));
        }

        return (best, (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(Rounds * 10 * packets.Length));

        void Pass()
        {
            foreach (byte[] packet in packets) Check(open(packet));
        }
    }

    private static void Print(TextWriter output, string what, (double Nanoseconds, double Bytes) cost) =>
        output.WriteLine($"srtp: {what,-50} {cost.Nanoseconds,7:F0} ns, {cost.Bytes,6:F1} bytes allocated a packet of 160 bytes payload");

    private static byte[] Rtp(int sequence)
    {
        byte[] packet = new byte[172];
        packet[0] = 0x80;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), 0xCAFEBABE);
        return packet;
    }

    private static byte[] SealAead(byte[] masterKey, byte[] masterSalt, byte[] rtp)
    {
        byte[] key = new byte[masterKey.Length], salt = new byte[12], nonce = new byte[12], cipher = new byte[160], tag = new byte[16];
        SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpLabel.RtpEncryption, 0, key);
        SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpLabel.RtpSalt, 0, salt);
        rtp.AsSpan(8, 4).CopyTo(nonce.AsSpan(2));
        rtp.AsSpan(2, 2).CopyTo(nonce.AsSpan(10));
        for (int i = 0; i < 12; i++) nonce[i] ^= salt[i];
        using var gcm = new AesGcm(key, 16);
        gcm.Encrypt(nonce, rtp.AsSpan(12), cipher, tag, rtp.AsSpan(0, 12));
        return [.. rtp[..12], .. cipher, .. tag];
    }

    private static void Check(bool isTrue)
    {
        if (!isTrue) throw new InvalidOperationException("the benchmark does not do what it measures");
    }

    /// <summary>What one writes first: correct, and an allocation or two in each step.</summary>
    private sealed class NaivePeer
    {
        private readonly Aes _aes = Aes.Create();
        private readonly byte[] _salt = new byte[14];
        private readonly byte[] _authentication = new byte[20];

        public NaivePeer(ReadOnlySpan<byte> masterKey, ReadOnlySpan<byte> masterSalt)
        {
            byte[] key = new byte[16];
            SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpLabel.RtpEncryption, 0, key);
            SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpLabel.RtpAuthentication, 0, _authentication);
            SrtpKeyDerivation.Derive(masterKey, masterSalt, SrtpLabel.RtpSalt, 0, _salt);
            _aes.Key = key;
        }

        public byte[] Protect(byte[] rtp)
        {
            byte[] body = (byte[])rtp.Clone();
            Transform(body, body);
            return [.. body, .. HMACSHA1.HashData(_authentication, (byte[])[.. body, 0, 0, 0, 0]).AsSpan(0, 10)];
        }

        public bool TryOpen(byte[] packet, byte[] plain)
        {
            byte[] signed = new byte[packet.Length - 10 + 4];
            Array.Copy(packet, signed, packet.Length - 10);
            byte[] tag = HMACSHA1.HashData(_authentication, signed);
            if (!CryptographicOperations.FixedTimeEquals(tag.AsSpan(0, 10), packet.AsSpan(packet.Length - 10))) return false;
            Transform(packet.AsSpan(0, packet.Length - 10).ToArray(), plain);
            return true;
        }

        private void Transform(byte[] input, byte[] output)
        {
            byte[] counters = new byte[(input.Length - 12 + 15) / 16 * 16];
            for (int at = 0; at < counters.Length; at += 16)
            {
                for (int i = 0; i < 14; i++) counters[at + i] = _salt[i];
                for (int i = 0; i < 4; i++) counters[at + 4 + i] ^= input[8 + i];
                counters[at + 12] ^= input[2];
                counters[at + 13] ^= input[3];
                BinaryPrimitives.WriteUInt16BigEndian(counters.AsSpan(at + 14), (ushort)(at / 16));
            }

            byte[] stream = _aes.EncryptEcb(counters, PaddingMode.None);
            for (int i = 12; i < input.Length; i++) output[i] = (byte)(input[i] ^ stream[i - 12]);
        }
    }
}

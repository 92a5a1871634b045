using System.Text;
using CdrEngine.Media.Srtp;
using Xunit;

namespace CdrEngine.Media.Tests.Srtp;

public sealed class SrtpReceiverTests
{
    public static TheoryData<SrtpSuite> Suites => [.. Enum.GetValues<SrtpSuite>().Where(static suite => suite != SrtpSuite.None)];

    [Theory]
    [MemberData(nameof(Suites))]
    public void Packets_OfEverySuite_OpenToWhatWasSent(SrtpSuite suite)
    {
        SrtpSender sender = SrtpSender.Seeded(suite);
        using SrtpReceiver receiver = sender.Receiver();
        foreach (int payload in (int[])[0, 1, 15, 16, 17, 160, 1023, 1024, 1025, 1400, 60_000])
        {
            byte[] rtp = SrtpSender.Rtp((ushort)(payload % 977), payload: payload);
            Assert.Equal(rtp, Open(receiver, sender.Protect(rtp, 0)));
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void ControlPackets_OfEverySuite_OpenToWhatWasSent(SrtpSuite suite)
    {
        SrtpSender sender = SrtpSender.Seeded(suite);
        using SrtpReceiver receiver = sender.Receiver();
        byte[] rtcp = Convert.FromHexString("80c80006cafebabe0102030405060708090a0b0c0d0e0f101112131481cb0001cafebabe");
        foreach (uint index in (uint[])[0, 1, 77, 0x7FFF_FFFF])
        {
            foreach (bool isEnciphered in (bool[])[true, false])
            {
                byte[] packet = sender.ProtectRtcp(rtcp, index, isEnciphered);
                byte[] plain = new byte[packet.Length];
                Assert.True(receiver.TryUnprotectRtcp(packet, plain, out int length, out SrtpRejection reason), reason.ToString());
                Assert.Equal(rtcp, plain[..length]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void MutatedPackets_NeverAuthenticate_AndNeverThrow(SrtpSuite suite)
    {
        SrtpSender sender = SrtpSender.Seeded(suite);
        byte[] good = sender.Protect(SrtpSender.Rtp(4711, payload: 30), 0);
        byte[] goodRtcp = sender.ProtectRtcp(Convert.FromHexString("80c80006cafebabe0102030405060708090a0b0c0d0e0f1011121314"), 9);
        using SrtpReceiver receiver = sender.Receiver(new SrtpLimits { MaxRollOverSearch = 3 });
        byte[] plain = new byte[2000];
        Assert.True(receiver.TryUnprotect(good, plain, out _, out _));
        var random = new Random(3711);
        for (int round = 0; round < 4_000; round++)
        {
            bool isRtp = round % 2 == 0;
            byte[] bad = (byte[])(isRtp ? good : goodRtcp).Clone();
            for (int i = random.Next(1, 4); i > 0; i--) bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            int cut = random.Next(8) == 0 ? random.Next(bad.Length) : bad.Length;
            if (bad.AsSpan(0, cut).SequenceEqual(isRtp ? good : goodRtcp)) continue;
            bool isOpen = isRtp ? receiver.TryUnprotect(bad.AsSpan(0, cut), plain, out int length, out SrtpRejection reason)
                : receiver.TryUnprotectRtcp(bad.AsSpan(0, cut), plain, out length, out reason);
            Assert.False(isOpen, $"round {round}: {Convert.ToHexString(bad)}");
            Assert.Equal(0, length);
            Assert.NotEqual(SrtpRejection.None, reason);
        }

        Assert.Equal(1, receiver.StreamCount);
        Assert.True(receiver.TryUnprotect(good, plain, out _, out _));
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void TruncatedPrefixes_AreRefused(SrtpSuite suite)
    {
        SrtpSender sender = SrtpSender.Seeded(suite);
        using SrtpReceiver receiver = sender.Receiver(new SrtpLimits { MaxRollOverSearch = 1 });
        byte[] rtp = Convert.FromHexString("92600001000000a0cafebabe0000000100000002bede000110ff0000" + "00112233445566778899aabbccddeeff");
        byte[] good = sender.Protect(rtp, 0);
        byte[] rtcp = sender.ProtectRtcp(Convert.FromHexString("80c80006cafebabe0102030405060708090a0b0c0d0e0f1011121314"), 9);
        byte[] plain = new byte[200];
        for (int length = 0; length < good.Length; length++) Assert.False(receiver.TryUnprotect(good.AsSpan(0, length), plain, out _, out _));
        for (int length = 0; length < rtcp.Length; length++) Assert.False(receiver.TryUnprotectRtcp(rtcp.AsSpan(0, length), plain, out _, out _));
        Assert.Equal(rtp, Open(receiver, good));
    }

    [Fact]
    public void Output_TooSmall_IsAReasonAndNotAnException()
    {
        SrtpSender sender = SrtpSender.Seeded(SrtpSuite.AesCm128HmacSha1Tag80);
        using SrtpReceiver receiver = sender.Receiver();
        byte[] packet = sender.Protect(SrtpSender.Rtp(1), 0);
        Assert.False(receiver.TryUnprotect(packet, new byte[171], out _, out SrtpRejection reason));
        Assert.Equal(SrtpRejection.OutputTooSmall, reason);
        Assert.True(receiver.TryUnprotect(packet, new byte[172], out int length, out _));
        Assert.Equal(172, length);
    }

    [Theory]
    [InlineData(SrtpSuite.AesCm128HmacSha1Tag80)]
    [InlineData(SrtpSuite.AeadAes128Gcm)]
    public void Sequence_ThatWraps_RaisesTheRollOver_AndLatePacketsOpenWithTheOldOne(SrtpSuite suite)
    {
        SrtpSender sender = SrtpSender.Seeded(suite);
        using SrtpReceiver receiver = sender.Receiver();
        (ushort Sequence, uint RollOver)[] packets =
            [(65_533, 0), (65_535, 0), (1, 1), (65_534, 0), (0, 1), (3, 1), (2, 1), (30_000, 1), (60_000, 1), (65_535, 1), (0, 2), (65_535, 1), (1, 2)];
        foreach ((ushort sequence, uint rollOver) in packets)
        {
            byte[] rtp = SrtpSender.Rtp(sequence, payload: 20);
            Assert.Equal(rtp, Open(receiver, sender.Protect(rtp, rollOver)));
        }

        Assert.Equal(0, receiver.RollOversFound);
    }

    [Fact]
    public void WholeWraps_InOrder_NeedNoSearch()
    {
        SrtpSender sender = SrtpSender.Seeded(SrtpSuite.NullHmacSha1Tag80);
        using SrtpReceiver receiver = sender.Receiver();
        for (uint index = 65_000; index < 65_000 + (3 * 65_536); index += 997)
        {
            byte[] rtp = SrtpSender.Rtp((ushort)index, payload: 4);
            Assert.Equal(rtp, Open(receiver, sender.Protect(rtp, index >> 16)));
        }

        Assert.Equal(0, receiver.RollOversFound);
    }

    [Theory]
    [InlineData(100, 0u, 40_000, 0u)] // estimate says an older one, which there is not
    [InlineData(100, 0u, 39_999, 1u)]
    [InlineData(60_000, 3u, 50_000, 4u)]
    [InlineData(60_000, 3u, 61_000, 7u)]
    [InlineData(60_000, 3u, 10, 60u)]
    [InlineData(5, 9u, 5, 10u)]
    [InlineData(5, 9u, 7, 0u)] // began anew with the same key
    public void Gap_OfMoreThanHalfTheSequenceSpace_IsSearched(ushort before, uint beforeRollOver, ushort after, uint afterRollOver)
    {
        SrtpSender sender = SrtpSender.Seeded(SrtpSuite.AesCm128HmacSha1Tag80);
        using SrtpReceiver receiver = sender.Receiver();
        byte[] first = SrtpSender.Rtp(before), second = SrtpSender.Rtp(after), third = SrtpSender.Rtp((ushort)(after + 1));
        Assert.Equal(first, Open(receiver, sender.Protect(first, beforeRollOver)));
        Assert.Equal(second, Open(receiver, sender.Protect(second, afterRollOver)));
        long found = receiver.RollOversFound;
        Assert.Equal(third, Open(receiver, sender.Protect(third, afterRollOver)));
        Assert.Equal(found, receiver.RollOversFound);
    }

    [Theory]
    [InlineData(0u, true)]
    [InlineData(1u, true)]
    [InlineData(64u, true)]
    [InlineData(65u, false)]
    public void CaptureFromMidCall_TriesRollOversWithinTheLimit(uint rollOver, bool isOpen)
    {
        SrtpSender sender = SrtpSender.Seeded(SrtpSuite.AeadAes256Gcm);
        using SrtpReceiver receiver = sender.Receiver();
        byte[] packet = sender.Protect(SrtpSender.Rtp(500), rollOver);
        Assert.Equal(isOpen, receiver.TryUnprotect(packet, new byte[packet.Length], out _, out _));
    }

    [Fact]
    public void PacketsNoKeyFits_AreSearchedSeldom_AndAGoodOneIsStillFound()
    {
        var limits = new SrtpLimits { MaxFailedSearches = 4, SearchInterval = 8 };
        SrtpSender sender = SrtpSender.Seeded(SrtpSuite.AesCm128HmacSha1Tag80), stranger = SrtpSender.Seeded(SrtpSuite.AesCm128HmacSha1Tag80, seed: 2);
        using SrtpReceiver receiver = sender.Receiver(limits);
        byte[] plain = new byte[300];
        for (ushort i = 0; i < 100; i++) Assert.False(receiver.TryUnprotect(stranger.Protect(SrtpSender.Rtp(i), 0), plain, out _, out _));
        int tries = 1;
        while (!receiver.TryUnprotect(sender.Protect(SrtpSender.Rtp(7), 5), plain, out _, out _)) Assert.InRange(++tries, 1, 8);
        Assert.InRange(tries, 2, 8);
        Assert.True(receiver.TryUnprotect(sender.Protect(SrtpSender.Rtp(8), 5), plain, out _, out _));
    }

    [Fact]
    public void SeveralSources_CountTheirRollOversApart()
    {
        SrtpSender sender = SrtpSender.Seeded(SrtpSuite.AesCm256HmacSha1Tag32);
        using SrtpReceiver receiver = sender.Receiver();
        for (ushort i = 0; i < 50; i++)
        {
            for (uint ssrc = 1; ssrc <= 5; ssrc++)
            {
                uint index = (uint)(65_536 - (10 * ssrc)) + i;
                byte[] rtp = SrtpSender.Rtp((ushort)index, ssrc);
                Assert.Equal(rtp, Open(receiver, sender.Protect(rtp, index >> 16)));
            }
        }

        Assert.Equal((5, 0L), (receiver.StreamCount, receiver.RollOversFound));
    }

    [Fact]
    public void Sources_OverTheLimit_PushOutTheOneUnusedForLongest()
    {
        SrtpSender sender = SrtpSender.Seeded(SrtpSuite.AesCm128HmacSha1Tag80);
        using SrtpReceiver receiver = sender.Receiver(new SrtpLimits { MaxStreamsPerKey = 3 });
        foreach (uint ssrc in (uint[])[1, 2, 3, 1, 4]) Assert.NotNull(Open(receiver, sender.Protect(SrtpSender.Rtp(10, ssrc), 0)));
        Assert.Equal(3, receiver.StreamCount);
        Assert.True(receiver.TryGetRollOver(1, out _));
        Assert.False(receiver.TryGetRollOver(2, out _));
    }

    [Theory]
    [InlineData(SrtpSuite.AesCm128HmacSha1Tag80)]
    [InlineData(SrtpSuite.AeadAes128Gcm)]
    public void MasterKeyIdentifiers_ChooseTheKey(SrtpSuite suite)
    {
        SrtpSender one = WithMki(suite, 1, [0, 1]), two = WithMki(suite, 2, [1, 0]), three = WithMki(suite, 3, [0, 3]);
        string name = suite == SrtpSuite.AeadAes128Gcm ? "AEAD_AES_128_GCM" : "AES_CM_128_HMAC_SHA1_80";
        string line = $"inline:{one.Inline}|2^31|1:2;inline:{two.Inline}|256:2";
        Assert.True(SrtpReceiver.TryCreate(Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(line), SrtpLimits.Default, out SrtpReceiver? receiver, out _));
        byte[] rtp = SrtpSender.Rtp(9);
        Assert.Equal(rtp, Open(receiver!, one.Protect(rtp, 0)));
        Assert.Equal(rtp, Open(receiver!, two.Protect(rtp, 0)));
        Assert.False(receiver!.TryUnprotect(three.Protect(rtp, 0), new byte[400], out _, out SrtpRejection reason));
        Assert.Equal(SrtpRejection.UnknownMki, reason);
        byte[] rtcp = Convert.FromHexString("80c90001cafebabe");
        byte[] plain = new byte[100];
        Assert.True(receiver.TryUnprotectRtcp(two.ProtectRtcp(rtcp, 3), plain, out int length, out _));
        Assert.Equal(rtcp, plain[..length]);
        receiver.Dispose();
    }

    [Fact]
    public void KeyDerivationRate_DerivesAnewEachSoManyPackets()
    {
        SrtpSender sender = SrtpSender.Seeded(SrtpSuite.AesCm128HmacSha1Tag80);
        var rated = new SrtpSender(SrtpSuite.AesCm128HmacSha1Tag80, Convert.FromBase64String(sender.Inline)[..16], Convert.FromBase64String(sender.Inline)[16..]) { Rate = 16 };
        Assert.True(SrtpReceiver.TryCreate("AES_CM_128_HMAC_SHA1_80"u8, Encoding.ASCII.GetBytes($"inline:{sender.Inline} KDR=4"), SrtpLimits.Default, out SrtpReceiver? receiver, out _));
        foreach (ushort sequence in (ushort[])[14, 15, 16, 17, 15, 18, 31, 32, 48, 47, 49, 1000])
        {
            byte[] rtp = SrtpSender.Rtp(sequence);
            Assert.Equal(rtp, Open(receiver!, rated.Protect(rtp, 0)));
        }

        byte[] rtcp = Convert.FromHexString("80c90001cafebabe");
        foreach (uint index in (uint[])[1, 15, 16, 40])
        {
            Assert.True(receiver!.TryUnprotectRtcp(rated.ProtectRtcp(rtcp, index), new byte[100], out _, out _));
        }

        Assert.NotEqual(rated.Protect(SrtpSender.Rtp(20), 0), sender.Protect(SrtpSender.Rtp(20), 0));
        receiver!.Dispose();
    }

    [Fact]
    public void SessionParameters_ForPlainOrUntaggedMedia_AreObeyed()
    {
        SrtpSender cipher = SrtpSender.Seeded(SrtpSuite.AesCm128HmacSha1Tag80);
        byte[] key = Convert.FromBase64String(cipher.Inline);
        var plain = new SrtpSender(SrtpSuite.NullHmacSha1Tag80, key[..16], key[16..]);
        byte[] rtp = SrtpSender.Rtp(3);
        using (SrtpReceiver receiver = FromLine($"inline:{cipher.Inline} UNENCRYPTED_SRTP"))
        {
            Assert.Equal(rtp, Open(receiver, plain.Protect(rtp, 0)));
        }

        using (SrtpReceiver receiver = FromLine($"inline:{cipher.Inline} WSH=64 UNAUTHENTICATED_SRTP"))
        {
            Assert.False(receiver.IsRtpAuthenticated);
            Assert.Equal(rtp, Open(receiver, cipher.Protect(rtp, 0)[..^10]));
        }

        using (SrtpReceiver receiver = FromLine($"inline:{cipher.Inline} UNENCRYPTED_SRTCP"))
        {
            byte[] rtcp = Convert.FromHexString("80c90001cafebabe");
            Assert.True(receiver.TryUnprotectRtcp(cipher.ProtectRtcp(rtcp, 3, isEnciphered: false), new byte[100], out _, out _));
        }
    }

    [Theory]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SrtpRejection.None)]
    [InlineData("aes_cm_128_hmac_sha1_80", "INLINE:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|2^20|1:4", SrtpRejection.None)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|1048576", SrtpRejection.None)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|1:4  FEC_ORDER=FEC_SRTP -UNKNOWN", SrtpRejection.None)]
    [InlineData("AES_256_CM_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", SrtpRejection.None)]
    [InlineData("AES_256_CM_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SrtpRejection.None)]
    [InlineData("AEAD_AES_128_GCM", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", SrtpRejection.None)]
    [InlineData("AEAD_AES_256_GCM", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", SrtpRejection.None)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", SrtpRejection.KeyLength)]
    [InlineData("AES_256_CM_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SrtpRejection.KeyLength)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "inline:AAAA!AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SrtpRejection.BadKeyLine)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "inline:", SrtpRejection.BadKeyLine)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "", SrtpRejection.BadKeyLine)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "uri:https://192.0.2.1/key", SrtpRejection.BadKeyLine)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|1:0", SrtpRejection.BadKeyLine)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|1:129", SrtpRejection.BadKeyLine)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|256:1", SrtpRejection.BadKeyLine)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|x:1", SrtpRejection.BadKeyLine)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|1:4;inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|1:2", SrtpRejection.BadKeyLine)]
    [InlineData("F8_128_HMAC_SHA1_80", "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SrtpRejection.UnsupportedSuite)]
    public void KeyLine_IsReadOrRefusedWithAReason(string suite, string line, SrtpRejection expected)
    {
        bool isMade = SrtpReceiver.TryCreate(Encoding.ASCII.GetBytes(suite), Encoding.ASCII.GetBytes(line), SrtpLimits.Default, out SrtpReceiver? receiver, out SrtpRejection reason);
        Assert.Equal(expected, reason);
        Assert.Equal(expected == SrtpRejection.None, isMade);
        Assert.Equal(isMade, receiver is not null);
        receiver?.Dispose();
    }

    [Fact]
    public void KeyLine_CutAnywhere_NeverThrows()
    {
        byte[] line = Encoding.ASCII.GetBytes("inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|2^20|1:4;inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|2^20|2:4 KDR=3 UNENCRYPTED_SRTP");
        int made = 0;
        for (int length = 0; length <= line.Length; length++)
        {
            if (!SrtpReceiver.TryCreate("AES_CM_128_HMAC_SHA1_80"u8, line.AsSpan(0, length), SrtpLimits.Default, out SrtpReceiver? receiver, out _)) continue;
            receiver!.Dispose();
            made++;
        }

        Assert.InRange(made, 10, line.Length);
    }

    [Theory]
    [InlineData(SrtpSuite.AesCm128HmacSha1Tag80)]
    [InlineData(SrtpSuite.AesCm256HmacSha1Tag32)]
    [InlineData(SrtpSuite.AeadAes128Gcm)]
    public void Packets_InSteadyState_AllocateNothing(SrtpSuite suite)
    {
        SrtpSender sender = SrtpSender.Seeded(suite);
        using SrtpReceiver receiver = sender.Receiver();
        byte[][] packets = [.. Enumerable.Range(0, 200).Select(i => sender.Protect(SrtpSender.Rtp((ushort)i), 0))];
        byte[] rtcp = sender.ProtectRtcp(Convert.FromHexString("80c80006cafebabe0102030405060708090a0b0c0d0e0f1011121314"), 9);
        byte[] plain = new byte[400];
        int opened = 0;
        for (int round = 0; round < 3; round++) Pass();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Pass();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(4 * 201, opened);

        void Pass()
        {
            foreach (byte[] packet in packets) opened += receiver.TryUnprotect(packet, plain, out _, out _) ? 1 : 0;
            opened += receiver.TryUnprotectRtcp(rtcp, plain, out _, out _) ? 1 : 0;
        }
    }

    [Fact]
    public void KeyHolders_HaveNoTextFormOfTheirOwn()
    {
        foreach (Type type in (Type[])[typeof(SrtpReceiver), typeof(SrtpMasterKey), typeof(SrtpSessionKeys), typeof(SrtpKeyring), typeof(DtlsKeyLog)])
        {
            Assert.Equal(typeof(object), type.GetMethod(nameof(ToString), Type.EmptyTypes)!.DeclaringType);
        }
    }

    private static SrtpSender WithMki(SrtpSuite suite, int seed, byte[] mki)
    {
        byte[] key = Convert.FromBase64String(SrtpSender.Seeded(suite, seed).Inline);
        return new SrtpSender(suite, key[..SrtpSuites.KeyBytes(suite)], key[SrtpSuites.KeyBytes(suite)..]) { Mki = mki };
    }

    private static SrtpReceiver FromLine(string line)
    {
        Assert.True(SrtpReceiver.TryCreate("AES_CM_128_HMAC_SHA1_80"u8, Encoding.ASCII.GetBytes(line), SrtpLimits.Default, out SrtpReceiver? receiver, out _));
        return receiver!;
    }

    private static byte[]? Open(SrtpReceiver receiver, byte[] packet)
    {
        byte[] plain = new byte[packet.Length];
        return receiver.TryUnprotect(packet, plain, out int length, out _) ? plain[..length] : null;
    }
}

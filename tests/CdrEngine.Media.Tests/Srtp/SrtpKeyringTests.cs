using System.Text;
using CdrEngine.Media.Srtp;
using CdrEngine.Protocols.Sdp;
using Xunit;

namespace CdrEngine.Media.Tests.Srtp;

public sealed class SrtpKeyringTests
{
    private const int Caller = 0;
    private const int Callee = 1;
    private readonly byte[] _plain = new byte[500];

    [Fact]
    public void KeyInASidesDescription_OpensWhatThatSideSends()
    {
        using var keyring = new SrtpKeyring();
        SrtpSender alice = Sender(1), bob = Sender(2);
        keyring.Learn(Caller, 0, Media(alice));
        keyring.Learn(Callee, 0, Media(bob));
        Assert.Equal((SrtpProtection.Sdes, true, false), (keyring.Protection(Caller, 0), keyring.HasKey(Callee, 0), keyring.HasKey(Callee, 1)));
        AssertOpens(keyring, Caller, alice, 1, 0);
        AssertOpens(keyring, Callee, bob, 1, 0);
        byte[] rtcp = Convert.FromHexString("80c90001cafebabe");
        Assert.True(keyring.TryUnprotectRtcp(Callee, 0, bob.ProtectRtcp(rtcp, 1), _plain, out int length, out _));
        Assert.Equal(rtcp, _plain[..length]);
        Assert.Equal((2, 1, 0), (keyring.Counters[SrtpCounter.RtpOpened], keyring.Counters[SrtpCounter.RtcpOpened], keyring.Counters[SrtpCounter.StrayKey]));
    }

    [Fact]
    public void OfferOfSeveralLines_IsOpenedByWhicheverWasTaken()
    {
        using var keyring = new SrtpKeyring();
        SrtpSender first = Sender(1), second = SrtpSender.Seeded(SrtpSuite.AeadAes256Gcm, 2);
        keyring.Learn(Caller, 0, Read($"m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{first.Inline}\r\na=crypto:2 AEAD_AES_256_GCM inline:{second.Inline}\r\na=crypto:3 F8_128_HMAC_SHA1_80 inline:{first.Inline}\r\n"));
        for (ushort i = 0; i < 5; i++) AssertOpens(keyring, Caller, second, i, 0);
        Assert.Equal((5, 2, 1), (keyring.Counters[SrtpCounter.RtpOpened], keyring.Counters[SrtpCounter.KeysLearnt], keyring.Counters[SrtpCounter.UnsupportedSuites]));
    }

    [Fact]
    public void Hold_KeepsTheRollOver_AndARepeatedKeyIsNotAnotherOne()
    {
        using var keyring = new SrtpKeyring();
        SrtpSender alice = Sender(1);
        keyring.Learn(Caller, 0, Media(alice));
        AssertOpens(keyring, Caller, alice, 65_535, 0);
        AssertOpens(keyring, Caller, alice, 0, 1);
        keyring.Learn(Caller, 0, Read($"m=audio 4000 RTP/SAVP 0\r\na=sendonly\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{alice.Inline}\r\n"));
        keyring.Learn(Caller, 0, Media(alice));
        AssertOpens(keyring, Caller, alice, 1, 1);
        AssertOpens(keyring, Caller, alice, 40_000, 1); // music on hold went elsewhere meanwhile: more than 2^15 packets unseen
        AssertOpens(keyring, Caller, alice, 20_000, 3);
        Assert.Equal(1, keyring.Counters[SrtpCounter.KeysLearnt]);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(7u)]
    public void LaterOfferWithAnotherKey_OpensWithBoth_WhetherTheCounterBeginsAnewOrGoesOn(uint rollOver)
    {
        using var keyring = new SrtpKeyring();
        SrtpSender old = Sender(1), late = Sender(3);
        keyring.Learn(Caller, 0, Media(old));
        AssertOpens(keyring, Caller, old, 100, 7);
        keyring.Learn(Caller, 0, Media(late));
        AssertOpens(keyring, Caller, old, 101, 7);
        AssertOpens(keyring, Caller, late, 102, rollOver);
        AssertOpens(keyring, Caller, old, 103, 7);
        AssertOpens(keyring, Caller, late, 104, rollOver);
        Assert.Equal(1, keyring.Counters[SrtpCounter.RollOverFound]);
    }

    [Fact]
    public void KeysOverTheLimit_DropTheOldest()
    {
        using var keyring = new SrtpKeyring(new SrtpLimits { MaxKeysPerSource = 2 });
        foreach (int seed in (int[])[1, 2, 3]) keyring.Learn(Caller, 0, Media(Sender(seed)));
        Assert.False(keyring.TryUnprotect(Caller, 0, Sender(1).Protect(SrtpSender.Rtp(1), 0), _plain, out _, out SrtpRejection reason));
        Assert.Equal(SrtpRejection.Authentication, reason);
        AssertOpens(keyring, Caller, Sender(2), 1, 0);
        Assert.Equal(1, keyring.Counters[SrtpCounter.KeysDropped]);
    }

    [Fact]
    public void DroppedKey_ThatAnotherSideWasUsing_IsForgottenThereToo()
    {
        using var keyring = new SrtpKeyring(new SrtpLimits { MaxKeysPerSource = 1 });
        keyring.Learn(Callee, 0, Media(Sender(9)));
        keyring.Learn(Caller, 0, Media(Sender(1)));
        AssertOpens(keyring, Callee, Sender(1), 1, 0);
        keyring.Learn(Caller, 0, Media(Sender(2)));
        Assert.False(keyring.TryUnprotect(Callee, 0, Sender(1).Protect(SrtpSender.Rtp(2), 0), _plain, out _, out _));
        AssertOpens(keyring, Callee, Sender(9), 3, 0);
    }

    [Fact]
    public void KeyOfAnotherLineOrSide_IsFoundByItsTag()
    {
        using var keyring = new SrtpKeyring();
        keyring.Learn(Caller, 0, Media(Sender(1)));
        keyring.Learn(Caller, 1, Media(Sender(2)));
        for (ushort i = 0; i < 60; i++) AssertOpens(keyring, Caller, Sender(2), i, 0);
        Assert.Equal(1, keyring.Counters[SrtpCounter.StrayKey]);
        AssertOpens(keyring, Caller, Sender(2), 50_000, 2); // after a gap it is found again
        Assert.Equal(2, keyring.Counters[SrtpCounter.StrayKey]);
    }

    [Fact]
    public void MediaWithoutKeys_IsHandedOnAsItIs()
    {
        using var keyring = new SrtpKeyring();
        byte[] rtp = SrtpSender.Rtp(1);
        AssertPlain(keyring, Caller, rtp); // no SDP at all
        keyring.Learn(Caller, 0, Read("m=audio 4000 RTP/AVP 0\r\n"));
        AssertPlain(keyring, Caller, rtp);
        Assert.False(keyring.TryUnprotect(Caller, 0, rtp, new byte[20], out _, out SrtpRejection reason));
        Assert.Equal(SrtpRejection.OutputTooSmall, reason);
    }

    [Fact]
    public void MediaBeforeTheAnswer_HasNoKeyYet_UnlessItWasLearntAhead()
    {
        using var keyring = new SrtpKeyring();
        keyring.Learn(Caller, 0, Media(Sender(1)));
        Assert.False(keyring.TryUnprotect(Callee, 0, Sender(2).Protect(SrtpSender.Rtp(1), 0), _plain, out _, out SrtpRejection reason));
        Assert.Equal(SrtpRejection.NoKey, reason);
        keyring.LearnKeys(Callee, 0, Media(Sender(2)));
        AssertOpens(keyring, Callee, Sender(2), 2, 0);
    }

    [Fact]
    public void KeysThatTheAnswerDoesNotTake_LeaveTheMediaPlain()
    {
        using var keyring = new SrtpKeyring();
        byte[] rtp = SrtpSender.Rtp(1);
        keyring.Learn(Caller, 0, Read($"m=audio 4000 RTP/AVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{Sender(1).Inline}\r\n"));
        Assert.False(keyring.TryUnprotect(Caller, 0, rtp, _plain, out _, out _));
        keyring.Learn(Callee, 0, Read("m=audio 5000 RTP/AVP 0\r\n"));
        AssertPlain(keyring, Caller, rtp);
        AssertPlain(keyring, Callee, rtp);
    }

    [Theory]
    [InlineData("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=fingerprint:sha-256 AA:BB\r\n", SrtpProtection.Dtls, "srtp_no_key")]
    [InlineData("m=audio 4000 RTP/SAVP 0\r\na=key-mgmt:mikey AQAFgM0\r\n", SrtpProtection.Other, "srtp_no_key")]
    [InlineData("m=audio 4000 RTP/SAVP 0\r\na=crypto:1 F8_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n", SrtpProtection.Sdes, "srtp_suite_unsupported")]
    [InlineData("m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n", SrtpProtection.Sdes, "srtp_no_key")]
    [InlineData("m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n", SrtpProtection.Sdes, "srtp_authentication_failed")]
    public void SecuredMediaThatCannotBeOpened_HasAReason(string lines, SrtpProtection protection, string expected)
    {
        using var keyring = new SrtpKeyring();
        keyring.Learn(Caller, 0, Read(lines));
        Assert.Equal(protection, keyring.Protection(Caller, 0));
        Assert.False(keyring.TryUnprotect(Caller, 0, Sender(1).Protect(SrtpSender.Rtp(1), 0), _plain, out int length, out SrtpRejection reason));
        Assert.Equal((0, expected), (length, SrtpReasons.NameOf(reason)));
        Assert.False(keyring.TryUnprotectRtcp(Caller, 0, Sender(1).ProtectRtcp(Convert.FromHexString("80c90001cafebabe"), 1), _plain, out _, out reason));
        Assert.Equal(expected, SrtpReasons.NameOf(reason));
    }

    [Fact]
    public void RefusedLine_ChangesNothing()
    {
        using var keyring = new SrtpKeyring();
        keyring.Learn(Caller, 0, Media(Sender(1)));
        keyring.Learn(Caller, 0, Read("m=audio 0 RTP/AVP 0\r\n"));
        AssertOpens(keyring, Caller, Sender(1), 1, 0);
        Assert.Equal(SrtpProtection.Sdes, keyring.Protection(Caller, 0));
    }

    [Fact]
    public void SourcesOverTheLimit_AreCounted()
    {
        using var keyring = new SrtpKeyring(new SrtpLimits { MaxSources = 2 });
        for (int line = 0; line < 4; line++) keyring.Learn(Caller, line, Media(Sender(1)));
        Assert.Equal((2, true, false), (keyring.Counters[SrtpCounter.SourcesDropped], keyring.HasKey(Caller, 1), keyring.HasKey(Caller, 2)));
        Assert.False(keyring.AddKey(Callee, 0, SrtpSuite.AesCm128HmacSha1Tag80, new byte[16], new byte[14]));
        Assert.False(keyring.AddKey(Caller, 0, SrtpSuite.AesCm128HmacSha1Tag80, new byte[16], new byte[12]));
        Assert.True(keyring.AddKey(Caller, 0, SrtpSuite.AesCm128HmacSha1Tag80, new byte[16], new byte[14]));
    }

    [Fact]
    public void SteadyState_AllocatesNothing()
    {
        using var keyring = new SrtpKeyring();
        keyring.Learn(Caller, 0, Media(Sender(2)));
        keyring.Learn(Caller, 0, Media(Sender(1)));
        byte[][] packets = [.. Enumerable.Range(0, 200).Select(i => Sender(2).Protect(SrtpSender.Rtp((ushort)i), 0))];
        foreach (byte[] packet in packets) keyring.TryUnprotect(Caller, 0, packet, _plain, out _, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (byte[] packet in packets) keyring.TryUnprotect(Caller, 0, packet, _plain, out _, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(400, keyring.Counters[SrtpCounter.RtpOpened]);
    }

    internal static SdpMedia Read(string lines)
    {
        var session = new SdpSession();
        Assert.True(SdpParser.TryRead(Encoding.ASCII.GetBytes("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" + lines), session));
        return session.Media[0];
    }

    private static SrtpSender Sender(int seed) => SrtpSender.Seeded(SrtpSuite.AesCm128HmacSha1Tag80, seed);

    private static SdpMedia Media(SrtpSender sender) => Read($"m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{sender.Inline}\r\n");

    private void AssertOpens(SrtpKeyring keyring, int side, SrtpSender sender, ushort sequence, uint rollOver)
    {
        byte[] rtp = SrtpSender.Rtp(sequence);
        Assert.True(keyring.TryUnprotect(side, 0, sender.Protect(rtp, rollOver), _plain, out int length, out SrtpRejection reason), $"{sequence}: {reason}");
        Assert.Equal(rtp, _plain[..length]);
        Assert.Equal(SrtpRejection.None, reason);
    }

    private void AssertPlain(SrtpKeyring keyring, int side, byte[] rtp)
    {
        Assert.True(keyring.TryUnprotect(side, 0, rtp, _plain, out int length, out _));
        Assert.Equal(rtp, _plain[..length]);
    }
}

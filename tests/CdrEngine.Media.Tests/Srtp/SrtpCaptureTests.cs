using CdrEngine.Core;
using CdrEngine.Media.Srtp;
using CdrEngine.Protocols.Rtcp;
using CdrEngine.Protocols.Rtp;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Media.Tests.Srtp;

/// <summary>Whole captures of real phones.</summary>
public sealed class SrtpCaptureTests
{
    [SharedFact]
    public void LabCallWithKeysInTheSdp_OpensWhole_AndIsWhatThePartiesSaid()
    {
        using var keyring = new SrtpKeyring();
        Replay call = Replay.Of(SharedFolder.Path("lab", "captures", "21-srtp-sdes.pcap"), keyring);

        // These phones send their first and last RTCP packets in the clear: four, which are refused as any packet without a tag is.
        Assert.Equal((251, 251, 4, 4), (call.Rtp[0].Count, call.Rtp[1].Count, call.RtcpOpened, call.Refused.Count));
        Assert.Equal((502, 4, 0), (keyring.Counters[SrtpCounter.RtpOpened], keyring.Counters[SrtpCounter.RtcpOpened], keyring.Counters[SrtpCounter.Plain]));
        Assert.Equal(0, keyring.Counters[SrtpCounter.StrayKey] + keyring.Counters[SrtpCounter.RollOverFound]);
        Assert.InRange(Likeness(call.Rtp[0], "alice.wav"), 0.9, 1.0);
        Assert.InRange(Likeness(call.Rtp[1], "bob.wav"), 0.9, 1.0);
        Assert.InRange(Likeness(call.Rtp[0], "bob.wav"), 0.0, 0.5);
    }

    [SharedFact]
    public void LabCallWithKeysFromTheMediaPath_HasNoKey()
    {
        using var keyring = new SrtpKeyring();
        Replay call = Replay.Of(SharedFolder.Path("lab", "captures", "34-dtls-srtp.pcap"), keyring);
        Assert.Equal((0, 0, 0), (call.Rtp[0].Count, call.Rtp[1].Count, call.RtcpOpened));
        Assert.Equal(406, call.Refused.Count);
        Assert.All(call.Refused, static reason => Assert.Equal("srtp_no_key", SrtpReasons.NameOf(reason)));
        Assert.Equal((SrtpProtection.Dtls, SrtpProtection.Dtls), (keyring.Protection(0, 0), keyring.Protection(1, 0)));
    }

    [SharedFact]
    public void PublishedCaptureWithItsKey_AuthenticatesWhole()
    {
        Assert.True(SrtpReceiver.TryCreate("AES_CM_128_HMAC_SHA1_80"u8, "inline:aSBrbm93IGFsbCB5b3VyIGxpdHRsZSBzZWNyZXRz"u8, SrtpLimits.Default, out SrtpReceiver? receiver, out _));
        byte[] plain = new byte[2000];
        int opened = 0;
        foreach (Datagram datagram in Captures.Read(SharedFolder.Path("captures", "srtp-marseillaise.pcap")))
        {
            if (MediaClassifier.Classify(datagram.Bytes) != MediaPacketKind.Rtp) continue;
            Assert.True(receiver!.TryUnprotect(datagram.Bytes, plain, out int length, out SrtpRejection reason), $"{opened}: {reason}");
            Assert.True(RtpHeader.TryRead(plain.AsSpan(0, length), out RtpHeader header));
            Assert.Equal(8, header.PayloadType);
            opened++;
        }

        Assert.Equal(11_888, opened);
        Assert.Equal((1, 0L), (receiver!.StreamCount, receiver.RollOversFound));
        receiver.Dispose();
    }

    /// <summary>Largest normalised correlation of the decoded packets with the file that was played, over lags of up to half a second either way.</summary>
    private static double Likeness(List<byte[]> packets, string wav)
    {
        byte[] file = File.ReadAllBytes(SharedFolder.Path("lab", "audio", wav));
        short[] played = new short[(file.Length - 44) / 2];
        Buffer.BlockCopy(file, 44, played, 0, played.Length * 2);
        double[] heard = packets.SelectMany(static packet => packet[12..]).Select(Linear).ToArray();
        const int Lags = 4000;
        const int Step = 4; // enough for telephone speech: every fourth sample of the sum, every lag
        int length = heard.Length - Lags;
        double best = 0;
        for (int lag = -Lags; lag <= Lags; lag++)
        {
            int heardAt = Math.Max(0, lag), playedAt = Math.Max(0, -lag);
            double product = 0, heardPower = 1, playedPower = 1;
            for (int i = 0; i < length; i += Step)
            {
                double x = heard[heardAt + i], y = played[playedAt + i];
                product += x * y;
                heardPower += x * x;
                playedPower += y * y;
            }

            best = Math.Max(best, product / Math.Sqrt(heardPower * playedPower));
        }

        return best;
    }

    private static double Linear(byte code)
    {
        int value = ~code & 0xFF;
        int magnitude = ((((value & 0x0F) << 3) + 0x84) << ((value & 0x70) >> 4)) - 0x84;
        return (value & 0x80) != 0 ? -magnitude : magnitude;
    }

    /// <summary>A lab call between alice (caller) and bob, replayed as a recorder would.</summary>
    private sealed class Replay
    {
        public List<byte[]>[] Rtp { get; } = [[], []];

        public int RtcpOpened { get; private set; }

        public List<SrtpRejection> Refused { get; } = [];

        public static Replay Of(string path, SrtpKeyring keyring)
        {
            var replay = new Replay();
            var message = new SipMessage();
            var sdp = new SdpSession();
            byte[] plain = new byte[2000];
            List<Datagram> datagrams = Captures.Read(path);
            foreach (Datagram datagram in datagrams)
            {
                if (TryReadSdp(datagram, message, sdp)) keyring.LearnKeys(message.IsRequest ? 0 : 1, 0, sdp.Media[0]);
            }

            foreach (Datagram datagram in datagrams)
            {
                int side = IsAlice(datagram.Source) ? 0 : 1;
                if (SipParser.LooksLikeSip(datagram.Bytes))
                {
                    if (TryReadSdp(datagram, message, sdp)) keyring.Learn(message.IsRequest ? 0 : 1, 0, sdp.Media[0]);
                    continue;
                }

                SrtpRejection reason;
                switch (MediaClassifier.Classify(datagram.Bytes))
                {
                    case MediaPacketKind.Rtp:
                        if (keyring.TryUnprotect(side, 0, datagram.Bytes, plain, out int length, out reason)) replay.Rtp[side].Add(plain[..length]);
                        else replay.Refused.Add(reason);
                        break;
                    case MediaPacketKind.Rtcp:
                        if (keyring.TryUnprotectRtcp(side, 0, datagram.Bytes, plain, out length, out reason)) replay.RtcpOpened += IsRtcp(plain.AsSpan(0, length)) ? 1 : 0;
                        else replay.Refused.Add(reason);
                        break;
                }
            }

            return replay;
        }

        private static bool TryReadSdp(Datagram datagram, SipMessage message, SdpSession sdp) =>
            SipParser.LooksLikeSip(datagram.Bytes) && SipParser.TryRead(datagram.Bytes, message, out _, out _) == ParseOutcome.Message
            && !message.SdpBody.IsEmpty && SdpParser.TryRead(message.SdpBody, sdp) && sdp.Media.Length > 0;

        private static bool IsRtcp(ReadOnlySpan<byte> bytes)
        {
            var reader = new RtcpReader(bytes);
            int packets = 0;
            while (reader.MoveNext()) packets++;
            return packets > 0 && reader.Rejection == RtcpRejection.None;
        }

        private static bool IsAlice(Endpoint source) => source.ToString().StartsWith("10.77.0.21:", StringComparison.Ordinal);
    }
}

using System.Buffers.Binary;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Recording;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Media.Playout;
using CdrEngine.Media.Srtp;
using CdrEngine.Media.Tests.Srtp;
using CdrEngine.Protocols.Rtp;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Recording;

/// <summary>Sound that is sent again with the next packets (RFC 2198), and repair that is no sound.</summary>
public sealed class RedundancyTests
{
    private const string Caller = "192.0.2.1:4000";
    private const string Callee = "192.0.2.2:5000";
    private static readonly byte[] Sound = new ToneMaker().Tone(400, 4000, -8).MuLaw;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void LostPackets_AreFilledFromTheOnesBehind(int redundancy)
    {
        // Two in a row of each ten are lost.
        (RecordingResult result, PcmKeeper lossy) = Record(redundancy, static i => i % 10 is not (4 or 5));
        (_, PcmKeeper whole) = Record(redundancy, static _ => true);
        Assert.Equal((RecordingState.Available, null), (result.State, result.PartReason));
        int different = lossy.Channel(0).Zip(whole.Channel(0)).Count(static pair => pair.First != pair.Second);
        switch (redundancy)
        {
            case 2:
                Assert.Equal(0, different);
                Assert.Equal(0, result.Counters![PlayoutCounter.Lost]);
                break;
            case 1:
                Assert.InRange(different, 1_000, 20 * 200);
                Assert.Equal(20, result.Counters![PlayoutCounter.Lost]);
                break;
            default:
                Assert.Equal(40, result.Counters![PlayoutCounter.Lost]);
                break;
        }

        Assert.Equal(0, result.Counters[PlayoutCounter.Unsupported] + result.Counters[PlayoutCounter.Duplicate]);
    }

    [Fact]
    public void Encrypted_ThePrimaryBlockIsHeard()
    {
        SrtpSender sender = SrtpSender.Seeded(SrtpSuite.AesCm128HmacSha1Tag80);
        (RecordingResult result, PcmKeeper sound) = Record(1, static _ => true, sender);
        Assert.Equal((RecordingState.Available, null), (result.State, result.PartReason));
        Assert.True(sound.Channel(0)[2_000..20_000].Max() > 8_000);
        Assert.Equal(0, result.Counters![PlayoutCounter.Unsupported]);
    }

    [Fact]
    public void Parity_OnTheSameSource_IsNoSoundAndNoReason()
    {
        var scene = new Scene();
        Signal(scene, "0 127", "a=rtpmap:127 ulpfec/8000\r\n");
        ushort sequence = 0;
        for (int i = 0; i < 200; i++)
        {
            scene.Frame(1.1 + (i * 0.02), PacketBuilder.UdpFrame(Caller, Callee, Rtp(0, sequence++, (uint)(i * 160), Sound.AsSpan(i * 160, 160)), i));
            if (i % 5 == 4) scene.Frame(1.105 + (i * 0.02), PacketBuilder.UdpFrame(Caller, Callee, Rtp(127, sequence++, (uint)(i * 160), new byte[174]), 1000 + i));
        }

        (RecordingResult result, PcmKeeper sound) = Record(scene);
        Assert.Equal((RecordingState.Available, null), (result.State, result.PartReason));
        Assert.Equal((200, 40, 0), (result.Counters![PlayoutCounter.Decoded], result.Counters[PlayoutCounter.NoSound], result.Counters[PlayoutCounter.Lost]));
        Assert.True(sound.Channel(0)[2_000..20_000].Max() > 8_000);
    }

    [Fact]
    public void Blocks_OfAnyBytes_AreReadOrRefused()
    {
        Span<RedundantBlock> blocks = stackalloc RedundantBlock[RedundantPayload.MaxBlocks];
        Assert.True(RedundantPayload.TryRead([0x85, 0x02, 0x80, 2, 0, 1, 2, 3], blocks, out int count));
        Assert.Equal((2, new RedundantBlock(5, 160, 5, 2), new RedundantBlock(0, 0, 7, 1)), (count, blocks[0], blocks[1]));
        Assert.True(RedundantPayload.TryRead([0], blocks, out count));
        Assert.Equal(new RedundantBlock(0, 0, 1, 0), blocks[0]);
        Assert.False(RedundantPayload.TryRead([], blocks, out _));
        Assert.False(RedundantPayload.TryRead([0x80, 0, 0, 9, 0, 1], blocks, out _));
        Assert.False(RedundantPayload.TryRead([.. Enumerable.Repeat<byte>(0x80, 60)], blocks, out _));
        var random = new Random(2198);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] payload = new byte[random.Next(40)];
            random.NextBytes(payload);
            if (!RedundantPayload.TryRead(payload, blocks, out count)) continue;
            foreach (RedundantBlock block in blocks[..count]) Assert.True(block.Start >= 0 && block.Length >= 0 && block.Start + block.Length <= payload.Length);
        }

        Assert.Equal([0, 111, -1, -1, -1, -1], ((string?[])["0/5", "111/111", null, "", "x/1", "300/1"]).Select(RedundantPayload.PrimaryOf));
    }

    private static (RecordingResult Result, PcmKeeper Sound) Record(int redundancy, Func<int, bool> arrives, SrtpSender? sender = null)
    {
        var scene = new Scene();
        Signal(scene, "121 0", "a=rtpmap:121 red/8000\r\na=fmtp:121 0/0\r\n", sender);
        for (int i = 0; i < 200; i++)
        {
            if (!arrives(i)) continue;
            var payload = new List<byte>();
            int back = Math.Min(redundancy, i);
            for (int k = back; k > 0; k--)
            {
                byte[] header = new byte[4];
                BinaryPrimitives.WriteUInt32BigEndian(header, 0x8000_0000 | ((uint)(k * 160) << 10) | 160);
                payload.AddRange(header);
            }

            payload.Add(0);
            payload.AddRange(Sound.AsSpan((i - back) * 160, (back + 1) * 160));
            byte[] packet = Rtp(121, (ushort)(i + 10), (uint)(i * 160), payload.ToArray());
            if (sender is not null) packet = sender.Protect(packet, 0);
            scene.Frame(1.1 + (i * 0.02), PacketBuilder.UdpFrame(Caller, Callee, packet, i));
        }

        return Record(scene);
    }

    private static (RecordingResult Result, PcmKeeper Sound) Record(Scene scene)
    {
        using EngineRun run = EngineRun.Of(scene.Tape(), new RunOptions { KeepPackets = true });
        CallRecord record = run.Call("c");
        return RecordedCall.Record(record, new PacketsInMemory(run.Packets(record)));
    }

    private static void Signal(Scene scene, string formats, string lines, SrtpSender? sender = null)
    {
        const string there = "192.0.2.1:5060", here = "192.0.2.2:5060";
        SipText invite = SipText.Invite("c", "alice@example.com", "bob@example.com").WithBody("application/sdp", Sdp("192.0.2.1", 4000));
        scene.Sip(0, there, here, invite);
        scene.Sip(1, here, there, invite.Reply(200).WithBody("application/sdp", Sdp("192.0.2.2", 5000)));
        scene.Sip(1.01, there, here, SipText.Ack("c", "alice@example.com", "bob@example.com"));
        SipText bye = SipText.Bye("c", "alice@example.com", "bob@example.com");
        scene.Sip(5.3, there, here, bye).Sip(5.31, here, there, bye.Reply(200));

        string Sdp(string address, int port) =>
            $"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} RTP/{(sender is null ? "AVP" : "SAVP")} {formats}\r\n"
            + $"a=rtpmap:0 PCMU/8000\r\n{lines}{(sender is null ? "" : $"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{sender.Inline}\r\n")}a=sendrecv\r\n";
    }

    private static byte[] Rtp(byte payloadType, ushort sequence, uint timestamp, ReadOnlySpan<byte> payload)
    {
        byte[] packet = new byte[12 + payload.Length];
        packet[0] = 0x80;
        packet[1] = payloadType;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), 0xA);
        payload.CopyTo(packet.AsSpan(12));
        return packet;
    }
}

using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.TestKit;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CdrEngine.Protocols.Tests.Ip;

/// <summary>Fragments of IPv4 and IPv6: order, overlap, loss, limits.</summary>
public sealed class FragmentTests
{
    private static readonly Timestamp At = Timestamp.FromUnix(1_700_000_000, 0);
    private static readonly byte[] Payload = [.. Enumerable.Range(0, 4000).Select(static i => (byte)((i * 7) + (i >> 8)))];

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void Fragments_InAnyOrder_GiveTheDatagramAndItsFrames(string source, string destination)
    {
        byte[][] frames = Udp(source, destination).BuildFragments(1448);
        Assert.Equal(3, frames.Length);
        foreach (int[] order in new int[][] { [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0] })
        {
            var decoder = new PacketDecoder();
            Assert.Equal(DecodeOutcome.HeldFragment, decoder.Decode(PacketBuilder.Captured(frames[order[0]], At), out _));
            Assert.Equal(DecodeOutcome.HeldFragment, decoder.Decode(PacketBuilder.Captured(frames[order[1]], At), out _));
            Assert.Equal(DecodeOutcome.Udp, decoder.Decode(PacketBuilder.Captured(frames[order[2]], At), out DecodedPacket decoded));
            Assert.True(decoded.Payload.SequenceEqual(Payload));
            Assert.Equal(5060, decoded.Source.Port);
            Assert.Equal(1u, decoded.IpIdentification);
            Assert.False(decoded.IsTruncated);
            Assert.Equal([frames[order[0]], frames[order[1]]], FramesOf(decoded.Fragments));
            Assert.Equal(0, decoder.HeldDatagrams);
            decoder.Decode(PacketBuilder.UdpFrame("10.9.9.9:1", "10.9.9.8:2").Capture(At), out DecodedPacket next);
            Assert.Null(next.Fragments);
        }
    }

    [Fact]
    public void AnyCutting_InAnyOrder_WithCopies_GivesTheDatagram()
    {
        Prop.ForAll(
            ArbMap.Default.ArbFor<int>(),
            seed =>
            {
                var random = new Random(seed);
                bool isV6 = random.Next(2) == 0;
                PacketBuilder builder = isV6 ? Udp("2001:db8::1", "2001:db8::2") : Udp("10.0.0.1", "10.0.0.2");
                byte[] whole = builder.IpPayload();
                var frames = new List<byte[]>();
                for (int offset = 0; offset < whole.Length;)
                {
                    int length = Math.Min(8 * random.Next(1, 80), whole.Length - offset);
                    byte[] frame = builder.BuildFragment(whole[offset..(offset + length)], offset, offset + length < whole.Length);
                    frames.Add(frame);
                    if (random.Next(4) == 0) frames.Add(frame);
                    offset += length;
                }

                random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(frames));
                var decoder = new PacketDecoder();
                int completed = 0;
                bool isRight = true;
                foreach (byte[] frame in frames)
                {
                    if (decoder.Decode(PacketBuilder.Captured(frame, At), out DecodedPacket decoded) != DecodeOutcome.Udp) continue;
                    completed++;
                    isRight &= decoded.Payload.SequenceEqual(Payload);
                }

                return isRight && completed == 1;
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void IPv4Overlap_KeepsTheBytesThatCameFirst()
    {
        PacketBuilder builder = Udp("10.0.0.1", "10.0.0.2");
        byte[] whole = builder.IpPayload();
        byte[] forged = [.. whole.Select(static b => (byte)~b)];
        var decoder = new PacketDecoder();
        void Held(byte[] bytes, int from, int to) => Assert.Equal(
            DecodeOutcome.HeldFragment, decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(bytes[from..to], from, more: true), At), out _));
        Held(whole, 0, 800);
        Held(whole, 1600, 2400);
        Held(forged, 400, 800); // all there already, with other bytes
        Held(forged, 0, 400);
        // Over two runs at once: the hole gets the new bytes, the runs keep theirs.
        byte[] bridge = [.. forged[400..800], .. whole[800..1600], .. forged[1600..2000]];
        Assert.Equal(DecodeOutcome.HeldFragment, decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(bridge, 400, more: true), At), out _));
        Assert.Equal(
            DecodeOutcome.Udp,
            decoder.Decode(PacketBuilder.Captured(builder.BuildFragment([.. forged[2000..2400], .. whole[2400..]], 2000, more: false), At), out DecodedPacket decoded));
        Assert.True(decoded.Payload.SequenceEqual(Payload));
        Assert.Equal(4, decoder.Counters[DecodeCounter.Ipv4FragmentOverlap]);
    }

    [Fact]
    public void IPv6Overlap_KillsTheDatagramForGood()
    {
        PacketBuilder builder = Udp("2001:db8::1", "2001:db8::2");
        byte[] whole = builder.IpPayload();
        byte[] forged = [.. whole.Select(static b => (byte)~b)];
        var decoder = new PacketDecoder();
        Assert.Equal(DecodeOutcome.HeldFragment, decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(whole[..800], 0, more: true), At), out _));
        Assert.Equal(DecodeOutcome.Malformed, decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(forged[400..1200], 400, more: true), At), out _));
        Assert.Equal(DecodeOutcome.Malformed, decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(whole[..800], 0, more: true), At), out _));
        Assert.Equal(DecodeOutcome.Malformed, decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(whole[800..], 800, more: false), At), out _));
        Assert.Equal(3, decoder.Counters[DecodeCounter.Ipv6FragmentOverlap]);

        // After its time the identification is free again.
        Timestamp later = At + TimeSpan.FromSeconds(31);
        Assert.Equal(DecodeOutcome.HeldFragment, decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(whole[..800], 0, more: true), later), out _));
        Assert.Equal(DecodeOutcome.Udp, decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(whole[800..], 800, more: false), later), out _));
    }

    [Fact]
    public void FragmentsAtOddsWithTheEnd_DropTheDatagram()
    {
        PacketBuilder builder = Udp("10.0.0.1", "10.0.0.2");
        var decoder = new PacketDecoder();
        Assert.Equal(DecodeOutcome.HeldFragment, decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(new byte[80], 800, more: false), At), out _));
        Assert.Equal(DecodeOutcome.Malformed, decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(new byte[80], 1600, more: true), At), out _));
        Assert.Equal(0, decoder.HeldDatagrams);
        Assert.Equal(DecodeOutcome.HeldFragment, decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(new byte[80], 1600, more: true), At), out _));
        Assert.Equal(DecodeOutcome.Malformed, decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(new byte[80], 800, more: false), At), out _));
        Assert.Equal(2, decoder.Counters[DecodeCounter.BadFragment]);
        Assert.Equal(0, decoder.HeldBytes);
    }

    [Fact]
    public void Age_InPacketTime_GivesUpTheDatagram()
    {
        byte[][] frames = Udp("10.0.0.1", "10.0.0.2").BuildFragments(2048);
        var decoder = new PacketDecoder();
        decoder.Decode(PacketBuilder.Captured(frames[0], At), out _);
        decoder.Advance(At + TimeSpan.FromSeconds(30));
        Assert.Equal(1, decoder.HeldDatagrams);
        Assert.True(decoder.HeldBytes > 2048);
        decoder.Advance(At + TimeSpan.FromSeconds(30.001));
        Assert.Equal(0, decoder.HeldDatagrams);
        Assert.Equal(0, decoder.HeldBytes);
        Assert.Equal(1, decoder.Counters[DecodeCounter.FragmentTimeout]);
    }

    [Fact]
    public void Limits_OfDatagramsAndBytes_EvictTheOldestFirst()
    {
        var byCount = new PacketDecoder(new DecoderLimits { MaxFragmentedDatagrams = 3 });
        var byBytes = new PacketDecoder(new DecoderLimits { MaxFragmentBytes = 20_000 });
        foreach (PacketDecoder decoder in new[] { byCount, byBytes })
        {
            var datagrams = Enumerable.Range(0, 10).Select(static id => Udp("10.0.0.1", "10.0.0.2", id).BuildFragments(3200)).ToList();
            foreach (byte[][] frames in datagrams) decoder.Decode(PacketBuilder.Captured(frames[0], At), out _);
            Assert.Equal(10 - decoder.HeldDatagrams, decoder.Counters[DecodeCounter.FragmentEvicted]);
            Assert.InRange(decoder.HeldDatagrams, 1, 5);
            Assert.InRange(decoder.HeldBytes, 1, 40_000);
            Assert.Equal(DecodeOutcome.Udp, decoder.Decode(PacketBuilder.Captured(datagrams[9][1], At), out _));
            Assert.Equal(DecodeOutcome.HeldFragment, decoder.Decode(PacketBuilder.Captured(datagrams[0][1], At), out _));
        }
    }

    [Fact]
    public void TooManyFragments_GiveUpTheDatagram()
    {
        PacketBuilder builder = Udp("10.0.0.1", "10.0.0.2");
        var decoder = new PacketDecoder(new DecoderLimits { MaxFragmentsPerDatagram = 10 });
        for (int i = 0; i < 11; i++) decoder.Decode(PacketBuilder.Captured(builder.BuildFragment(new byte[8], i * 16, more: true), At), out _);
        Assert.Equal(1, decoder.Counters[DecodeCounter.FragmentEvicted]);
        Assert.Equal(0, decoder.HeldDatagrams);
        Assert.Equal(0, decoder.HeldBytes);
    }

    [Fact]
    public void SnappedFragments_GiveWhatIsThere_AsTruncated()
    {
        byte[][] frames = Udp("10.0.0.1", "10.0.0.2").BuildFragments(1480);
        var decoder = new PacketDecoder();
        for (int i = 0; i < 2; i++) decoder.Decode(PacketBuilder.Captured(frames[i][..200], At, originalLength: frames[i].Length), out _);
        Assert.Equal(DecodeOutcome.Udp, decoder.Decode(PacketBuilder.Captured(frames[2][..200], At, originalLength: frames[2].Length), out DecodedPacket decoded));
        Assert.True(decoded.IsTruncated);
        Assert.True(decoded.Payload.SequenceEqual(Payload.AsSpan(0, 200 - 14 - 20 - 8)));
    }

    [Fact]
    public void FragmentsOfATunnel_AndInsideOne_AreBothPutTogether()
    {
        // The inner datagram in fragments, and the tunnel packet of each in fragments again.
        PacketBuilder tunnel = new PacketBuilder().Ethernet().IPv4("192.0.2.1", "192.0.2.2", identification: 5).Vxlan().Ethernet()
            .IPv4("10.0.0.1", "10.0.0.2", identification: 8).Udp(5060, 5061).Payload(Payload);
        byte[][] inner = tunnel.BuildFragments(2000);
        Assert.Equal(3, inner.Length);
        var frames = new List<byte[]>();
        foreach (byte[] frame in inner)
        {
            // Cut the outer IP payload (from byte 34 on) once more.
            byte[] body = frame[34..];
            PacketBuilder outer = new PacketBuilder().Ethernet().IPv4("192.0.2.1", "192.0.2.2", identification: 100 + frames.Count).Raw([], protocol: 17);
            int half = body.Length / 2 / 8 * 8;
            frames.Add(outer.BuildFragment(body[..half], 0, more: true));
            frames.Add(outer.BuildFragment(body[half..], half, more: false));
        }

        var decoder = new PacketDecoder();
        for (int i = 0; i < frames.Count - 1; i++) Assert.Equal(DecodeOutcome.HeldFragment, decoder.Decode(PacketBuilder.Captured(frames[i], At), out _));
        Assert.Equal(DecodeOutcome.Udp, decoder.Decode(PacketBuilder.Captured(frames[^1], At), out DecodedPacket decoded));
        Assert.True(decoded.Payload.SequenceEqual(Payload));
        Assert.Equal(frames.Count - 1, decoded.Fragments!.Count);
        Assert.Equal(frames[..^1], FramesOf(decoded.Fragments));
        Assert.Equal(0, decoder.HeldBytes);
    }

    [Fact]
    public void AtomicFragment_IsWholeAtOnce()
    {
        byte[] frame = new PacketBuilder().Ethernet().IPv6("2001:db8::1", "2001:db8::2").IPv6FragmentHeader(0xDEAD_BEEF).Udp(1, 2).Payload("x").Build();
        Assert.Equal(DecodeOutcome.Udp, new PacketDecoder().Decode(PacketBuilder.Captured(frame, At), out DecodedPacket decoded));
        Assert.Equal(0xDEAD_BEEF, decoded.IpIdentification);
        Assert.Null(decoded.Fragments);
    }

    [Fact]
    public void ClockSetBack_DoesNotKeepDatagramsForEver()
    {
        byte[][] frames = Udp("10.0.0.1", "10.0.0.2").BuildFragments(2048);
        var decoder = new PacketDecoder();
        decoder.Decode(PacketBuilder.Captured(frames[0], At), out _);
        decoder.Advance(At - TimeSpan.FromHours(1));
        Assert.Equal(0, decoder.HeldDatagrams);
    }

    private static PacketBuilder Udp(string source, string destination, int identification = 1) =>
        new PacketBuilder().Ethernet().Ip(source, destination, identification).Udp(5060, 5061).Payload(Payload);

    private static List<byte[]> FramesOf(FrameBuffer? buffer)
    {
        var frames = new List<byte[]>();
        foreach (CapturedPacket packet in buffer!) frames.Add(packet.Bytes.ToArray());
        return frames;
    }
}

using System.Buffers.Binary;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using Xunit;

namespace CdrEngine.Fuzz.Link;

/// <summary>Any bytes as an Ethernet frame: never an exception, the straight way and the layer walk agree, an obvious parser agrees on plain
/// UDP, and each packet is counted once.</summary>
public static class PacketDecoderTarget
{
    private static readonly Timestamp At = Timestamp.FromUnix(1_700_000_000, 0);

    public static void Run(ReadOnlySpan<byte> input)
    {
        byte[] frame = input.ToArray();
        View straight = Decode(frame, LinkType.Ethernet, out PacketDecoder decoder);
        Assert.Equal(1, Enum.GetValues<DecodeCounter>().Where(static c => c <= DecodeCounter.Ipv6FragmentOverlap).Sum(c => decoder.Counters[c]));
        Assert.Equal(straight, Decode(frame, LinkType.Ethernet, out _));

        // The same packet behind a cooked header goes by the walk alone. The cooked header has no 802.3 lengths.
        if (frame.Length >= 14 && BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)) >= 0x0600)
        {
            View walked = Decode([.. new byte[14], .. frame[12..]], LinkType.LinuxSll, out _);
            Assert.Equal(straight, walked);
        }

        if (Obvious(frame) is { } obvious) Assert.Equal(obvious, straight);
    }

    /// <summary>Runs the same bytes through every link type; only that nothing is thrown and all is counted.</summary>
    public static void RunAllLinkTypes(ReadOnlySpan<byte> input)
    {
        byte[] frame = input.ToArray();
        foreach (LinkType link in Enum.GetValues<LinkType>()) Assert.True(Decode(frame, link, out _).Outcome <= DecodeOutcome.Malformed);
    }

    private static View Decode(byte[] frame, LinkType link, out PacketDecoder decoder)
    {
        decoder = new PacketDecoder();
        var packet = new CapturedPacket { CapturedAt = At, LinkType = link, OriginalLength = frame.Length, Bytes = frame };
        DecodeOutcome outcome = decoder.Decode(packet, out DecodedPacket p);
        Assert.True(p.Payload.Length <= frame.Length);
        return new View(
            outcome, p.Source, p.Destination, Convert.ToHexString(p.Payload), p.IpIdentification, p.Dscp, p.TimeToLive, p.TransportChecksum, p.IsTruncated);
    }

    /// <summary>Plain Ethernet, IPv4 without options, unfragmented UDP whose lengths are right, on ports of no tunnel; null for all else.</summary>
    private static View? Obvious(byte[] frame)
    {
        int[] tunnels = [4789, 8472, 6081, 37_008, 2152];
        if (frame.Length < 42 || frame[12] != 8 || frame[13] != 0 || frame[14] != 0x45 || frame[23] != 17) return null;
        int Word(int at) => (frame[at] << 8) | frame[at + 1];
        if ((Word(20) & 0x3FFF) != 0 || tunnels.Contains(Word(34)) || tunnels.Contains(Word(36))) return null;
        int total = Word(16);
        int udp = Word(38);
        if (total > frame.Length - 14 || udp < 8 || udp + 20 > total) return null;
        var source = new Endpoint(IpAddress.FromV4(frame.AsSpan(26, 4)), (ushort)Word(34));
        var destination = new Endpoint(IpAddress.FromV4(frame.AsSpan(30, 4)), (ushort)Word(36));
        return new View(
            DecodeOutcome.Udp, source, destination, Convert.ToHexString(frame, 42, udp - 8), (uint)Word(18), (byte)(frame[15] >> 2), frame[22], (ushort)Word(40), false);
    }

    private sealed record View(
        DecodeOutcome Outcome, Endpoint Source, Endpoint Destination, string Payload, uint Identification, byte Dscp, byte TimeToLive, ushort Checksum, bool IsTruncated);
}

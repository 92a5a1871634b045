using System.Buffers.Binary;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Protocols.Tests.Rtp;

public sealed class RtpHeaderTests
{
    // V=2 P X CC=2, marker, type 96, sequence 0x1234, timestamp, SSRC, two CSRCs, extension BEDE of two words, payload AABBCC, padding of 5.
    private static readonly byte[] Full =
    [
        0xB2, 0xE0, 0x12, 0x34, 0x01, 0x02, 0x03, 0x04, 0xCA, 0xFE, 0xBA, 0xBE,
        0, 0, 0, 1, 0, 0, 0, 2,
        0xBE, 0xDE, 0, 2, 0x10, 0xFF, 0, 0, 1, 2, 3, 4,
        0xAA, 0xBB, 0xCC, 0, 0, 0, 0, 5,
    ];

    [Fact]
    public void FullHeader_Read_GivesEveryField()
    {
        Assert.Equal(ParseOutcome.Message, RtpHeader.TryRead(Full, isTruncated: false, out RtpHeader header, out RtpRejection reason));
        Assert.Equal(RtpRejection.None, reason);
        Assert.True(header.Marker);
        Assert.Equal(96, header.PayloadType);
        Assert.Equal(0x1234, header.SequenceNumber);
        Assert.Equal(0x01020304u, header.Timestamp);
        Assert.Equal(0xCAFEBABEu, header.Ssrc);
        Assert.Equal(2, header.CsrcCount);
        Assert.Equal(1u, header.Csrc(0));
        Assert.Equal(2u, header.Csrc(1));
        Assert.True(header.HasExtension);
        Assert.Equal(0xBEDE, header.ExtensionProfile);
        Assert.Equal([0x10, 0xFF, 0, 0, 1, 2, 3, 4], header.Extension.ToArray());
        Assert.Equal(32, header.HeaderBytes);
        Assert.Equal(5, header.PaddingBytes);
        Assert.Equal([0xAA, 0xBB, 0xCC], header.Payload.ToArray());
    }

    [Fact]
    public void PlainHeader_Read_HasNoExtras()
    {
        byte[] bytes = [0x80, 0x00, 0, 7, 0, 0, 0, 160, 0, 0, 0, 9, 1, 2, 3];
        Assert.True(RtpHeader.TryRead(bytes, out RtpHeader header));
        Assert.False(header.Marker);
        Assert.False(header.HasExtension);
        Assert.Equal(0, header.ExtensionProfile);
        Assert.True(header.Extension.IsEmpty);
        Assert.Equal(0, header.CsrcCount);
        Assert.Equal([1, 2, 3], header.Payload.ToArray());
    }

    [Fact]
    public void EveryTruncatedPrefix_IsNoPacketOrAShorterOne_AndNeverThrows()
    {
        for (int length = 0; length < Full.Length; length++)
        {
            ParseOutcome outcome = RtpHeader.TryRead(Full.AsSpan(0, length), isTruncated: false, out RtpHeader header, out RtpRejection reason);
            if (outcome == ParseOutcome.Message)
            {
                Assert.True(length >= 32);
                Assert.Equal(32, header.HeaderBytes);
            }
            else
            {
                Assert.NotEqual(RtpRejection.None, reason);
                Assert.Equal(length < 32 ? ParseOutcome.NeedMore : ParseOutcome.Malformed, outcome);
            }
        }
    }

    [Theory]
    [InlineData("extension eats the payload, padding is too long for the rest", 22, 0, 23, 3, RtpRejection.Padding)]
    [InlineData("extension past the end", 22, 0xFF, 23, 0xFF, RtpRejection.Extension)]
    [InlineData("padding larger than the payload", 39, 9, 39, 9, RtpRejection.Padding)]
    [InlineData("padding of zero", 39, 0, 39, 0, RtpRejection.Padding)]
    [InlineData("padding is all there is", 39, 8, 39, 8, RtpRejection.None)]
    [InlineData("version 1", 0, 0x72, 0, 0x72, RtpRejection.Version)]
    [InlineData("RTCP sender report", 1, 200, 1, 200, RtpRejection.Rtcp)]
    [InlineData("payload type 95 with marker", 1, 223, 1, 223, RtpRejection.Rtcp)]
    [InlineData("payload type 96 with marker", 1, 224, 1, 224, RtpRejection.None)]
    public void ChangedByte_Read_IsJudged(string name, int at, int value, int at2, int value2, RtpRejection expected)
    {
        byte[] bytes = (byte[])Full.Clone();
        bytes[at] = (byte)value;
        bytes[at2] = (byte)value2;
        RtpHeader.TryRead(bytes, isTruncated: false, out _, out RtpRejection reason);
        Assert.True(expected == reason, $"{name}: {reason}");
    }

    [Fact]
    public void PaddingBit_WhenCaptureCutTheEnd_IsNotRead()
    {
        byte[] cut = Full[..34];
        Assert.Equal(ParseOutcome.Message, RtpHeader.TryRead(cut, isTruncated: true, out RtpHeader header, out _));
        Assert.Equal(0, header.PaddingBytes);
        Assert.Equal(2, header.Payload.Length);
    }

    [Fact]
    public void Csrc_BeyondCount_Throws()
    {
        bool thrown = false;
        RtpHeader.TryRead(Full, out RtpHeader header);
        try
        {
            header.Csrc(2);
        }
        catch (ArgumentOutOfRangeException)
        {
            thrown = true;
        }

        Assert.True(thrown);
    }

    public static TheoryData<string, byte[], MediaPacketKind> Kinds => new()
    {
        { "rtp", [0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1], MediaPacketKind.Rtp },
        { "rtp marker 127", [0x80, 0xFF, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1], MediaPacketKind.Rtp },
        { "rtp too short", [0x80, 0, 0, 1], MediaPacketKind.Unknown },
        { "rtcp sr", [0x80, 200, 0, 1, 0, 0, 0, 1], MediaPacketKind.Rtcp },
        { "rtcp first type 192", [0x80, 192, 0, 1, 0, 0, 0, 1], MediaPacketKind.Rtcp },
        { "rtcp last type 223", [0x80, 223, 0, 1, 0, 0, 0, 1], MediaPacketKind.Rtcp },
        { "rtp type 63 with marker", [0x80, 191, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1], MediaPacketKind.Rtp },
        { "stun binding", Stun(0x0001, 0, 0x2112A442), MediaPacketKind.Stun },
        { "stun without cookie", Stun(0x0001, 0, 0), MediaPacketKind.Stun },
        { "zeros", new byte[19], MediaPacketKind.Unknown },
        { "zrtp hello", [0x10, 0, 0, 1, 0x5A, 0x52, 0x54, 0x50, 0, 0, 0, 1], MediaPacketKind.Zrtp },
        { "zrtp without cookie", [0x10, 0, 0, 1, 0, 0, 0, 0], MediaPacketKind.Unknown },
        { "dtls 1.2 handshake", [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0], MediaPacketKind.Dtls },
        { "tls over udp", [22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0], MediaPacketKind.Unknown },
        { "turn channel", [0x40, 0, 0, 4, 1, 2, 3, 4], MediaPacketKind.TurnChannel },
        { "keep-alive", [0, 0], MediaPacketKind.Unknown },
        { "nothing", [], MediaPacketKind.Unknown },
        { "text", "INVITE sip"u8.ToArray(), MediaPacketKind.TurnChannel }, // 'I' is 0x49: SIP must be looked for first
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Datagram_Classified_IsOfItsKind(string name, byte[] bytes, MediaPacketKind expected)
    {
        MediaPacketKind kind = MediaClassifier.Classify(bytes);
        Assert.True(expected == kind, $"{name}: {kind}");
    }

    [Theory]
    [InlineData(0, 160, true)]
    [InlineData(0, 0, false)]
    [InlineData(18, 20, true)]
    [InlineData(18, 22, true)]
    [InlineData(18, 21, false)]
    [InlineData(3, 33, true)]
    [InlineData(3, 34, false)]
    [InlineData(4, 24, true)]
    [InlineData(13, 1, true)]
    [InlineData(13, 100, false)]
    [InlineData(50, 160, false)]
    [InlineData(96, 5, true)]
    public void Shape_OfOnePacket_IsJudgedByPayloadType(int payloadType, int payloadBytes, bool expected) =>
        Assert.Equal(expected, RtpHeuristics.LooksLikeRtp(Rtp((byte)payloadType, 1, 160, 7, payloadBytes)));

    [Fact]
    public void Probe_ThreeInSequence_IsProven()
    {
        var probe = default(RtpProbe);
        Assert.False(probe.Add(Rtp(0, 65535, 160, 7, 160)));
        Assert.False(probe.Add(Rtp(0, 65535, 160, 7, 160))); // a copy is no evidence
        Assert.False(probe.Add(Rtp(0, 0, 320, 7, 160)));
        Assert.True(probe.Add(Rtp(0, 1, 480, 7, 160)));
        Assert.True(probe.IsProven);
        Assert.Equal(7u, probe.Ssrc);
    }

    [Fact]
    public void Probe_ChangingSource_IsNeverProven()
    {
        var probe = default(RtpProbe);
        for (int i = 0; i < 100; i++) Assert.False(probe.Add(Rtp(0, (ushort)i, 160, (uint)i + 1, 160)));
    }

    private static byte[] Rtp(byte payloadType, ushort sequence, uint timestamp, uint ssrc, int payloadBytes)
    {
        byte[] bytes = new byte[12 + payloadBytes];
        bytes[0] = 0x80;
        bytes[1] = payloadType;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8), ssrc);
        return bytes;
    }

    private static byte[] Stun(ushort type, ushort length, uint cookie)
    {
        byte[] bytes = new byte[20];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, type);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), length);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), cookie);
        return bytes;
    }
}

using System.Buffers.Binary;
using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Sctp;
using CdrEngine.Protocols.Tests.Tcp;
using Xunit;

namespace CdrEngine.Protocols.Tests.Sctp;

public sealed class SctpReassemblerTests
{
    private const int B = 2;
    private const int E = 1;
    private const int U = 4;

    private static readonly string Invite = SipText.Invite(1, SipText.Sdp);
    private static readonly string Ok = SipText.Response(200, 1, SipText.Sdp);

    [Theory]
    [InlineData(B | E)]
    [InlineData(B | E | U)]
    public void Message_InOneChunk_IsHandedOver(int flags)
    {
        Rig rig = new Rig().Add(Data(10, flags, Invite));
        Assert.Equal([new SeenMessage(Invite, Transport.Sctp, TcpRig.Alice, TcpRig.Bob, 1, "1")], rig.Messages);
    }

    [Fact]
    public void Messages_BundledInOnePacket_AreAllHandedOver()
    {
        Rig rig = new Rig().Add([.. Chunk(3, 0, new byte[12]), .. Data(10, B | E, Invite), .. Data(11, B | E, Ok)]);
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.All(rig.Messages, static m => Assert.Equal("1", m.Frames));
    }

    [Fact]
    public void Fragments_InOrder_AreJoined()
    {
        Rig rig = new Rig().Add(Data(10, B, Invite[..99])).Add(Data(11, 0, Invite[99..200])).Add(Data(12, E, Invite[200..]));
        Assert.Equal([new SeenMessage(Invite, Transport.Sctp, TcpRig.Alice, TcpRig.Bob, 3, "1 2 3")], rig.Messages);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    [Fact]
    public void Fragments_OutOfOrderAcrossTheWrap_AreJoinedAndFramesAreInCaptureOrder()
    {
        Rig rig = new Rig().Add(Data(0, E, Invite[200..])).Add(Data(uint.MaxValue - 1, B, Invite[..99]))
            .Add(Data(uint.MaxValue, 0, Invite[99..200]));
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal("1 2 3", rig.Messages[0].Frames);
    }

    [Fact]
    public void Fragments_InOnePacket_GiveItsFrameOnce()
    {
        Rig rig = new Rig().Add([.. Data(10, B, Invite[..99]), .. Data(11, E, Invite[99..]), .. Data(12, B | E, Ok)]);
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.Equal(["1", "1"], rig.Messages.Select(static m => m.Frames));
    }

    [Fact]
    public void Fragments_OfTwoMessagesSideBySide_AreKeptApart()
    {
        Rig rig = new Rig().Add(Data(10, B, Invite[..99])).Add(Data(12, B, Ok[..50])).Add(Data(13, E, Ok[50..])).Add(Data(11, E, Invite[99..]));
        Assert.Equal([Ok, Invite], rig.Texts);
    }

    [Fact]
    public void Chunk_SeenBefore_IsDropped()
    {
        Rig rig = new Rig().Add(Data(10, B | E, Invite)).Add(Data(11, B | E, Ok)).Add(Data(10, B | E, Invite)).Add(Data(11, B | E, Ok));
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.Equal(2, rig[SctpCounter.Duplicates]);
    }

    [Fact]
    public void Chunk_ThatIsLate_IsNotTakenForADuplicate()
    {
        Rig rig = new Rig().Add(Data(10, B | E, Invite)).Add(Data(900, B | E, Ok)).Add(Data(20, B | E, Invite)).Add(Data(20, B | E, Invite));
        Assert.Equal([Invite, Ok, Invite], rig.Texts);
    }

    [Fact]
    public void Init_WithANewSequence_StartsAnew()
    {
        byte[] init = new byte[16];
        BinaryPrimitives.WriteUInt32BigEndian(init.AsSpan(12), 5_000_000);
        Rig rig = new Rig().Add(Data(10, B | E, Invite)).Add(Data(11, B, Invite[..99])).Add(Chunk(1, 0, init)).Add(Data(5_000_000, B | E, Ok));
        Assert.Equal([Invite, Ok], rig.Texts);
        Assert.Equal(1, rig[SctpCounter.Restarts]);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
    }

    [Fact]
    public void Chunk_FarAway_StartsAnewToo()
    {
        Rig rig = new Rig().Add(Data(10, B | E, Invite)).Add(Data(3_000_000_000, B | E, Ok)).Add(Data(2_900_000_000, B | E, Ok));
        Assert.Equal([Invite, Ok, Ok], rig.Texts);
        Assert.Equal(2, rig[SctpCounter.Restarts]);
    }

    [Fact]
    public void OtherProtocols_AreCountedAndTheirFragmentsNotKept()
    {
        Rig rig = new Rig();
        for (uint i = 0; i < 20; i++) rig.Add(Data(i, B | E, "\u0001\u0000\u0008diameter"));
        rig.Add(Data(30, B, "\u0001\u0000 begin")).Add(Data(31, 0, "middle")).Add(Data(32, E, "end"));
        Assert.Empty(rig.Messages);
        Assert.Equal(21, rig[SctpCounter.NotSip]);
        Assert.Equal(2, rig[SctpCounter.FragmentsNotKept]);
        Assert.Equal(0, rig.Reassembler.HeldBytes);
        rig.Add(Data(33, B | E, Invite));
        Assert.Equal([Invite], rig.Texts);
    }

    [Fact]
    public void InterleavedData_Whole_IsReadAndFragmentsAreCounted()
    {
        Rig rig = new Rig().Add(Data(10, B | E, Invite, type: 64)).Add(Data(11, B, Invite[..99], type: 64));
        Assert.Equal([Invite], rig.Texts);
        Assert.Equal(1, rig[SctpCounter.InterleavedFragments]);
    }

    [Fact]
    public void Fragments_WaitingTooLong_AreDropped()
    {
        Rig rig = new Rig().Add(Data(10, B, Invite[..99]));
        rig.Reassembler.Advance(new Timestamp(5_000_999));
        Assert.True(rig.Reassembler.HeldBytes > 0);
        rig.Reassembler.Advance(new Timestamp(5_001_000));
        Assert.Equal(0, rig.Reassembler.HeldBytes);
        Assert.Equal(1, rig[SctpCounter.FragmentsExpired]);
    }

    [Fact]
    public void Fragments_OverALimit_AreDropped()
    {
        foreach (SctpLimits limits in new[] { new SctpLimits { Fragments = 3 }, new SctpLimits { DirectionBytes = 600 }, new SctpLimits { TotalBytes = 600 } })
        {
            Rig rig = new Rig(limits).Add(Data(10, B, new string('A', 100)));
            for (uint i = 11; i < 20; i++) rig.Add(Data(i, 0, new string('x', 100)));
            Assert.True(rig[SctpCounter.FragmentsOverLimit] > 0);
            Assert.InRange(rig.Reassembler.HeldBytes, 0, 1000);
        }
    }

    [Fact]
    public void Message_LongerThanTheLimit_IsLeftOut()
    {
        Rig rig = new Rig(new SctpLimits { MessageBytes = 100 }).Add(Data(10, B | E, Invite));
        Assert.Empty(rig.Messages);
        Assert.Equal(1, rig[SctpCounter.MessageTooLarge]);
    }

    [Fact]
    public void Directions_OverTheirLimit_TheLeastRecentlyActiveGoes()
    {
        Rig rig = new Rig(new SctpLimits { Directions = 2 });
        for (ushort port = 1; port <= 3; port++) rig.Add(Data(port, B | E, Invite), port: port);
        Assert.Equal(2, rig.Reassembler.DirectionCount);
        Assert.Equal(1, rig[SctpCounter.Evicted]);
        rig.Reassembler.Advance(new Timestamp(700_000_000));
        Assert.Equal(0, rig.Reassembler.DirectionCount);
        Assert.Equal(2, rig[SctpCounter.Idle]);
    }

    [Fact]
    public void EveryPrefix_OfAPacket_IsJudgedWithoutHarm()
    {
        byte[] packet = [.. Data(10, B | E, Invite), .. Data(11, B, Ok[..10]), .. Chunk(7, 0, [1, 2])];
        for (int length = 0; length <= packet.Length; length++)
        {
            Rig rig = new Rig().Add(packet[..length]);
            Assert.True(rig.Messages.Count <= 1);
            Assert.Equal(length >= 16 + Invite.Length ? 1 : 0, rig.Messages.Count);
        }
    }

    [Fact]
    public void Chunk_ShorterThanItsHeader_IsMalformed()
    {
        Rig rig = new Rig().Add([0, 3, 0, 8, 0, 0, 0, 1]).Add([9, 0, 0, 3]);
        Assert.Equal(2, rig[SctpCounter.Malformed]);
    }

    private static byte[] Data(uint tsn, int flags, string text, ushort stream = 0, byte type = 0)
    {
        byte[] header = new byte[type == 0 ? 12 : 16];
        BinaryPrimitives.WriteUInt32BigEndian(header, tsn);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), stream);
        return Chunk(type, (byte)flags, [.. header, .. Encoding.Latin1.GetBytes(text)]);
    }

    private static byte[] Chunk(byte type, byte flags, byte[] value)
    {
        int length = 4 + value.Length;
        byte[] bytes = new byte[(length + 3) & ~3];
        bytes[0] = type;
        bytes[1] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)length);
        value.CopyTo(bytes, 4);
        return bytes;
    }

    private sealed class Rig(SctpLimits? limits = null)
    {
        private readonly MessageList _list = new();
        private int _number;

        public SctpReassembler Reassembler { get; } = new(limits ?? SctpLimits.Default);

        public List<SeenMessage> Messages => _list.Messages;

        public string[] Texts => [.. _list.Texts];

        public long this[SctpCounter counter] => Reassembler.Counters[counter];

        public Rig Add(byte[] chunks, ushort port = 40000)
        {
            byte[] bytes = new byte[8 + chunks.Length];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, ++_number);
            chunks.CopyTo(bytes, 8);
            var frame = new CapturedPacket
            {
                CapturedAt = new Timestamp(_number * 1000L),
                LinkType = LinkType.Ethernet,
                OriginalLength = bytes.Length,
                Bytes = bytes,
            };
            var packet = new DecodedPacket
            {
                Protocol = IpProtocol.Sctp,
                Source = new Endpoint(TcpRig.Alice.Address, port),
                Destination = TcpRig.Bob,
                Payload = bytes.AsSpan(8),
            };
            Reassembler.Add(packet, frame, _list);
            return this;
        }
    }
}

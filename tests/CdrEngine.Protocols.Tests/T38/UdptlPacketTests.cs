using CdrEngine.Core;
using CdrEngine.Protocols.T38;
using Xunit;

namespace CdrEngine.Protocols.Tests.T38;

public sealed class UdptlPacketTests
{
    [Fact]
    public void Repetition_IsReadLatestFirst()
    {
        byte[] datagram = FaxBytes.Udptl(0x1234, [1, 2, 3], [4], [], [5, 6]);
        Assert.Equal(ParseOutcome.Message, UdptlPacket.TryRead(datagram, out UdptlPacket packet, out UdptlRejection reason));
        Assert.Equal(UdptlRejection.None, reason);
        Assert.Equal((0x1234, false, 3, 0), ((int)packet.SequenceNumber, packet.IsParity, packet.RecoveryCount, packet.TrailingBytes));
        Assert.Equal([1, 2, 3], packet.Primary.ToArray());
        var earlier = new List<byte[]>();
        foreach (ReadOnlySpan<byte> message in packet.Recovery) earlier.Add(message.ToArray());
        Assert.Equal([[4], [], [5, 6]], earlier);
    }

    [Fact]
    public void Parity_IsReadWithItsSpan()
    {
        Assert.Equal(ParseOutcome.Message, UdptlPacket.TryRead(FaxBytes.Parity(7, [9], 3, [1, 2], [3]), out UdptlPacket packet, out _));
        Assert.Equal((true, 3, 2), (packet.IsParity, packet.Span, packet.RecoveryCount));
    }

    [Theory]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(700)]
    [InlineData(16_383)]
    public void Primary_OfAnyLength_IsReadWhole(int length)
    {
        byte[] primary = [.. Enumerable.Range(0, length).Select(static i => (byte)i)];
        Assert.Equal(ParseOutcome.Message, UdptlPacket.TryRead(FaxBytes.Udptl(1, primary, primary), out UdptlPacket packet, out _));
        Assert.Equal(primary, packet.Primary.ToArray());
    }

    [Fact]
    public void Prefix_OfAPacket_NeedsMore()
    {
        foreach (byte[] datagram in (byte[][])[FaxBytes.Udptl(1, new byte[200], [1, 2], [3]), FaxBytes.Parity(1, [7], 2, [1, 2], [3])])
        {
            for (int length = 0; length < datagram.Length; length++)
                Assert.Equal(ParseOutcome.NeedMore, UdptlPacket.TryRead(datagram.AsSpan(0, length), out _, out _));
        }
    }

    [Fact]
    public void Bytes_Behind_AreTold()
    {
        Assert.Equal(ParseOutcome.Message, UdptlPacket.TryRead([.. FaxBytes.Udptl(1, [6]), 1, 2], out UdptlPacket packet, out _));
        Assert.Equal(2, packet.TrailingBytes);
    }

    [Theory]
    [InlineData("0001C00000", UdptlRejection.Length)]
    [InlineData("0001010601", UdptlRejection.Recovery)]
    [InlineData("000101068002000100", UdptlRejection.Span)]
    [InlineData("0001010680010000", UdptlRejection.Span)]
    [InlineData("00010106800151", UdptlRejection.Span)]
    [InlineData("00010106000100", UdptlRejection.None)]
    public void Malformed_HasItsReason(string hex, UdptlRejection expected)
    {
        ParseOutcome outcome = UdptlPacket.TryRead(Convert.FromHexString(hex), out _, out UdptlRejection reason);
        Assert.Equal((expected == UdptlRejection.None ? ParseOutcome.Message : ParseOutcome.Malformed, expected), (outcome, reason));
    }
}

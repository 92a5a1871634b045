using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Hep;
using CdrEngine.Protocols.Link;
using CdrEngine.TestKit;
using Xunit;
using static CdrEngine.TestKit.HepBuilder;

namespace CdrEngine.Protocols.Tests.Hep;

public sealed class HepParserTests
{
    private const string Options = "OPTIONS sip:b SIP/2.0\r\n\r\n";

    [Theory]
    [InlineData("192.0.2.1:5060", "192.0.2.2:5070")]
    [InlineData("[2001:db8::1]:5060", "[2001:db8::2]:5070")]
    public void Version3_GivesAddressesTimeAndPayload(string source, string destination)
    {
        byte[] bytes = HepBuilder.Sip(source, destination, Options, 1_795_000_000, 123_456, captureId: 2001, key: "secret");
        Assert.Equal(ParseOutcome.Message, HepParser.TryRead([.. bytes, 1, 2], out HepMessage message, out int consumed, out _));
        Assert.Equal(bytes.Length, consumed);
        Assert.Equal((source, destination), (message.Source.ToString(), message.Destination.ToString()));
        Assert.Equal(Timestamp.FromUnix(1_795_000_000, 123_456), message.At);
        Assert.Equal((3, 17, HepPayloadType.Sip, 2001u), (message.Version, message.Protocol, message.PayloadType, message.CaptureId));
        Assert.Equal("secret", Encoding.UTF8.GetString(message.AuthKey));
        Assert.Equal(Options, Encoding.UTF8.GetString(message.Payload));
    }

    [Fact]
    public void Version3_CutAnywhere_NeedsMore()
    {
        byte[] bytes = HepBuilder.Sip("192.0.2.1:5060", "192.0.2.2:5060", Options);
        for (int length = 0; length < bytes.Length; length++)
            Assert.Equal(ParseOutcome.NeedMore, HepParser.TryRead(bytes.AsSpan(0, length), out _, out _, out _));
    }

    public static TheoryData<byte[], HepRejection> Malformed => new()
    {
        { "GET / HTTP"u8.ToArray(), HepRejection.UnknownVersion },
        { [.. "HEP3"u8, 0, 5], HepRejection.BadLength },
        { Message([0, 0, 0]), HepRejection.BadChunk },
        { Message([0, 0, 0, 7, 0, 5]), HepRejection.BadChunk },
        { Message([0, 0, 0, 7, 0, 60]), HepRejection.BadChunk },
        { Message(Chunk(3, [1, 2, 3])), HepRejection.BadChunk },
        { Message(Chunk(3, [1, 2, 3, 4]), Chunk(4, [1, 2, 3, 4])), HepRejection.NoPayload },
        { Message(Chunk(3, [1, 2, 3, 4]), Chunk(15, [1])), HepRejection.NoAddresses },
        { Message(Chunk(3, [1, 2, 3, 4]), Chunk(6, new byte[16]), Chunk(15, [1])), HepRejection.NoAddresses },
        { Message(Chunk(3, [1, 2, 3, 4]), Chunk(4, [1, 2, 3, 4]), Chunk(16, [1])), HepRejection.Compressed },
        { [2, 99, 2, 17, 0, 1, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2], HepRejection.BadLength },
        { [2, 28, 3, 17, 0, 1, 0, 1], HepRejection.UnknownVersion },
        { [1, 16, 2, 17, 0, 1, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2], HepRejection.NoPayload },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Malformed_HasItsReason(byte[] bytes, HepRejection expected)
    {
        Assert.Equal(ParseOutcome.Malformed, HepParser.TryRead(bytes, out _, out _, out HepRejection reason));
        Assert.Equal(expected, reason);
    }

    [Fact]
    public void ChunksOfOthers_ArePassedOver()
    {
        byte[] bytes = Message(
            Chunk(3, [1], vendor: 9), Chunk(99, [1, 2]), Chunk(3, [1, 2, 3, 4]), Chunk(4, [5, 6, 7, 8]), Chunk(7, U16(1)), Chunk(8, U16(2)), Chunk(15, [65]));
        Assert.Equal(ParseOutcome.Message, HepParser.TryRead(bytes, out HepMessage message, out _, out _));
        Assert.Equal(("1.2.3.4:1", "5.6.7.8:2"), (message.Source.ToString(), message.Destination.ToString()));
        Assert.Null(message.At);
    }

    [Theory]
    [InlineData("192.0.2.1:5060", "192.0.2.2:5070", "call@h")]
    [InlineData("[2001:db8::1]:5060", "[2001:db8::2]:5070", "")]
    public void LogLine_WrittenAgain_IsTheSameWithoutItsKey(string source, string destination, string callId)
    {
        byte[] sent = HepBuilder.Log(source, destination, "a line\n", callId, 1_795_000_000, 42, captureId: 9, key: "secret");
        Assert.True(HepParser.TryReadLog(sent, out HepMessage line));
        byte[] room = new byte[400];
        int length = HepLogWriter.Write(line, line.At!.Value, room);
        Assert.True(HepParser.TryReadLog(room.AsSpan(0, length), out HepMessage again));
        Assert.Equal((source, destination, 9u), (again.Source.ToString(), again.Destination.ToString(), again.CaptureId));
        Assert.Equal((Timestamp.FromUnix(1_795_000_000, 42), callId, "a line\n"), (again.At!.Value, Encoding.UTF8.GetString(again.CorrelationId), Encoding.UTF8.GetString(again.Payload)));
        Assert.True(again.AuthKey.IsEmpty);
        Assert.Equal(-1, room.AsSpan().IndexOf("secret"u8));
        Assert.Equal(0, HepLogWriter.Write(line, default, room.AsSpan(0, length - 1)));
        Assert.False(HepParser.TryReadLog(sent.AsSpan(0, sent.Length - 1), out _));
        Assert.False(HepParser.TryReadLog(HepBuilder.Sip(source, destination, Options), out _));
    }

    [Theory]
    [InlineData(true, 28)]
    [InlineData(true, 16)]
    [InlineData(false, 28)]
    public void Version2_InEitherByteOrderAndLengthStyle_IsRead(bool little, byte headerLength)
    {
        byte[] seconds = U32(1_795_000_000), microseconds = U32(42), id = U16(7);
        if (little)
        {
            Array.Reverse(seconds);
            Array.Reverse(microseconds);
            Array.Reverse(id);
        }

        byte[] bytes = [2, headerLength, 2, 17, .. U16(5060), .. U16(5070), 192, 0, 2, 1, 192, 0, 2, 2, .. seconds, .. microseconds, .. id, 0, 0, .. Encoding.ASCII.GetBytes(Options)];
        Assert.Equal(ParseOutcome.Message, HepParser.TryRead(bytes, out HepMessage message, out int consumed, out _));
        Assert.Equal(bytes.Length, consumed);
        Assert.Equal((Timestamp.FromUnix(1_795_000_000, 42), 7u), (message.At, message.CaptureId));
        Assert.Equal(("192.0.2.1:5060", Options), (message.Source.ToString(), Encoding.ASCII.GetString(message.Payload)));
    }

    [Fact]
    public void RandomBytes_NeverThrow()
    {
        var random = new Random(5);
        byte[] good = HepBuilder.Sip("192.0.2.1:5060", "192.0.2.2:5060", Options);
        int messages = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = [.. good];
            for (int change = 0; change < 3; change++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            ParseOutcome outcome = HepParser.TryRead(bytes.AsSpan(0, random.Next(bytes.Length + 1)), out HepMessage message, out int consumed, out _);
            Assert.InRange(consumed, 0, bytes.Length);
            if (outcome == ParseOutcome.Message) messages += message.Payload.IsEmpty ? 0 : 1;
        }

        Assert.InRange(messages, 1, 20_000);
    }

    [Theory]
    [InlineData("192.0.2.1:5060", "192.0.2.2:5070", 17)]
    [InlineData("[2001:db8::1]:5060", "[2001:db8::2]:5070", 17)]
    [InlineData("192.0.2.1:5060", "192.0.2.2:5070", 6)]
    [InlineData("[2001:db8::1]:5060", "[2001:db8::2]:5070", 6)]
    public void Frame_DecodesToWhatTheAgentSaw(string source, string destination, byte protocol)
    {
        byte[] bytes = HepBuilder.Sip(source, destination, Options, protocol: protocol);
        HepParser.TryRead(bytes, out HepMessage message, out _, out _);
        byte[] frame = new byte[HepFrameWriter.MaxFrameBytes];
        int length = new HepFrameWriter().Write(message, frame);
        CapturedPacket packet = PacketBuilder.Captured(frame[..length], new Timestamp(1));
        DecodeOutcome outcome = new PacketDecoder(new DecoderLimits()).Decode(packet, out DecodedPacket decoded);
        Assert.Equal(protocol == 6 ? DecodeOutcome.Tcp : DecodeOutcome.Udp, outcome);
        Assert.Equal((source, destination, Options), (decoded.Source.ToString(), decoded.Destination.ToString(), Encoding.ASCII.GetString(decoded.Payload)));

        // As the oracle builds the same packet, checksums included.
        if (protocol == 17 && source[0] == '[') Assert.Equal(PacketBuilder.UdpFrame(source, destination, Options).Build()[54..], frame[54..length]);
    }

    [Fact]
    public void Payload_LongerThanADatagram_IsRefused()
    {
        HepParser.TryRead(Message(Chunk(3, [1, 2, 3, 4]), Chunk(4, [1, 2, 3, 4]), Chunk(15, new byte[65_480])), out HepMessage message, out _, out _);
        Assert.Equal(65_480, message.Payload.Length);
        Assert.Equal(14 + 28 + 65_480, new HepFrameWriter().Write(message, new byte[HepFrameWriter.MaxFrameBytes]));
        var tcp = new HepMessage { Protocol = 6, Source = message.Source, Destination = message.Destination, Payload = new byte[65_500] };
        Assert.Equal(0, new HepFrameWriter().Write(tcp, new byte[HepFrameWriter.MaxFrameBytes]));
    }
}

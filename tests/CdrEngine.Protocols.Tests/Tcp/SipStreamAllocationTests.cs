using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Tcp;
using Xunit;

namespace CdrEngine.Protocols.Tests.Tcp;

public sealed class SipStreamAllocationTests
{
    public static TheoryData<string, string, int, int> Streams => new()
    {
        { "one message a segment", SipText.Invite(1, SipText.Sdp), int.MaxValue, 500 },
        { "messages cut anywhere", SipText.Invite(1, SipText.Sdp) + SipText.Response(), 133, 500 },
        { "ignored", "\u0016\u0003\u0001\u0001\u0000" + new string('\u0001', 500), int.MaxValue, 0 },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public void Segments_InSteadyState_AllocateNothing(string name, string text, int size, int leastMessages)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        var sink = new CountingSink();
        var reassembler = new SipStreamReassembler(TcpLimits.Default);
        uint sequence = 1000;
        Feed(reassembler, sink, [], 999, TcpFlags.Syn);
        Rounds(200);
        int before = sink.Messages;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Rounds(500);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.True(allocated == 0, $"{name}: {allocated} bytes");
        Assert.True(sink.Messages - before >= leastMessages);

        void Rounds(int count)
        {
            for (int round = 0; round < count; round++)
            {
                for (int at = 0; at < bytes.Length;)
                {
                    int length = Math.Min(size, bytes.Length - at);
                    Feed(reassembler, sink, bytes.AsSpan(at, length), sequence, TcpFlags.Acknowledge);
                    sequence += (uint)length;
                    at += length;
                }
            }
        }
    }

    private static void Feed(SipStreamReassembler reassembler, CountingSink sink, ReadOnlySpan<byte> payload, uint sequence, TcpFlags flags)
    {
        var frame = new CapturedPacket { CapturedAt = default, LinkType = LinkType.Ethernet, OriginalLength = payload.Length, Bytes = payload };
        var segment = new DecodedPacket
        {
            Protocol = IpProtocol.Tcp,
            Source = TcpRig.Alice,
            Destination = TcpRig.Bob,
            Payload = payload,
            TcpSequence = sequence,
            TcpFlags = flags,
        };
        reassembler.Add(segment, frame, sink);
    }

    private sealed class CountingSink : ISipMessageSink
    {
        public int Messages { get; private set; }

        public void OnMessage(in TransportedMessage message) => Messages++;
    }
}

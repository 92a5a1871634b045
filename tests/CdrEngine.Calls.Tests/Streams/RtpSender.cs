using System.Buffers.Binary;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Calls.Tests.Streams;

/// <summary>One packet as a test means it.</summary>
internal readonly record struct SentPacket(long AtMicroseconds, ushort Sequence, uint Timestamp)
{
    public uint Ssrc { get; init; } = 0xCAFE;

    public byte PayloadType { get; init; }

    public bool Marker { get; init; }

    public uint Identification { get; init; }

    public byte[] Payload { get; init; } = new byte[160];

    public byte Dscp { get; init; } = 46;

    public byte Ttl { get; init; } = 64;

    public byte[] Datagram()
    {
        byte[] bytes = new byte[12 + Payload.Length];
        bytes[0] = 0x80;
        bytes[1] = (byte)(PayloadType | (Marker ? 0x80 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8), Ssrc);
        Payload.CopyTo(bytes, 12);
        return bytes;
    }
}

/// <summary>A flow under test and the shortest way to feed it.</summary>
internal sealed class FlowUnderTest
{
    public static readonly Endpoint From = new(IpAddress.FromV4(0xC0000201), 4000);
    public static readonly Endpoint To = new(IpAddress.FromV4(0xC0000202), 5000);
    public const long Start = 1_700_000_000_000_000;

    private uint _identification;

    public FlowUnderTest(PayloadTypeMap? map = null, StreamLimits? limits = null)
    {
        Rtcp = new RtcpMeter(limits ?? new StreamLimits());
        Flow = new RtpFlow(From, To, map ?? PayloadTypeMap.Static, limits ?? new StreamLimits(), Counters, Rtcp) { From = PartySide.Caller };
    }

    public Counters<StreamCounter> Counters { get; } = new();

    public RtcpMeter Rtcp { get; }

    public RtpFlow Flow { get; }

    /// <summary>Adds a packet; without an identification of its own it gets the next one.</summary>
    public RtpOutcome Add(SentPacket packet) => Flow.Add(new RtpPacketView
    {
        At = new Timestamp(Start + packet.AtMicroseconds),
        Payload = packet.Datagram(),
        IpIdentification = packet.Identification != 0 ? packet.Identification : ++_identification,
        Checksum = (ushort)(packet.Sequence * 31),
        Dscp = packet.Dscp,
        Ttl = packet.Ttl,
    });

    public RtpOutcome AddBytes(long atMicroseconds, byte[] bytes) =>
        Flow.Add(new RtpPacketView { At = new Timestamp(Start + atMicroseconds), Payload = bytes });

    /// <summary>Adds packets 20 ms apart with these sequence numbers, timestamps to match the first one's distance.</summary>
    public StreamRecord AddSequence(params int[] sequences)
    {
        for (int i = 0; i < sequences.Length; i++)
        {
            Add(new SentPacket(i * 20_000L, (ushort)sequences[i], (uint)((sequences[i] - sequences[0]) * 160)));
        }

        return Record();
    }

    public StreamRecord Record() => Records().Single();

    public List<StreamRecord> Records()
    {
        var records = new List<StreamRecord>();
        Flow.ToRecords(records);
        return records;
    }
}

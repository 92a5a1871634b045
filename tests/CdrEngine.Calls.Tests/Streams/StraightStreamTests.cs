using System.Text.Json;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Calls.Tests.Streams;

/// <summary>Packets that go straight give what they would give by the long way, to the last bit.</summary>
public sealed class StraightStreamTests
{
    private const int Seeds = 400;

    private static readonly PayloadTypeMap Offered = PayloadTypeMap.Static
        .With(101, PayloadFormat.Of("telephone-event", 8000)).With(96, PayloadFormat.Of("OPUS", 48_000, 2)).With(97, PayloadFormat.Of("H264", 90_000, isVideo: true));

    private static readonly PayloadTypeMap Answered = Offered.With(96, PayloadFormat.Of("AMR", 8000)).With(98, PayloadFormat.Of("G726-32", 8000));

    [Fact]
    public void RandomTraffic_StraightAndLong_GiveTheSame()
    {
        long straight = 0, all = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var long1 = new Way(goesStraight: false);
            var straight1 = new Way(goesStraight: true);
            int count = random.Next(20, 1500);
            var source = new RandomSource(random);
            for (int i = 0; i < count; i++)
            {
                if (random.Next(300) == 0) Both(flow => flow.SetPayloadTypes(random.Next(2) == 0 ? Offered : Answered), long1, straight1);
                if (random.Next(700) == 0) Both(static flow => flow.Listeners = flow.Listeners is null ? static () => new Nobody() : null, long1, straight1);
                (StraightRtp packet, byte[] datagram) = source.Next();
                long1.Add(packet, datagram);
                straight1.Add(packet, datagram);
                if (random.Next(200) == 0) Assert.True(long1.Told() == straight1.Told(), $"seed {seed}, packet {i}");
            }

            Assert.True(long1.Told() == straight1.Told(), $"seed {seed}");
            straight += straight1.WentStraight;
            all += count;
        }

        // Most of it is not what goes straight, on purpose; but enough is.
        Assert.InRange(straight, all / 5, all);
    }

    [Fact]
    public void SimpleStream_GoesStraightButForItsFirstPacketAndNewIntervals()
    {
        var way = new Way(goesStraight: true);
        const int packets = 2_000;
        for (int i = 0; i < packets; i++) way.Add(PacketAt(i * 20_000L, (ushort)(65_000 + i), (uint)(i * 160), payloadType: 8), Datagram(160));
        Assert.Equal(packets - 1 - ((packets - 1) * 20 / 10_000), way.WentStraight);
    }

    private static void Both(Action<RtpFlow> change, Way one, Way other)
    {
        // The choice is the same for both: the change is made of one throw.
        change(one.Flow);
        other.Flow.SetPayloadTypes(one.Flow.PayloadTypes);
        other.Flow.Listeners = one.Flow.Listeners;
    }

    private static StraightRtp PacketAt(long at, ushort sequence, uint timestamp, byte payloadType, bool marker = false, uint ssrc = 1, int bytes = 172) => new()
    {
        At = new Timestamp(FlowUnderTest.Start + at),
        Ssrc = ssrc,
        Timestamp = timestamp,
        SequenceNumber = sequence,
        Bytes = (ushort)bytes,
        IpIdentification = sequence,
        Checksum = (ushort)(sequence * 31),
        MarkerAndType = (byte)(payloadType | (marker ? 0x80 : 0)),
        Dscp = 46,
        Ttl = 64,
    };

    private static byte[] Datagram(int payload)
    {
        byte[] datagram = new byte[RtpHeader.FixedBytes + payload];
        datagram[0] = 0x80;
        return datagram;
    }

    /// <summary>One flow and what was told of it.</summary>
    private sealed class Way(bool goesStraight)
    {
        private readonly Counters<StreamCounter> _counters = new();
        private readonly List<string> _notes = [];
        private Timestamp _news = Timestamp.MinValue;
        private RtpFlow? _flow;

        public RtpFlow Flow => _flow ??= new RtpFlow(FlowUnderTest.From, FlowUnderTest.To, Offered, new StreamLimits { StreamsPerFlow = 3, GapsPerStream = 3 }, _counters) { From = PartySide.Caller };

        public long WentStraight { get; private set; }

        public void Add(StraightRtp packet, byte[] datagram)
        {
            if (goesStraight && Flow.Latest is { } stream && stream.TryAddStraight(packet, datagram.AsSpan(0, Math.Min(datagram.Length, 48))))
            {
                _counters.Increment(StreamCounter.RtpPackets);
                WentStraight++;
                return;
            }

            if (Flow.TakeNews(out Timestamp news)) _news = Timestamp.Max(_news, news);
            byte[] whole = (byte[])datagram.Clone();
            whole[1] = packet.MarkerAndType;
            System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(whole.AsSpan(2), packet.SequenceNumber);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(whole.AsSpan(4), packet.Timestamp);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(whole.AsSpan(8), packet.Ssrc);
            int seen = goesStraight ? Math.Min(whole.Length, 48) : whole.Length;
            RtpOutcome outcome = Flow.Add(new RtpPacketView
            {
                At = packet.At,
                Payload = whole.AsSpan(0, seen),
                UnseenBytes = whole.Length - seen,
                IpIdentification = packet.IpIdentification,
                Checksum = packet.Checksum,
                Dscp = packet.Dscp,
                Ttl = packet.Ttl,
            });
            if (outcome == RtpOutcome.Counted) _news = Timestamp.Max(_news, packet.At);
            else _notes.Add($"{outcome} {packet.At.Microseconds}");
        }

        /// <summary>Everything that can be seen of the flow.</summary>
        public string Told()
        {
            if (Flow.TakeNews(out Timestamp news)) _news = Timestamp.Max(_news, news);
            var records = new List<StreamRecord>();
            Flow.ToRecords(records);
            string jitter = string.Join(' ', Flow.Streams.Select(static stream => $"{stream.JitterMilliseconds:R} {stream.MirrorDuplicates} {stream.Format}"));
            string counters = string.Join(' ', _counters.Describe().Select(static counter => counter.Value));
            return $"{JsonSerializer.Serialize(records)}\n{JsonSerializer.Serialize(Flow.Digits)}\n{jitter}\n{counters}\n{_news.Microseconds} {Flow.Packets} {Flow.Refused} {Flow.FirstAt} {Flow.LastAt}\n{string.Join(';', _notes)}";
        }
    }

    private sealed class Nobody : IDigitListener
    {
        public void Add(Timestamp at, ushort sequence, uint timestamp, PayloadFormat format, ReadOnlySpan<byte> payload)
        {
        }

        public void CopyTo(List<DtmfDigit> digits, PartySide from)
        {
        }
    }

    /// <summary>A sender at its worst: loses, repeats, turns round, falls silent, presses keys, changes SSRC, codec, clock and everything else.</summary>
    private sealed class RandomSource
    {
        private readonly Random _random;
        private readonly Queue<(StraightRtp, byte[])> _waiting = new();
        private long _at;
        private ushort _sequence;
        private uint _timestamp;
        private uint _ssrc = 1;
        private byte _payloadType;
        private byte _dscp = 46;
        private byte _ttl = 64;

        public RandomSource(Random random)
        {
            _random = random;
            _sequence = (ushort)random.Next(65_536);
            _timestamp = (uint)random.NextInt64(1L << 32);
        }

        public (StraightRtp Packet, byte[] Datagram) Next()
        {
            if (_waiting.TryDequeue(out (StraightRtp, byte[]) waiting)) return waiting;
            (StraightRtp Packet, byte[] Datagram) made = Make();
            switch (_random.Next(60))
            {
                case 0: // the mirror's copy, and one that the network made
                    _waiting.Enqueue(made);
                    break;
                case 1:
                    StraightRtp first = made.Packet;
                    StraightRtp again = first with { IpIdentification = (ushort)(first.IpIdentification + 1), At = first.At + TimeSpan.FromMicroseconds(_random.Next(-2_000, 80_000)) };
                    _waiting.Enqueue((again, made.Datagram));
                    break;
                case 2: // out of order
                    (StraightRtp, byte[]) next = Make();
                    _waiting.Enqueue(made);
                    return next;
            }

            return made;
        }

        private (StraightRtp, byte[]) Make()
        {
            int ticks = 160;
            _at += 20_000 + _random.Next(-500, _random.Next(20) == 0 ? 90_000 : 500);
            _sequence++;
            bool marker = false;
            switch (_random.Next(150))
            {
                case 0: // loss
                    _sequence += (ushort)_random.Next(1, 40);
                    break;
                case 1: // silence
                    int pause = _random.Next(1, 12_000_000);
                    _at += pause;
                    ticks += pause / 125;
                    marker = _random.Next(2) == 0;
                    break;
                case 2: // a clock set
                    _at += _random.NextInt64(-30_000_000, 8_000_000_000);
                    break;
                case 3:
                    _timestamp = (uint)_random.NextInt64(1L << 32);
                    break;
                case 4: // another source, or the source anew
                    _ssrc = (uint)_random.Next(1, 7);
                    break;
                case 5:
                    _sequence = (ushort)_random.Next(65_536);
                    break;
                case 6:
                    _payloadType = (byte)(_random.Next(7) switch { 0 => 8, 1 => 13, 2 => 96, 3 => 97, 4 => 98, 5 => 101, _ => 0 });
                    break;
                case 7:
                    _dscp = (byte)_random.Next(64);
                    _ttl = (byte)_random.Next(1, 256);
                    break;
            }

            _timestamp += (uint)ticks;
            byte type = _payloadType;
            int payload = type is 101 or 98 && _random.Next(2) == 0 ? 4 : _random.Next(30) == 0 ? _random.Next(0, 1400) : 160;
            if (_payloadType == 0 && _random.Next(90) == 0)
            {
                // A key: other packets of the same source between those of sound.
                type = 101;
                payload = 4;
                _timestamp -= (uint)ticks;
            }

            byte[] datagram = Datagram(payload);
            bool isLoud = _random.Next(3) > 0;
            for (int i = RtpHeader.FixedBytes; i < datagram.Length; i++) datagram[i] = isLoud ? (byte)_random.Next(256) : (byte)0xFF;
            if (payload == 4)
            {
                datagram[12] = (byte)_random.Next(17);
                datagram[13] = (byte)(_random.Next(4) == 0 ? 0x8A : 0x0A);
                datagram[14] = (byte)_random.Next(8);
            }

            StraightRtp packet = PacketAt(_at, _sequence, _timestamp, type, marker || _random.Next(100) == 0, _ssrc, datagram.Length);
            return (packet with { Dscp = _dscp, Ttl = _ttl }, datagram);
        }
    }
}

using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Load;

/// <summary>What was written.</summary>
/// <param name="Packets">Packets of the capture.</param>
/// <param name="SipMessages">SIP messages among them, retransmissions and hops counted.</param>
/// <param name="RtpPackets">RTP packets among them.</param>
/// <param name="Calls">Calls.</param>
/// <param name="Registrations">REGISTER transactions.</param>
public sealed record LoadSummary(long Packets, long SipMessages, long RtpPackets, int Calls, int Registrations);

/// <summary>Writes a time-ordered capture of calls that never were, and the exact records they must give.</summary>
public sealed class LoadGenerator
{
    private readonly LoadOptions _options;
    private readonly PriorityQueue<IEvent, (long At, long Order)> _queue = new();
    private readonly Action<ExpectedCall>? _expected;
    private readonly FrameWriter _writer;
    private readonly long _rtpInterval;
    private LoadRandom _random;
    private long _order;
    private long _sip;
    private long _rtp;
    private ushort _identification;

    private LoadGenerator(LoadOptions options, Stream pcap, Action<ExpectedCall>? expected)
    {
        _options = options;
        _rtpInterval = options.RtpInterval.Ticks / TimeSpan.TicksPerMicrosecond;
        _expected = expected;
        _writer = new FrameWriter(pcap);
        _random = new LoadRandom(options.Seed);
    }

    private interface IEvent
    {
        /// <summary>Does what is due; gives the next instant, or -1 when over.</summary>
        long Run(LoadGenerator load, long at);
    }

    /// <summary>Writes the capture to <paramref name="pcap"/> and tells each expected record, a call's when its last packet is written.</summary>
    public static LoadSummary Write(LoadOptions options, Stream pcap, Action<ExpectedCall>? expected = null)
    {
        var generator = new LoadGenerator(options, pcap, expected);
        return generator.Run();
    }

    /// <summary>Writes <c>PATH</c> and beside it <c>PATH.expected.jsonl</c>.</summary>
    public static LoadSummary WriteFiles(LoadOptions options, string path)
    {
        using FileStream pcap = File.Create(path);
        using StreamWriter expected = File.CreateText(path + ".expected.jsonl");
        return Write(options, pcap, call => expected.WriteLine(call.ToJson()));
    }

    private LoadSummary Run()
    {
        long start = _options.Start.Microseconds;
        Schedule(start, new CallSource());
        int registrations = (int)(_options.Calls * _options.RegistersPerCall);
        if (registrations > 0) Schedule(start + 1_234, new RegisterSource(registrations));
        while (_queue.TryDequeue(out IEvent? next, out (long At, long Order) due))
        {
            long again = next.Run(this, due.At);
            if (again >= 0) Schedule(again, next);
        }

        _writer.Dispose();
        return new LoadSummary(_writer.Packets, _sip, _rtp, _options.Calls, registrations);
    }

    private void Schedule(long at, IEvent what) => _queue.Enqueue(what, (at, _order++));

    private void Udp(long at, in Path path, ReadOnlySpan<byte> payload)
    {
        ushort identification = ++_identification;
        _writer.Udp(at, path, identification, payload);
        if (payload.Length < 1400 && _random.Chance(_options.MirrorShare)) Schedule(at + 40, new Datagram(path, identification, payload.ToArray()));
    }

    /// <summary>Begins one call after the other.</summary>
    private sealed class CallSource : IEvent
    {
        private int _next;

        public long Run(LoadGenerator load, long at)
        {
            var script = new CallScript(load._options, _next, at + 500, load._random.Next());
            load.Schedule(script.Messages[0].At, new Signalling(script));
            if (++_next >= load._options.Calls) return -1;
            return at + (long)(Timestamp.MicrosecondsPerSecond / load._options.CallsPerSecond * load._random.Between(0.5, 1.5));
        }
    }

    /// <summary>The messages of one call in turn.</summary>
    private sealed class Signalling(CallScript script) : IEvent
    {
        private readonly TcpLine?[] _lines = new TcpLine?[3];
        private int _next;
        private int _open = 1;

        public long Run(LoadGenerator load, long at)
        {
            ScriptedMessage message = script.Messages[_next];
            byte[] bytes = SipTexts.Render(script, message);
            Path path = script.PathOf(message);
            load._sip++;
            if (script.Transport == Transport.Tcp)
            {
                Line(message).Send(load, at, path, bytes);
            }
            else
            {
                load.Udp(at, path, bytes);
                if (!message.Once && message.Status != 100 && load._random.Chance(load._options.RetransmissionShare))
                {
                    load._sip++;
                    load.Schedule(at + 500_000, new Datagram(path, null, bytes));
                }
            }

            if (_next == 0)
            {
                for (int i = 0; i < script.Media.Count; i++)
                {
                    _open++;
                    load.Schedule(script.Media[i].From1, new MediaStream(script, script.Media[i], script.ExpectedStreams[i], this, load._random.Next()));
                }
            }

            if (++_next < script.Messages.Count) return script.Messages[_next].At;
            Done(load);
            return -1;
        }

        public void Done(LoadGenerator load)
        {
            if (--_open == 0) load._expected?.Invoke(script.Expected);
        }

        private TcpLine Line(in ScriptedMessage message) => _lines[message.Hop == 0 ? 0 : 1 + message.Branch] ??= new TcpLine(script.PathOf(message with { Status = 0, FromCallee = false }));
    }

    /// <summary>One TCP connection between two hops; the side nearer the caller opened it.</summary>
    private sealed class TcpLine(Path opened)
    {
        private uint _forward = 0xFFFF_FF00;
        private uint _back = 1_000_000;
        private bool _open;

        public void Send(LoadGenerator load, long at, in Path path, byte[] bytes)
        {
            FrameWriter writer = load._writer;
            if (!_open)
            {
                _open = true;
                writer.Tcp(at, opened, ++load._identification, _forward++, 0, 0x02, default);
                writer.Tcp(at, opened.Back, ++load._identification, _back++, _forward, 0x12, default);
                writer.Tcp(at, opened, ++load._identification, _forward, _back, 0x10, default);
            }

            bool forward = path.Source == opened.Source;
            ref uint sequence = ref forward ? ref _forward : ref _back;
            uint acknowledged = forward ? _back : _forward;
            int cut = bytes.Length > 300 && load._random.Chance(0.5) ? 1 + (int)(load._random.Next() % 250) : 0;
            if (cut > 0) writer.Tcp(at, path, ++load._identification, sequence, acknowledged, 0x18, bytes.AsSpan(0, cut));
            writer.Tcp(at, path, ++load._identification, sequence + (uint)cut, acknowledged, 0x18, bytes.AsSpan(cut));
            sequence += (uint)bytes.Length;
        }
    }

    /// <summary>A datagram sent later: a mirror copy (with the identification of the first, which may be 0) or a retransmission (null: a new one).</summary>
    private sealed class Datagram(Path path, ushort? identification, byte[] payload) : IEvent
    {
        public long Run(LoadGenerator load, long at)
        {
            load._writer.Udp(at, path, identification ?? ++load._identification, payload);
            return -1;
        }
    }

    /// <summary>One RTP stream.</summary>
    private sealed class MediaStream : IEvent
    {
        private readonly CallScript _script;
        private readonly ScriptedMedia _media;
        private readonly ExpectedStream _expected;
        private readonly Signalling _signalling;
        private readonly Path _path;
        private readonly byte[] _packet = new byte[172];
        private LoadRandom _random;
        private long _nominal;
        private ushort _sequence;
        private uint _timestamp;
        private bool _mustArrive = true;
        private bool _resumed;

        public MediaStream(CallScript script, ScriptedMedia media, ExpectedStream expected, Signalling signalling, ulong seed)
        {
            _script = script;
            _media = media;
            _expected = expected;
            _signalling = signalling;
            _random = new LoadRandom(seed);
            Endpoint callee = script.CalleeMedia(media.Branch);
            _path = media.From == Calls.Records.PartySide.Caller
                ? new Path(script.CallerMedia, callee, script.Vlan, 0xB8)
                : new Path(callee, script.CallerMedia, script.Vlan, 0xB8);
            _nominal = media.From1;
            _sequence = (ushort)_random.Next();
            _timestamp = (uint)_random.Next();
            _packet[0] = 0x80;
            _packet[1] = (byte)(script.PayloadType | 0x80);
            BinaryPrimitives.WriteUInt32BigEndian(_packet.AsSpan(8), media.Ssrc);
            for (int i = 12; i < _packet.Length; i++) _packet[i] = (byte)(0x55 ^ (i * 7));
        }

        public long Run(LoadGenerator load, long at)
        {
            BinaryPrimitives.WriteUInt16BigEndian(_packet.AsSpan(2), _sequence);
            BinaryPrimitives.WriteUInt32BigEndian(_packet.AsSpan(4), _timestamp);
            long next = Next(load._rtpInterval, out bool last);
            bool lost = !_mustArrive && !last && _random.Chance(load._options.LossShare);
            bool late = !lost && !_mustArrive && !last && next - _nominal == load._rtpInterval && next + load._rtpInterval < Until && _random.Chance(load._options.ReorderShare);
            if (lost)
            {
                _expected.Lost++;
            }
            else if (late)
            {
                _expected.Packets++;
                _expected.OutOfOrder++;
                load._rtp++;
                load.Schedule(next + 3_000, new LateRtp(_path, _packet.AsSpan().ToArray()));
            }
            else
            {
                Send(load, at);
            }

            // Nothing is lost, late or doubled around a packet that is: each of these figures then has one cause.
            _mustArrive = late;
            _packet[1] &= 0x7F;
            if (last)
            {
                _signalling.Done(load);
                return -1;
            }

            _sequence++;
            _timestamp += (uint)((next - _nominal) * 8 / 1000);
            _nominal = next;
            return next + (long)(_random.Unit() * 1_500);
        }

        private long Until => _resumed || _media.From2 <= 3_000 ? (_resumed ? _media.Until2 : _media.Until1) : _media.Until1;

        private void Send(LoadGenerator load, long at)
        {
            _expected.Packets++;
            load._rtp++;
            load.Udp(at, _path, _packet);

            // IPv6 has no identification that would tell a network's copy from a mirror's: both count as the mirror's.
            if (_mustArrive || _path.IsV6 || !_random.Chance(load._options.DuplicateShare)) return;
            _expected.Packets++;
            _expected.Duplicates++;
            load._rtp++;
            load.Schedule(at + 2_000, new Datagram(_path, null, _packet.AsSpan().ToArray()));
        }

        private long Next(long interval, out bool last)
        {
            long next = _nominal + interval;
            last = false;
            if (next + interval < Until) return next;
            if (!_resumed && _media.Until2 > 0)
            {
                _resumed = true;
                _mustArrive = true;
                return _media.From2;
            }

            last = true;
            return next;
        }
    }

    /// <summary>An RTP packet that was overtaken.</summary>
    private sealed class LateRtp(Path path, byte[] packet) : IEvent
    {
        public long Run(LoadGenerator load, long at)
        {
            load._writer.Udp(at, path, ++load._identification, packet);
            return -1;
        }
    }

    /// <summary>Phones that register, each challenged once.</summary>
    private sealed class RegisterSource(int count) : IEvent
    {
        private int _step;

        public long Run(LoadGenerator load, long at)
        {
            int index = _step / 4;
            var phone = new Endpoint(IpAddress.FromV4(0x0A09_0000u + (uint)(index % 60_000)), 5060);
            var registrar = new Endpoint(IpAddress.FromV4(0xC000_020A), 5060);
            var there = new Path(phone, registrar, 0, 0x60);
            int step = _step % 4;
            byte[] bytes = SipTexts.Register(index, phone, registrar, step switch { 1 => 401, 3 => 200, _ => 0 }, step < 2 ? 1 : 2);
            load._sip++;
            load.Udp(at, step % 2 == 0 ? there : there.Back, bytes);
            if (++_step >= count * 4) return -1;
            double pause = step < 3 ? 0.004 : load._options.Calls / load._options.CallsPerSecond / count;
            return at + (long)(pause * Timestamp.MicrosecondsPerSecond) + 1;
        }
    }
}

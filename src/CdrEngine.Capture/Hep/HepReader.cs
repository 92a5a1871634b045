using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Hep;

namespace CdrEngine.Capture.Hep;

/// <summary>Makes packets of HEP messages: key, time, headers, name of the agent. Holds no socket.</summary>
public sealed class HepReader
{
    private const byte Udp = 17;
    private readonly HepOptions _options;
    private readonly byte[] _key;
    private readonly string _name;
    private readonly Dictionary<uint, string> _agents = [];
    private readonly HepFrameWriter _frames = new();
    private readonly byte[] _frame = new byte[HepFrameWriter.MaxFrameBytes];
    private readonly byte[] _line = new byte[ushort.MaxValue];
    private int _length;
    private Timestamp _at;

    /// <summary>A reader whose packets come from <paramref name="name"/> where the agent does not say more.</summary>
    public HepReader(string name, HepOptions options)
    {
        _name = name;
        _options = options;
        _key = Encoding.UTF8.GetBytes(options.AuthKey);
        Origin = name;
    }

    /// <summary>What is counted.</summary>
    public Counters<HepCounter> Counters { get; } = new();

    /// <summary>Messages refused, by reason.</summary>
    public Counters<HepRejection> Rejections { get; } = new();

    /// <summary>Name of the agent of the last packet: the listener's, and its capture id where it has one.</summary>
    public string Origin { get; private set; }

    /// <summary>Whether the last message read is a packet for us.</summary>
    public bool HasPacket => _length > 0;

    /// <summary>The packet of the last message; its bytes stay valid until the next is read.</summary>
    public CapturedPacket Packet => new()
    {
        CapturedAt = _at,
        LinkType = LinkType.Ethernet,
        OriginalLength = _length,
        Bytes = _frame.AsSpan(0, _length),
    };

    /// <summary>Reads the message at the start of some bytes.</summary>
    /// <param name="bytes">A datagram, or what a stream has brought so far.</param>
    /// <param name="arrived">Our time.</param>
    /// <param name="consumed">Bytes of the message; 0 where that cannot be known.</param>
    public ParseOutcome Read(ReadOnlySpan<byte> bytes, Timestamp arrived, out int consumed)
    {
        _length = 0;
        ParseOutcome outcome = HepParser.TryRead(bytes, out HepMessage message, out consumed, out HepRejection reason);
        if (outcome == ParseOutcome.NeedMore) return outcome;
        Counters.Increment(HepCounter.Messages);
        if (outcome == ParseOutcome.Malformed) Rejections.Increment(reason);
        else if (_key.Length > 0 && !CryptographicOperations.FixedTimeEquals(message.AuthKey, _key)) Counters.Increment(HepCounter.WrongKey);
        else Accept(message, arrived);
        return outcome;
    }

    private void Accept(in HepMessage message, Timestamp arrived)
    {
        HepCounter kind = Classify(message);
        Span<byte> report = stackalloc byte[RtcpJson.MaxBytes];
        if (kind == HepCounter.RtcpJson && RtcpJson.Write(message.Payload, report) is var length and > 0)
        {
            // An agent that makes JSON of a report tells the addresses it went between.
            Counters.Increment(HepCounter.RtcpReports);
            _length = _frames.Write(
                new HepMessage { Version = message.Version, Protocol = Udp, PayloadType = HepPayloadType.Rtcp, Source = message.Source, Destination = message.Destination, Payload = report[..length] },
                _frame);
        }
        else
        {
            Counters.Increment(kind);
            if (kind is not (HepCounter.Sip or HepCounter.Media or HepCounter.Logs)) return;
            _length = kind == HepCounter.Logs ? WriteLine(message, arrived) : _frames.Write(message, _frame);
        }

        if (_length == 0)
        {
            Counters.Increment(HepCounter.TooLong);
            return;
        }

        Origin = AgentOf(message.CaptureId);
        _at = TimeOf(message.At, arrived);
    }

    // A line of a log has no packet of its own: it is kept as HEP, in a datagram between the addresses it tells.
    private int WriteLine(in HepMessage message, Timestamp arrived)
    {
        int length = HepLogWriter.Write(message, message.At ?? arrived, _line);
        return length == 0
            ? 0
            : _frames.Write(new HepMessage { Version = message.Version, Protocol = Udp, Source = message.Source, Destination = message.Destination, Payload = _line.AsSpan(0, length) }, _frame);
    }

    private static HepCounter Classify(in HepMessage message)
    {
        switch (message.PayloadType)
        {
            case HepPayloadType.Sip:
                return HepCounter.Sip;
            case HepPayloadType.Rtp:
            case HepPayloadType.Rtcp when (message.Payload[0] & 0xC0) == 0x80:
                return HepCounter.Media;
            case HepPayloadType.Rtcp:
                return HepCounter.RtcpJson;
            case HepPayloadType.Log:
                return HepCounter.Logs;
            default:
                return HepCounter.Others;
        }
    }

    private Timestamp TimeOf(Timestamp? told, Timestamp arrived)
    {
        if (told is not { } at) return arrived;
        if ((at - arrived).Duration() <= _options.MaxSkew) return at;
        Counters.Increment(HepCounter.ClockDoubted);
        return arrived;
    }

    private string AgentOf(uint captureId)
    {
        if (captureId == 0) return _name;
        if (_agents.TryGetValue(captureId, out string? agent)) return agent;
        if (_agents.Count >= _options.MaxAgents)
        {
            Counters.Increment(HepCounter.AgentLimit);
            return _name;
        }

        return _agents[captureId] = string.Create(CultureInfo.InvariantCulture, $"{_name}#{captureId}");
    }
}

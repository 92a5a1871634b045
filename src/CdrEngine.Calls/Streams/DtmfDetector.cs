using System.Buffers.Binary;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Streams;

/// <summary>Digits of one stream by RFC 4733: packets of one event timestamp are one event, however often it is updated or its end is sent.</summary>
/// <remarks>
/// An event ends by its E bit, by the next event, or by silence of <see cref="StreamLimits.DigitTimeout"/>; one whose end was lost is an event
/// all the same. Broken senders that never move the timestamp get a new digit for another event code, after that silence, or when a marked packet
/// starts over after an end. Updates of an event that is already past (late packets) change nothing.
/// </remarks>
public sealed class DtmfDetector(StreamLimits limits)
{
    private const string Symbols = "0123456789*#ABCD";

    private readonly List<Event> _events = [];
    private uint _timestamp;
    private byte _code;
    private bool _isOpen;
    private bool _sawEnd;
    private ushort _duration;
    private uint _durationBefore;
    private Timestamp _lastAt;
    private bool _isKept;

    /// <summary>Digits found so far, a digit still pressed included.</summary>
    public int Count => _events.Count;

    /// <summary>Events that are no digits (code above 15): flash, fax tones, trunk signals.</summary>
    public int OtherEvents { get; private set; }

    /// <summary>Digits over <see cref="StreamLimits.DigitsPerStream"/>, not kept.</summary>
    public int DigitsOverLimit { get; private set; }

    /// <summary>Takes one telephone-event packet; a payload below four bytes is left out.</summary>
    /// <param name="at">Capture time.</param>
    /// <param name="timestamp">RTP timestamp: the start of the event.</param>
    /// <param name="marker">Marker bit: first packet of an event.</param>
    /// <param name="payload">RTP payload; of several events in one packet the last is the current one (RFC 4733 2.3).</param>
    /// <param name="clockRateHz">Clock of the events; 8000 where 0.</param>
    public void Add(Timestamp at, uint timestamp, bool marker, ReadOnlySpan<byte> payload, int clockRateHz)
    {
        if (payload.Length < 4) return;
        byte code = payload[0];
        bool end = (payload[1] & 0x80) != 0;
        ushort duration = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
        int clock = clockRateHz > 0 ? clockRateHz : 8000;
        if (_isOpen)
        {
            int later = (int)(timestamp - _timestamp);
            bool timedOut = at - _lastAt > limits.DigitTimeout;
            if (later < 0 && !timedOut) return; // an update of an event already past
            bool restarts = _sawEnd && marker && duration < _duration;
            if (later == 0 && code == _code && !timedOut && !restarts)
            {
                Update(at, end, duration, clock);
                return;
            }

            // RFC 4733 2.5.1.3: an event longer than the duration field goes on in segments, each with its own timestamp and no marker.
            bool continues = code == _code && !marker && !_sawEnd && _duration == ushort.MaxValue && later == ushort.MaxValue;
            if (continues)
            {
                _durationBefore += ushort.MaxValue;
                _timestamp = timestamp;
                _duration = 0;
                Update(at, end, duration, clock);
                return;
            }
        }

        Begin(at, timestamp, code);
        Update(at, end, duration, clock);
    }

    /// <summary>Appends the digits found, in order; the list is read, not consumed.</summary>
    /// <param name="digits">Where to.</param>
    /// <param name="from">Which side sent them.</param>
    public void CopyTo(List<DtmfDigit> digits, PartySide from)
    {
        foreach (Event found in _events)
        {
            digits.Add(new DtmfDigit(Symbols[found.Code], found.At, found.Duration, from, DtmfMethod.Rfc4733));
        }
    }

    private void Begin(Timestamp at, uint timestamp, byte code)
    {
        _isOpen = true;
        _sawEnd = false;
        _timestamp = timestamp;
        _code = code;
        _duration = 0;
        _durationBefore = 0;
        _isKept = false;
        if (code >= Symbols.Length)
        {
            OtherEvents++;
        }
        else if (_events.Count >= limits.DigitsPerStream)
        {
            DigitsOverLimit++;
        }
        else
        {
            _events.Add(new Event(code, at, TimeSpan.Zero));
            _isKept = true;
        }
    }

    private void Update(Timestamp at, bool end, ushort duration, int clock)
    {
        _lastAt = at;
        _sawEnd |= end;
        if (duration <= _duration) return;
        _duration = duration;
        if (_isKept) _events[^1] = _events[^1] with { Duration = TimeSpan.FromMicroseconds((_durationBefore + duration) * 1_000_000.0 / clock) };
    }

    private readonly record struct Event(byte Code, Timestamp At, TimeSpan Duration);
}

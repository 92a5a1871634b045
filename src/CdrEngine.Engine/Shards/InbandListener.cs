using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.Media.Codecs;
using CdrEngine.Media.Dtmf;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Engine.Shards;

/// <summary>Listens for digits in a stream of G.711: puts its sound in order, bridges what was lost, and gives it to the detector.</summary>
/// <remarks>Depends on packets and their times only. Two packets that changed places are put right; what comes later than that is left out. The
/// detector counts samples; the line from samples to capture time follows the earliest packets, as playout does, so that a digit is told when
/// it would be heard without jitter.</remarks>
internal sealed class InbandListener : IDigitListener
{
    private const int MicrosecondsPerSample = 1_000_000 / InbandDtmfDetector.SampleRateHz;

    /// <summary>A tone goes on over so much that was lost (60 ms); beyond it, there is silence.</summary>
    private const int MostLost = 480;

    /// <summary>A longer jump of the timestamp is another sound (1 s).</summary>
    private const int MostSkipped = InbandDtmfDetector.SampleRateHz;

    /// <summary>Sequence numbers further back are a source that began anew (RFC 3550 A.1).</summary>
    private const int MostLate = 100;

    /// <summary>The line between samples and time is drawn anew where a packet is further off (2 s).</summary>
    private const long MostOff = 2_000_000;

    /// <summary>Longest packet that is kept until the one before it comes (60 ms).</summary>
    private const int HeldBytes = 480;

    private const int Piece = 160;
    private const int CreepShift = 8;

    private readonly InbandDtmfDetector _detector;
    private readonly List<(char Digit, Timestamp At, TimeSpan Duration)> _found = [];
    private int _known;
    private bool _isStarted;
    private ushort _nextSequence;
    private uint _nextTimestamp;
    private long _origin;

    private byte[] _held = [];
    private int _heldLength = -1;
    private Timestamp _heldAt;
    private uint _heldTimestamp;
    private bool _heldIsMuLaw;

    /// <summary>A listener before the first packet.</summary>
    /// <param name="limits">Bounds: digits kept.</param>
    public InbandListener(StreamLimits limits) => _detector = new InbandDtmfDetector(InbandDtmfOptions.Default with { MostDigits = limits.DigitsPerStream });

    /// <inheritdoc />
    public void Add(Timestamp at, ushort sequence, uint timestamp, PayloadFormat format, ReadOnlySpan<byte> payload)
    {
        bool isMuLaw = format.EncodingName == "PCMU";
        int step = _isStarted ? (short)(sequence - _nextSequence) : 0;
        switch (step)
        {
            case 0:
                Play(at, timestamp, isMuLaw, payload);
                _nextSequence = (ushort)(sequence + 1);
                PlayHeld();
                return;
            case < 0 and >= -MostLate:
                return;
            case 1 when _heldLength < 0 && payload.Length <= HeldBytes:
                if (_held.Length == 0) _held = new byte[HeldBytes];
                payload.CopyTo(_held);
                _heldLength = payload.Length;
                _heldAt = at;
                _heldTimestamp = timestamp;
                _heldIsMuLaw = isMuLaw;
                return;
            default:
                if (_heldLength >= 0 && step == 1) return; // the held one again
                PlayHeld();
                Play(at, timestamp, isMuLaw, payload);
                _nextSequence = (ushort)(sequence + 1);
                return;
        }
    }

    /// <inheritdoc />
    public void CopyTo(List<DtmfDigit> digits, PartySide from)
    {
        foreach ((char digit, Timestamp at, TimeSpan duration) in _found) digits.Add(new DtmfDigit(digit, at, duration, from, DtmfMethod.Inband));
        if (_detector.TryPeek(out InbandDigit open)) digits.Add(new DtmfDigit(open.Digit, TimeOf(open), open.Duration, from, DtmfMethod.Inband));
    }

    private void PlayHeld()
    {
        if (_heldLength < 0) return;
        Play(_heldAt, _heldTimestamp, _heldIsMuLaw, _held.AsSpan(0, _heldLength));
        _heldLength = -1;
        _nextSequence++;
    }

    private void Play(Timestamp at, uint timestamp, bool isMuLaw, ReadOnlySpan<byte> payload)
    {
        // 1. What lies between it and the sound before.
        int gap = _isStarted ? (int)(timestamp - _nextTimestamp) : 0;
        bool isAnother = !_isStarted || gap < 0 || gap > MostSkipped;
        if (isAnother) _detector.Complete();
        else if (gap <= MostLost) _detector.Lose(gap);
        else _detector.Skip(gap);
        Collect();

        // 2. Where its samples are in time.
        long offset = at.Microseconds - (_detector.Position * MicrosecondsPerSample);
        long excess = offset - _origin;
        if (isAnother || Math.Abs(excess) > MostOff || excess < 0) _origin = offset;
        else _origin += excess >> CreepShift;

        // 3. The sound.
        Span<short> pcm = stackalloc short[Piece];
        for (ReadOnlySpan<byte> rest = payload; !rest.IsEmpty;)
        {
            int count = Math.Min(rest.Length, Piece);
            if (isMuLaw) G711.ExpandMuLaw(rest[..count], pcm);
            else G711.ExpandALaw(rest[..count], pcm);
            _detector.Add(pcm[..count]);
            rest = rest[count..];
        }

        _isStarted = true;
        _nextTimestamp = timestamp + (uint)payload.Length;
        Collect();
    }

    private void Collect()
    {
        for (; _known < _detector.Digits.Count; _known++)
        {
            InbandDigit digit = _detector.Digits[_known];
            _found.Add((digit.Digit, TimeOf(digit), digit.Duration));
        }
    }

    private Timestamp TimeOf(in InbandDigit digit) => new(_origin + (digit.StartSample * MicrosecondsPerSample));
}

using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Media.Playout;

/// <summary>A packet with its place, as played.</summary>
internal readonly ref struct PlacedPacket
{
    public required TrackedPacket Place { get; init; }

    public required PayloadFormat Format { get; init; }

    public required string? Fmtp { get; init; }

    public required bool Marker { get; init; }

    public required long At { get; init; }

    public required ReadOnlySpan<byte> Payload { get; init; }
}

/// <summary>Packets of one stream that wait for an earlier one, in order of sequence.</summary>
/// <remarks>One lost packet in a hundred keeps half of a stream waiting, so nothing here takes longer for many that wait, but for a packet that overtakes.</remarks>
/// <param name="spare">Room that serves again, of all streams of a recording.</param>
internal sealed class ReorderQueue(Stack<HeldPacket> spare)
{
    /// <summary>Places in front that were left, before they are used again.</summary>
    private const int MostLeft = 512;

    private readonly List<HeldPacket> _held = [];
    private int _first;
    private long _oldestAt = long.MaxValue;

    public int Count => _held.Count - _first;

    public long HeadSequence => _held[_first].Place.Sequence;

    public int HeadEpoch => _held[_first].Place.Epoch;

    /// <summary>Earliest capture time of those waiting.</summary>
    public long OldestAt
    {
        get
        {
            if (_oldestAt != long.MaxValue) return _oldestAt;
            for (int i = _first; i < _held.Count; i++) _oldestAt = Math.Min(_oldestAt, _held[i].At);
            return _oldestAt;
        }
    }

    public PlacedPacket Head => _held[_first].View;

    public void Add(in PlacedPacket packet)
    {
        if (_first == MostLeft)
        {
            _held.RemoveRange(0, _first);
            _first = 0;
        }

        if (!spare.TryPop(out HeldPacket? held)) held = new HeldPacket();
        held.Fill(packet);
        int at = _held.Count;
        while (at > _first && _held[at - 1].Place.Sequence > packet.Place.Sequence) at--;
        _held.Insert(at, held);
        _oldestAt = Count == 1 ? packet.At : Math.Min(OldestAt, packet.At);
    }

    public void RemoveHead()
    {
        HeldPacket head = _held[_first++];
        spare.Push(head);
        if (head.At == _oldestAt) _oldestAt = long.MaxValue;
        if (_first < _held.Count) return;
        _held.Clear();
        _first = 0;
    }
}

/// <summary>A packet that waits, with a copy of its payload; serves again for another.</summary>
internal sealed class HeldPacket
{
    private byte[] _payload = [];
    private int _length;
    private PayloadFormat _format = PayloadFormat.Unknown;
    private string? _fmtp;
    private bool _marker;

    public TrackedPacket Place { get; private set; }

    public long At { get; private set; }

    public PlacedPacket View => new()
    {
        Place = Place,
        Format = _format,
        Fmtp = _fmtp,
        Marker = _marker,
        At = At,
        Payload = _payload.AsSpan(0, _length),
    };

    public void Fill(in PlacedPacket packet)
    {
        Place = packet.Place;
        At = packet.At;
        _format = packet.Format;
        _fmtp = packet.Fmtp;
        _marker = packet.Marker;
        _length = packet.Payload.Length;
        if (_payload.Length < _length) _payload = new byte[(_length + 63) & ~63];
        packet.Payload.CopyTo(_payload);
    }
}

using System.Buffers;
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
internal sealed class ReorderQueue
{
    private readonly List<Held> _held = [];

    public int Count => _held.Count;

    public long HeadSequence => _held[0].Place.Sequence;

    public int HeadEpoch => _held[0].Place.Epoch;

    /// <summary>Earliest capture time of those waiting.</summary>
    public long OldestAt
    {
        get
        {
            long oldest = long.MaxValue;
            foreach (Held held in _held) oldest = Math.Min(oldest, held.At);
            return oldest;
        }
    }

    public PlacedPacket Head => _held[0].View;

    public void Add(in PlacedPacket packet)
    {
        byte[] payload = packet.Payload.IsEmpty ? [] : ArrayPool<byte>.Shared.Rent(packet.Payload.Length);
        packet.Payload.CopyTo(payload);
        var held = new Held(packet.Place, packet.Format, packet.Fmtp, packet.Marker, packet.At, payload, packet.Payload.Length);
        int at = _held.Count;
        while (at > 0 && _held[at - 1].Place.Sequence > packet.Place.Sequence) at--;
        _held.Insert(at, held);
    }

    public void RemoveHead()
    {
        if (_held[0].Payload.Length > 0) ArrayPool<byte>.Shared.Return(_held[0].Payload);
        _held.RemoveAt(0);
    }

    private readonly record struct Held(
        TrackedPacket Place, PayloadFormat Format, string? Fmtp, bool Marker, long At, byte[] Payload, int Length)
    {
        public PlacedPacket View => new()
        {
            Place = Place,
            Format = Format,
            Fmtp = Fmtp,
            Marker = Marker,
            At = At,
            Payload = Payload.AsSpan(0, Length),
        };
    }
}

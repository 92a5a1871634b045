using System.Runtime.CompilerServices;
using CdrEngine.Core;

namespace CdrEngine.Calls.Streams;

/// <summary>The last packets of a stream by what a mirror's second copy shares with the first: sequence, timestamp, IP identification,
/// transport checksum and length, mixed into 32 bits. A place is found by sequence number, so a look-up is one comparison.</summary>
/// <remarks>Sound has eight places within the meter, one cache line: at 50 packets a second 50 ms are three packets, at 160 a second eight.
/// Pictures, which come in bursts of dozens, have 64 of their own.</remarks>
internal struct MirrorRing
{
    private const int NarrowPlaces = 8;
    private const int WidePlaces = 64;
    private const int CopyMicroseconds = 50_000;

    private Place[]? _wide;
    private Narrow _narrow;

    /// <summary>Makes room for bursts; what was remembered is forgotten.</summary>
    public void Widen() => _wide ??= new Place[WidePlaces];

    /// <summary>The identity of a packet; never 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint KeyOf(ushort sequence, uint timestamp, in RtpPacketView packet) =>
        KeyOf(sequence, timestamp, packet.Checksum, packet.IpIdentification, packet.Length);

    /// <summary>The same of a packet by its parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint KeyOf(ushort sequence, uint timestamp, ushort checksum, uint ipIdentification, int length)
    {
        ulong first = ((ulong)timestamp << 32) | ((uint)sequence << 16) | checksum;
        ulong second = ((ulong)ipIdentification << 32) | (uint)length;
        ulong mixed = (first ^ (second * 0x9E37_79B9_7F4A_7C15)) * 0xD6E8_FEB8_6659_FD93;
        return (uint)(mixed >> 32) | 1;
    }

    /// <summary>True where the same packet was remembered less than 50 ms ago.</summary>
    public readonly bool IsCopy(ushort sequence, uint key, Timestamp at)
    {
        Place place = _wide is { } wide ? wide[sequence & (WidePlaces - 1)] : _narrow[sequence & (NarrowPlaces - 1)];
        int age = (int)((uint)at.Microseconds - place.At);
        return place.Key == key && age is > -CopyMicroseconds and < CopyMicroseconds;
    }

    /// <summary>Remembers a packet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remember(ushort sequence, uint key, Timestamp at)
    {
        if (_wide is not null) _wide[sequence & (WidePlaces - 1)] = new Place(key, (uint)at.Microseconds);
        else _narrow[sequence & (NarrowPlaces - 1)] = new Place(key, (uint)at.Microseconds);
    }

    private readonly record struct Place(uint Key, uint At);

    [InlineArray(NarrowPlaces)]
    private struct Narrow
    {
        private Place _first;
    }
}

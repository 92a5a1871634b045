using System.Numerics;
using System.Runtime.CompilerServices;
using CdrEngine.Core;

namespace CdrEngine.Calls.Streams;

/// <summary>The last packets of a stream by what a mirror's second copy shares with the first: sequence, timestamp, IP identification,
/// transport checksum and length. A place is found by sequence number, so a look-up is one comparison.</summary>
internal struct MirrorRing
{
    /// <summary>Places for sound: at 50 packets a second 50 ms are three packets, at 200 a second ten.</summary>
    public const int AudioPlaces = 8;

    /// <summary>Places for pictures, which come in bursts of dozens.</summary>
    public const int VideoPlaces = 64;

    private const int CopyMicroseconds = 50_000;

    private Place[] _places;

    /// <summary>An empty ring; <paramref name="places"/> is a power of two.</summary>
    public MirrorRing(int places) => _places = new Place[places];

    /// <summary>Makes room for bursts; what was remembered is forgotten.</summary>
    public void Widen(int places)
    {
        if (_places.Length < places) _places = new Place[places];
    }

    /// <summary>The identity of a packet but for its sequence number's place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong KeyOf(ushort sequence, uint timestamp, in RtpPacketView packet) =>
        (((ulong)sequence << 48) | ((ulong)packet.Checksum << 32) | packet.IpIdentification)
        ^ BitOperations.RotateLeft(timestamp * 0x9E37_79B9_7F4A_7C15, 17)
        ^ ((ulong)packet.Payload.Length << 20);

    /// <summary>True where the same packet was remembered less than 50 ms ago.</summary>
    public readonly bool IsCopy(ushort sequence, ulong key, Timestamp at)
    {
        ref readonly Place place = ref _places[sequence & (_places.Length - 1)];
        int age = (int)((uint)at.Microseconds - place.At);
        return place.Key == key && place.IsUsed != 0 && age is > -CopyMicroseconds and < CopyMicroseconds;
    }

    /// <summary>Remembers a packet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Remember(ushort sequence, ulong key, Timestamp at)
    {
        Place[] places = _places;
        ref Place place = ref places[sequence & (places.Length - 1)];
        place.Key = key;
        place.At = (uint)at.Microseconds;
        place.IsUsed = 1;
    }

    private struct Place
    {
        public ulong Key;
        public uint At;
        public uint IsUsed;
    }
}

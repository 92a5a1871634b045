using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Calls.Streams;

/// <summary>When a stream of G.711 last held any sound: a look at the first 32 samples of a packet, eight at a time, without decoding, and
/// not at every packet: 200 ms after sound and 50 ms after silence pass without a look.</summary>
/// <remarks>Codes of both laws rise with the level once their inverted bits are turned back, so one comparison serves eight samples. Sound is
/// anything above 72 of 32768 (some -50 dBm0 at its peak), which a microphone in a quiet room passes and a dead line, a muted phone and
/// comfort noise do not. Twelve bytes, because every packet of forty thousand streams comes by here.</remarks>
[StructLayout(LayoutKind.Auto)]
internal struct SoundProbe
{
    private const int ProbedBytes = 32;
    private const ulong Each = 0x0101_0101_0101_0101;

    // Above code 8 of the first segment of the mu-law (steps of 8), above code 4 of the A-law (steps of 16).
    private const ulong MuLawInversion = 0xFF * Each;
    private const ulong MuLawMargin = (0x7F - 8) * Each;
    private const ulong ALawInversion = 0x55 * Each;
    private const ulong ALawMargin = (0x7F - 4) * Each;

    /// <summary>Times are kept in units of 1.024 ms, which a shift gives; they wrap after 50 days.</summary>
    private const int TimeShift = 10;

    private const uint RestAfterSound = 195;
    private const uint RestAfterSilence = 49;

    private uint _restUntil;
    private uint _heardAt;
    private Law _law;
    private bool _wasHeard;
    private bool _wasUnknown;
    private bool _hasLooked;

    private enum Law : byte
    {
        Other,
        MuLaw,
        ALaw,
    }

    /// <summary>True where every packet of media so far could be looked at.</summary>
    public readonly bool KnowsAll => !_wasUnknown;

    /// <summary>Looks at packets of this format from now on.</summary>
    public void Use(PayloadFormat format)
    {
        _law = format.EncodingName switch
        {
            "PCMU" => Law.MuLaw,
            "PCMA" => Law.ALaw,
            _ => Law.Other,
        };
        if (_law == Law.Other && format.IsMedia) _wasUnknown = true;
    }

    /// <summary>Takes a packet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(long atMicroseconds, ReadOnlySpan<byte> datagram, int headerBytes)
    {
        if (_law == Law.Other || datagram.Length < headerBytes + ProbedBytes) return;
        uint now = (uint)(atMicroseconds >> TimeShift);
        if (_hasLooked && (int)(now - _restUntil) < 0) return;
        _hasLooked = true;
        bool isLoud = IsLoud(ref Unsafe.Add(ref MemoryMarshal.GetReference(datagram), headerBytes)); // 32 bytes are there
        _restUntil = now + (isLoud ? RestAfterSound : RestAfterSilence);
        if (!isLoud) return;
        _wasHeard = true;
        _heardAt = now;
    }

    /// <summary>Last sound that was found; there may have been more for 200 ms. Null where there was none.</summary>
    /// <param name="endedAt">Last packet of the stream.</param>
    public readonly Timestamp? LastAt(Timestamp endedAt)
    {
        if (!_wasHeard) return null;
        int ago = (int)((uint)(endedAt.Microseconds >> TimeShift) - _heardAt);
        return ago <= 0 ? endedAt : new Timestamp(endedAt.Microseconds - ((long)ago << TimeShift));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool IsLoud(ref byte start)
    {
        (ulong inversion, ulong margin) = _law == Law.MuLaw ? (MuLawInversion, MuLawMargin) : (ALawInversion, ALawMargin);
        ulong loud = Above(ref start, 0, inversion, margin) | Above(ref start, 8, inversion, margin)
            | Above(ref start, 16, inversion, margin) | Above(ref start, 24, inversion, margin);
        return (loud & (0x80 * Each)) != 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Above(ref byte start, int offset, ulong inversion, ulong margin) =>
        ((Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, offset)) ^ inversion) & (0x7F * Each)) + margin;
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Calls.Streams;

/// <summary>Whether a packet of G.711 holds any sound: a look at its first 32 samples, eight at a time, without decoding.</summary>
/// <remarks>Codes of both laws rise with the level once their inverted bits are turned back, so one comparison serves eight samples. Sound is
/// anything above 72 of 32768 (some -50 dBm0 at its peak), which a microphone in a quiet room passes and a dead line, a muted phone and
/// comfort noise do not.</remarks>
internal struct SoundProbe
{
    private const int ProbedBytes = 32;
    private const ulong Each = 0x0101_0101_0101_0101;

    // Above code 8 of the first segment of the mu-law (steps of 8), above code 4 of the A-law (steps of 16).
    private const ulong MuLawInversion = 0xFF * Each;
    private const ulong MuLawMargin = (0x7F - 8) * Each;
    private const ulong ALawInversion = 0x55 * Each;
    private const ulong ALawMargin = (0x7F - 4) * Each;

    private ulong _inversion;
    private ulong _margin;

    /// <summary>True where packets of the format can be looked at.</summary>
    public readonly bool IsKnown => _inversion != 0;

    /// <summary>Looks at packets of this format from now on.</summary>
    public void Use(PayloadFormat format)
    {
        (_inversion, _margin) = format switch
        {
            { EncodingName: "PCMU" } => (MuLawInversion, MuLawMargin),
            { EncodingName: "PCMA" } => (ALawInversion, ALawMargin),
            _ => (0UL, 0UL),
        };
    }

    /// <summary>True where the payload holds sound; false also where it is shorter than what is looked at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsLoud(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < ProbedBytes) return false;
        ref byte start = ref MemoryMarshal.GetReference(payload);
        ulong loud = Above(ref start, 0) | Above(ref start, 8) | Above(ref start, 16) | Above(ref start, 24); // within the 32 bytes checked
        return (loud & (0x80 * Each)) != 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly ulong Above(ref byte start, int offset) =>
        ((Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, offset)) ^ _inversion) & (0x7F * Each)) + _margin;
}

using System.Runtime.InteropServices;
using Xunit;

namespace CdrEngine.Media.Tests.Codecs;

/// <summary>Encoders that neither ffmpeg nor sox has here.</summary>
internal static partial class Encoders
{
    public const string Bcg729 = "libbcg729.so.0";
    public const string AmrNarrow = "libopencore-amrnb.so.0";
    public const string Spandsp = "libspandsp.so.2";
    public const string AmrWide = "libvo-amrwbenc.so.0";

    /// <summary>G.729 A frames of 10 bytes; with silence detection also descriptors of 2 and nothing at all (Annex B).</summary>
    public static byte[][] G729(short[] sound, bool hasSilenceDetection)
    {
        nint state = CreateG729(hasSilenceDetection ? (byte)1 : (byte)0);
        var frames = new List<byte[]>();
        byte[] frame = new byte[10];
        for (int at = 0; at + 80 <= sound.Length; at += 80)
        {
            EncodeG729(state, sound.AsSpan(at, 80), frame, out byte bytes);
            frames.Add(frame[..bytes]);
        }

        DestroyG729(state);
        return [.. frames];
    }

    /// <summary>G.726 at 40 kbit/s.</summary>
    public static byte[] G726At40(short[] sound, bool isAal2)
    {
        nint state = CreateG726(0, 40_000, 0, isAal2 ? 1 : 2);
        byte[] bytes = new byte[(sound.Length * 5 / 8) + 8];
        int count = EncodeG726(state, bytes, sound, sound.Length);
        Assert.Equal(0, DestroyG726(state));
        return bytes[..count];
    }

    /// <summary>AMR frames as a file holds them.</summary>
    /// <param name="sound">At 8 kHz.</param>
    /// <param name="mode">0 (4.75 kbit/s) to 7 (12.2).</param>
    public static byte[][] AmrNarrowband(short[] sound, int mode)
    {
        nint state = CreateNarrow(0);
        var frames = new List<byte[]>();
        byte[] frame = new byte[64];
        for (int at = 0; at + 160 <= sound.Length; at += 160)
        {
            int bytes = EncodeNarrow(state, mode, sound.AsSpan(at, 160), frame, 0);
            frames.Add(frame[..bytes]);
        }

        DestroyNarrow(state);
        return [.. frames];
    }

    /// <summary>AMR-WB frames as a file holds them.</summary>
    /// <param name="sound">At 16 kHz.</param>
    /// <param name="mode">0 (6.6 kbit/s) to 8 (23.85).</param>
    /// <param name="isDtx">With silence descriptors.</param>
    public static byte[][] AmrWideband(short[] sound, int mode, bool isDtx)
    {
        nint state = CreateWide();
        var frames = new List<byte[]>();
        byte[] frame = new byte[64];
        for (int at = 0; at + 320 <= sound.Length; at += 320)
        {
            int bytes = EncodeWide(state, mode, sound.AsSpan(at, 320), frame, isDtx ? 1 : 0);
            frames.Add(frame[..bytes]);
        }

        DestroyWide(state);
        return [.. frames];
    }

    [LibraryImport(Bcg729, EntryPoint = "initBcg729EncoderChannel")]
    private static partial nint CreateG729(byte hasSilenceDetection);

    [LibraryImport(Bcg729, EntryPoint = "bcg729Encoder")]
    private static partial void EncodeG729(nint state, ReadOnlySpan<short> sound, Span<byte> frame, out byte bytes);

    [LibraryImport(Bcg729, EntryPoint = "closeBcg729EncoderChannel")]
    private static partial void DestroyG729(nint state);

    [LibraryImport(Spandsp, EntryPoint = "g726_init")]
    private static partial nint CreateG726(nint state, int bitRate, int encoding, int packing);

    [LibraryImport(Spandsp, EntryPoint = "g726_encode")]
    private static partial int EncodeG726(nint state, Span<byte> bytes, ReadOnlySpan<short> sound, int samples);

    [LibraryImport(Spandsp, EntryPoint = "g726_free")]
    private static partial int DestroyG726(nint state);

    [LibraryImport(AmrNarrow, EntryPoint = "Encoder_Interface_init")]
    private static partial nint CreateNarrow(int isDtx);

    [LibraryImport(AmrNarrow, EntryPoint = "Encoder_Interface_Encode")]
    private static partial int EncodeNarrow(nint state, int mode, ReadOnlySpan<short> sound, Span<byte> frame, int isForced);

    [LibraryImport(AmrNarrow, EntryPoint = "Encoder_Interface_exit")]
    private static partial void DestroyNarrow(nint state);

    [LibraryImport(AmrWide, EntryPoint = "E_IF_init")]
    private static partial nint CreateWide();

    [LibraryImport(AmrWide, EntryPoint = "E_IF_encode")]
    private static partial int EncodeWide(nint state, int mode, ReadOnlySpan<short> sound, Span<byte> frame, int isDtx);

    [LibraryImport(AmrWide, EntryPoint = "E_IF_exit")]
    private static partial void DestroyWide(nint state);
}

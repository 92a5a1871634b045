using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Media.Codecs.Native;

/// <summary>G.722 and G.726 of libspandsp (g722.h, g726.h).</summary>
internal static partial class SpandspNative
{
    public const int EncodingLinear = 0;
    public const int PackingLeft = 1;  // first code in the high bits: ITU-T I.366.2, AAL2-G726
    public const int PackingRight = 2; // first code in the low bits: RFC 3551 4.5.4

    [LibraryImport(CodecLibrary.SpandspName, EntryPoint = "g722_decode_init")]
    public static partial G722Handle CreateG722(nint state, int bitRate, int options);

    [LibraryImport(CodecLibrary.SpandspName, EntryPoint = "g722_decode")]
    public static partial int DecodeG722(G722Handle state, Span<short> pcm, ReadOnlySpan<byte> payload, int bytes);

    [LibraryImport(CodecLibrary.SpandspName, EntryPoint = "g722_decode_free")]
    public static partial int FreeG722(nint state);

    [LibraryImport(CodecLibrary.SpandspName, EntryPoint = "g726_init")]
    public static partial G726Handle CreateG726(nint state, int bitRate, int encoding, int packing);

    [LibraryImport(CodecLibrary.SpandspName, EntryPoint = "g726_decode")]
    public static partial int DecodeG726(G726Handle state, Span<short> pcm, ReadOnlySpan<byte> payload, int bytes);

    [LibraryImport(CodecLibrary.SpandspName, EntryPoint = "g726_free")]
    public static partial int FreeG726(nint state);
}

/// <summary>A <c>g722_decode_state_t</c>.</summary>
internal sealed class G722Handle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <inheritdoc />
    protected override bool ReleaseHandle() => SpandspNative.FreeG722(handle) == 0;
}

/// <summary>A <c>g726_state_t</c>.</summary>
internal sealed class G726Handle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <inheritdoc />
    protected override bool ReleaseHandle() => SpandspNative.FreeG726(handle) == 0;
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Media.Codecs.Native;

/// <summary>The decoder of libopus (opus.h).</summary>
internal static partial class OpusNative
{
    [LibraryImport(CodecLibrary.OpusName, EntryPoint = "opus_decoder_create")]
    public static partial OpusHandle Create(int sampleRateHz, int channels, out int error);

    [LibraryImport(CodecLibrary.OpusName, EntryPoint = "opus_decode")]
    public static partial int Decode(OpusHandle state, ReadOnlySpan<byte> payload, int bytes, Span<short> pcm, int frameSize, int isFec);

    /// <summary>With a null payload: concealment.</summary>
    [LibraryImport(CodecLibrary.OpusName, EntryPoint = "opus_decode")]
    public static partial int Conceal(OpusHandle state, nint payload, int bytes, Span<short> pcm, int frameSize, int isFec);

    [LibraryImport(CodecLibrary.OpusName, EntryPoint = "opus_decoder_destroy")]
    public static partial void Destroy(nint state);
}

/// <summary>An <c>OpusDecoder</c>.</summary>
internal sealed class OpusHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <inheritdoc />
    protected override bool ReleaseHandle()
    {
        OpusNative.Destroy(handle);
        return true;
    }
}

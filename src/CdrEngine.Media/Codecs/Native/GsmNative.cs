using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Media.Codecs.Native;

/// <summary>GSM 06.10 of libgsm (gsm.h).</summary>
internal static partial class GsmNative
{
    [LibraryImport(CodecLibrary.GsmName, EntryPoint = "gsm_create")]
    public static partial GsmHandle Create();

    /// <summary>Reads 33 bytes, writes 160 samples; not 0 where the frame's signature is wrong.</summary>
    [LibraryImport(CodecLibrary.GsmName, EntryPoint = "gsm_decode")]
    public static partial int Decode(GsmHandle state, ReadOnlySpan<byte> frame, Span<short> pcm);

    [LibraryImport(CodecLibrary.GsmName, EntryPoint = "gsm_destroy")]
    public static partial void Destroy(nint state);
}

/// <summary>A <c>gsm</c>.</summary>
internal sealed class GsmHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <inheritdoc />
    protected override bool ReleaseHandle()
    {
        GsmNative.Destroy(handle);
        return true;
    }
}

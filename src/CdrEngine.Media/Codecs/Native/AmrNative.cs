using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Media.Codecs.Native;

/// <summary>The decoders of opencore-amr (opencore-amrnb/interf_dec.h, opencore-amrwb/dec_if.h). Both take a frame as a file holds it
/// (RFC 4867 5.3): a header byte, then the bits; they read as many bytes as the header's type has.</summary>
internal static partial class AmrNative
{
    [LibraryImport(CodecLibrary.AmrNarrowName, EntryPoint = "Decoder_Interface_init")]
    public static partial AmrNarrowHandle CreateNarrow();

    /// <summary>Writes 160 samples.</summary>
    [LibraryImport(CodecLibrary.AmrNarrowName, EntryPoint = "Decoder_Interface_Decode")]
    public static partial void DecodeNarrow(AmrNarrowHandle state, ReadOnlySpan<byte> frame, Span<short> pcm, int isBad);

    [LibraryImport(CodecLibrary.AmrNarrowName, EntryPoint = "Decoder_Interface_exit")]
    public static partial void DestroyNarrow(nint state);

    [LibraryImport(CodecLibrary.AmrWideName, EntryPoint = "D_IF_init")]
    public static partial AmrWideHandle CreateWide();

    /// <summary>Writes 320 samples.</summary>
    [LibraryImport(CodecLibrary.AmrWideName, EntryPoint = "D_IF_decode")]
    public static partial void DecodeWide(AmrWideHandle state, ReadOnlySpan<byte> frame, Span<short> pcm, int isBad);

    [LibraryImport(CodecLibrary.AmrWideName, EntryPoint = "D_IF_exit")]
    public static partial void DestroyWide(nint state);
}

/// <summary>A decoder of libopencore-amrnb.</summary>
internal sealed class AmrNarrowHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <inheritdoc />
    protected override bool ReleaseHandle()
    {
        AmrNative.DestroyNarrow(handle);
        return true;
    }
}

/// <summary>A decoder of libopencore-amrwb.</summary>
internal sealed class AmrWideHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <inheritdoc />
    protected override bool ReleaseHandle()
    {
        AmrNative.DestroyWide(handle);
        return true;
    }
}

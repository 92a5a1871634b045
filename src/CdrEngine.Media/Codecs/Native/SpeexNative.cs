using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Media.Codecs.Native;

/// <summary>The decoder of libspeex (speex.h, speex_bits.h).</summary>
internal static partial class SpeexNative
{
    /// <summary>The mode by number: 0 narrow, 1 wide, 2 ultra-wide band. Static memory of the library.</summary>
    [LibraryImport(CodecLibrary.SpeexName, EntryPoint = "speex_lib_get_mode")]
    public static partial nint Mode(int mode);

    [LibraryImport(CodecLibrary.SpeexName, EntryPoint = "speex_decoder_init")]
    public static partial SpeexHandle Create(nint mode);

    /// <summary>One frame; 0 done, -1 no more, -2 corrupt.</summary>
    [LibraryImport(CodecLibrary.SpeexName, EntryPoint = "speex_decode_int")]
    public static partial int Decode(SpeexHandle state, SpeexBitsHandle bits, Span<short> pcm);

    /// <summary>With null bits: concealment.</summary>
    [LibraryImport(CodecLibrary.SpeexName, EntryPoint = "speex_decode_int")]
    public static partial int Conceal(SpeexHandle state, nint bits, Span<short> pcm);

    [LibraryImport(CodecLibrary.SpeexName, EntryPoint = "speex_decoder_destroy")]
    public static partial void Destroy(nint state);

    [LibraryImport(CodecLibrary.SpeexName, EntryPoint = "speex_bits_init")]
    public static partial void InitializeBits(nint bits);

    /// <summary>Copies the bytes.</summary>
    [LibraryImport(CodecLibrary.SpeexName, EntryPoint = "speex_bits_read_from")]
    public static partial void Load(SpeexBitsHandle bits, ReadOnlySpan<byte> payload, int bytes);

    [LibraryImport(CodecLibrary.SpeexName, EntryPoint = "speex_bits_destroy")]
    public static partial void DestroyBits(nint bits);
}

/// <summary>A decoder state of libspeex.</summary>
internal sealed class SpeexHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <inheritdoc />
    protected override bool ReleaseHandle()
    {
        SpeexNative.Destroy(handle);
        return true;
    }
}

/// <summary>A <c>SpeexBits</c>, which the caller has to place: 48 bytes on 64-bit systems.</summary>
internal sealed class SpeexBitsHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    private const int Room = 256;

    /// <summary>Places an empty one.</summary>
    public static SpeexBitsHandle Create()
    {
        var bits = new SpeexBitsHandle();
        bits.SetHandle(Allocate());
        SpeexNative.InitializeBits(bits.handle);
        return bits;
    }

    /// <inheritdoc />
    protected override bool ReleaseHandle()
    {
        SpeexNative.DestroyBits(handle);
        Free(handle);
        return true;
    }

    private static unsafe nint Allocate() => (nint)NativeMemory.AllocZeroed(Room);

    private static unsafe void Free(nint memory) => NativeMemory.Free((void*)memory);
}

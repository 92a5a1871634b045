using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Media.Codecs.Native;

/// <summary>The decoder of libbcg729 (bcg729/decoder.h).</summary>
internal static partial class Bcg729Native
{
    [LibraryImport(CodecLibrary.Bcg729Name, EntryPoint = "initBcg729DecoderChannel")]
    public static partial Bcg729Handle Create();

    /// <summary>Reads up to 10 bytes, writes 80 samples.</summary>
    [LibraryImport(CodecLibrary.Bcg729Name, EntryPoint = "bcg729Decoder")]
    public static partial void Decode(
        Bcg729Handle state, ReadOnlySpan<byte> frame, byte frameBytes, byte isErased, byte isSilenceDescriptor, byte isRfc3389, Span<short> pcm);

    [LibraryImport(CodecLibrary.Bcg729Name, EntryPoint = "closeBcg729DecoderChannel")]
    public static partial void Destroy(nint state);
}

/// <summary>A <c>bcg729DecoderChannelContextStruct</c>.</summary>
internal sealed class Bcg729Handle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <inheritdoc />
    protected override bool ReleaseHandle()
    {
        Bcg729Native.Destroy(handle);
        return true;
    }
}

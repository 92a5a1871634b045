using System.Runtime.InteropServices;

namespace CdrEngine.Media.Encoders;

/// <summary>libmp3lame, the MP3 encoder of the LAME project (LGPL), where it is installed.</summary>
internal static partial class Lame
{
    /// <summary>Debian's package.</summary>
    public const string Package = "libmp3lame0";

    /// <summary>MPEG_mode of lame.h.</summary>
    public const int ModeStereo = 0;

    /// <summary>MPEG_mode of lame.h.</summary>
    public const int ModeMono = 3;

    private const string Library = "libmp3lame.so.0";

    private static readonly Lazy<bool> Installed = new(static () => NativeLibrary.TryLoad(Library, out _));

    /// <summary>True where the library can be loaded. Looked up once.</summary>
    public static bool IsInstalled => Installed.Value;

    [LibraryImport(Library, EntryPoint = "lame_init")]
    public static partial nint Init();

    [LibraryImport(Library, EntryPoint = "lame_close")]
    public static partial int Close(nint encoder);

    [LibraryImport(Library, EntryPoint = "lame_set_in_samplerate")]
    public static partial int SetInputRate(LameHandle encoder, int hertz);

    [LibraryImport(Library, EntryPoint = "lame_set_out_samplerate")]
    public static partial int SetOutputRate(LameHandle encoder, int hertz);

    [LibraryImport(Library, EntryPoint = "lame_set_num_channels")]
    public static partial int SetChannels(LameHandle encoder, int channels);

    [LibraryImport(Library, EntryPoint = "lame_set_mode")]
    public static partial int SetMode(LameHandle encoder, int mode);

    [LibraryImport(Library, EntryPoint = "lame_set_brate")]
    public static partial int SetBitRate(LameHandle encoder, int kilobits);

    [LibraryImport(Library, EntryPoint = "lame_set_quality")]
    public static partial int SetQuality(LameHandle encoder, int quality);

    [LibraryImport(Library, EntryPoint = "lame_set_VBR")]
    public static partial int SetVariableBitRate(LameHandle encoder, int mode);

    [LibraryImport(Library, EntryPoint = "lame_set_bWriteVbrTag")]
    public static partial int SetWriteTag(LameHandle encoder, int isOn);

    [LibraryImport(Library, EntryPoint = "lame_set_write_id3tag_automatic")]
    public static partial void SetWriteId3(LameHandle encoder, int isOn);

    [LibraryImport(Library, EntryPoint = "lame_set_errorf")]
    public static partial int SetErrorReport(LameHandle encoder, nint function);

    [LibraryImport(Library, EntryPoint = "lame_set_msgf")]
    public static partial int SetMessageReport(LameHandle encoder, nint function);

    [LibraryImport(Library, EntryPoint = "lame_set_debugf")]
    public static partial int SetDebugReport(LameHandle encoder, nint function);

    [LibraryImport(Library, EntryPoint = "lame_init_params")]
    public static partial int InitParameters(LameHandle encoder);

    [LibraryImport(Library, EntryPoint = "lame_encode_buffer_interleaved")]
    public static partial int EncodeInterleaved(LameHandle encoder, ReadOnlySpan<short> pcm, int frames, Span<byte> output, int outputBytes);

    [LibraryImport(Library, EntryPoint = "lame_encode_buffer")]
    public static partial int Encode(LameHandle encoder, ReadOnlySpan<short> left, ReadOnlySpan<short> right, int frames, Span<byte> output, int outputBytes);

    [LibraryImport(Library, EntryPoint = "lame_encode_flush")]
    public static partial int Flush(LameHandle encoder, Span<byte> output, int outputBytes);

    [LibraryImport(Library, EntryPoint = "lame_get_lametag_frame")]
    public static partial nuint GetTag(LameHandle encoder, Span<byte> output, nuint outputBytes);
}

/// <summary>An encoder of libmp3lame.</summary>
internal sealed class LameHandle : SafeHandle
{
    public LameHandle()
        : base(0, ownsHandle: true)
    {
    }

    private LameHandle(nint encoder)
        : base(0, ownsHandle: true) => SetHandle(encoder);

    public override bool IsInvalid => handle == 0;

    public static LameHandle Open() => new(Lame.Init());

    protected override bool ReleaseHandle() => Lame.Close(handle) == 0;
}

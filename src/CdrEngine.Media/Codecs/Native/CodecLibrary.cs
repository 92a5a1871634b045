namespace CdrEngine.Media.Codecs.Native;

/// <summary>A library of the system that decodes or encodes sound: optional, looked for when it is first needed.</summary>
public sealed class CodecLibrary
{
    internal const string SpandspName = "libspandsp.so.2";
    internal const string GsmName = "libgsm.so.1";
    internal const string OpusName = "libopus.so.0";
    internal const string Bcg729Name = "libbcg729.so.0";
    internal const string SpeexName = "libspeex.so.1";
    internal const string AmrNarrowName = "libopencore-amrnb.so.0";
    internal const string AmrWideName = "libopencore-amrwb.so.0";

    /// <summary>G.722 and G.726.</summary>
    public static readonly CodecLibrary Spandsp = new(
        SpandspName, "libspandsp2", "g722_decode_init", "g722_decode", "g722_decode_free", "g726_init", "g726_decode", "g726_free");

    /// <summary>GSM 06.10 full rate.</summary>
    public static readonly CodecLibrary Gsm = new(GsmName, "libgsm1", "gsm_create", "gsm_decode", "gsm_destroy");

    /// <summary>Opus.</summary>
    public static readonly CodecLibrary Opus = new(OpusName, "libopus0", "opus_decoder_create", "opus_decode", "opus_decoder_destroy");

    /// <summary>G.729 A and B.</summary>
    public static readonly CodecLibrary Bcg729 = new(
        Bcg729Name, "libbcg729-0", "initBcg729DecoderChannel", "bcg729Decoder", "closeBcg729DecoderChannel");

    /// <summary>Speex.</summary>
    public static readonly CodecLibrary Speex = new(
        SpeexName, "libspeex1", "speex_lib_get_mode", "speex_decoder_init", "speex_decode_int", "speex_decoder_destroy", "speex_bits_init",
        "speex_bits_read_from", "speex_bits_destroy");

    /// <summary>AMR (narrow band).</summary>
    public static readonly CodecLibrary AmrNarrow = new(
        AmrNarrowName, "libopencore-amrnb0", "Decoder_Interface_init", "Decoder_Interface_Decode", "Decoder_Interface_exit");

    /// <summary>AMR-WB.</summary>
    public static readonly CodecLibrary AmrWide = new(AmrWideName, "libopencore-amrwb0", "D_IF_init", "D_IF_decode", "D_IF_exit");

    /// <summary>All of them, in the order in which to list them.</summary>
    public static readonly IReadOnlyList<CodecLibrary> All = [Spandsp, Gsm, Opus, Bcg729, Speex, AmrNarrow, AmrWide];

    /// <summary>A library by what the loader and the package manager call it.</summary>
    /// <param name="soname">File name with the version of its interface, for example <c>libopus.so.0</c>.</param>
    /// <param name="package">Debian's package that brings it.</param>
    /// <param name="symbols">Functions that it must have; a library that lacks one counts as missing.</param>
    public CodecLibrary(string soname, string package, params string[] symbols)
    {
        Soname = soname;
        Package = package;
        Symbols = symbols;
    }

    /// <summary>File name with the version of its interface.</summary>
    public string Soname { get; }

    /// <summary>Debian's package that brings it.</summary>
    public string Package { get; }

    /// <summary>Functions that are called.</summary>
    public IReadOnlyList<string> Symbols { get; }
}

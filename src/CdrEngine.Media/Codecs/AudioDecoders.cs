using System.Diagnostics.CodeAnalysis;
using CdrEngine.Media.Codecs.Native;
using CdrEngine.Media.Playout;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Media.Codecs;

/// <summary>Makes the decoder of a payload format.</summary>
public static class AudioDecoders
{
    /// <summary>16-bit values, all channels together, that one packet can give: a payload that holds more is malformed. 0.68 s of 48 kHz mono,
    /// 4 s of G.711; the longest packets in use are of 0.2 s.</summary>
    public const int MaxSamplesPerPacket = 32_768;

    /// <summary>The longest gap that is concealed; what follows is silence.</summary>
    public const int MaxConcealMilliseconds = 60;

    private const string Unsupported = "codec_unsupported: ";
    private const string TurnedOff = "turned off by setting";
    private const int MaxChannels = 8;
    private const int MinRateHz = 8_000;
    private const int MaxRateHz = 192_000;

    /// <summary>Makes a decoder with the libraries of this system.</summary>
    /// <param name="format">What the payload type means.</param>
    /// <param name="fmtp">The parameters of its <c>a=fmtp</c> line, without the payload type; null where there is none.</param>
    /// <param name="decoder">The decoder; to be disposed.</param>
    /// <param name="reason">Why there is none, for people: <c>codec_unsupported: G.722 needs libspandsp2</c>; null where there is one.</param>
    /// <returns>True where there is a decoder. Never throws.</returns>
    public static bool TryCreate(
        PayloadFormat format, string? fmtp, [NotNullWhen(true)] out IAudioDecoder? decoder, [NotNullWhen(false)] out string? reason) =>
        TryCreate(format, fmtp, CodecLibraries.Installed, out decoder, out reason);

    /// <summary>Makes a decoder with the libraries given.</summary>
    /// <param name="format">What the payload type means.</param>
    /// <param name="fmtp">The parameters of its <c>a=fmtp</c> line, without the payload type; null where there is none.</param>
    /// <param name="libraries">Which libraries are there.</param>
    /// <param name="decoder">The decoder; to be disposed.</param>
    /// <param name="reason">Why there is none; null where there is one.</param>
    /// <returns>True where there is a decoder.</returns>
    public static bool TryCreate(
        PayloadFormat format,
        string? fmtp,
        CodecLibraries libraries,
        [NotNullWhen(true)] out IAudioDecoder? decoder,
        [NotNullWhen(false)] out string? reason)
    {
        string? refusal = Refusal(format);
        decoder = refusal is null ? Create(format, fmtp, libraries, out refusal) : null;
        reason = decoder is null ? Unsupported + refusal : null;
        return decoder is not null;
    }

    /// <summary>A way to make decoders that leaves some codecs out.</summary>
    /// <param name="names">Encoding names as in <c>a=rtpmap</c>, in any case: G729, opus, AMR-WB. A name stands for its codec with its annexes: G729
    /// for G729A, G726 for all its rates.</param>
    public static AudioDecoderFactory Without(IReadOnlyCollection<string> names)
    {
        if (names.Count == 0) return TryCreate;
        string[] off = [.. names.Select(static name => name.ToUpperInvariant())];
        return (PayloadFormat format, string? fmtp, [NotNullWhen(true)] out IAudioDecoder? decoder, [NotNullWhen(false)] out string? reason) =>
        {
            if (!Array.Exists(off, name => IsNamed(format.EncodingName, name))) return TryCreate(format, fmtp, out decoder, out reason);
            decoder = null;
            reason = $"{Unsupported}{Printable(format)} {TurnedOff}";
            return false;
        };
    }

    /// <summary>True where a reason says that the codec was turned off, so that another attempt would do no better.</summary>
    public static bool IsTurnedOff(string reason) => reason.StartsWith(Unsupported, StringComparison.Ordinal) && reason.EndsWith(TurnedOff, StringComparison.Ordinal);

    /// <summary>Names by which a codec can be left out, for whoever checks a setting.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["PCMU", "PCMA", "L16", "G722", "GSM", "G726", "G721", "G729", "SPEEX", "AMR", "AMR-WB", "DVI4", "OPUS"];

    private static bool IsNamed(string encodingName, string name) => encodingName == name || name switch
    {
        "G729" => encodingName is "G729A" or "G729B" or "G729AB",
        "G726" => encodingName.StartsWith("G726-", StringComparison.Ordinal) || encodingName.StartsWith("AAL2-G726-", StringComparison.Ordinal),
        _ => false,
    };

    private static string? Refusal(PayloadFormat format)
    {
        if (format.EncodingName.Length == 0) return "the payload type is not known";
        if (format.Kind is not (PayloadKind.Audio or PayloadKind.ComfortNoise)) return $"{Printable(format)} is no sound";
        if (format.Channels > MaxChannels) return $"{Printable(format)} has {format.Channels} channels";
        return null;
    }

    private static IAudioDecoder? Create(PayloadFormat format, string? fmtp, CodecLibraries libraries, out string? refusal)
    {
        refusal = null;
        switch (format.EncodingName)
        {
            case "PCMU":
                return HasRate(format, ref refusal) ? new G711Decoder(isMuLaw: true, format.ClockRateHz, format.Channels) : null;
            case "PCMA":
                return HasRate(format, ref refusal) ? new G711Decoder(isMuLaw: false, format.ClockRateHz, format.Channels) : null;
            case "L16":
                return HasRate(format, ref refusal) ? new LinearDecoder(format.ClockRateHz, format.Channels) : null;
            case "G722":
                return IsMono(format, ref refusal) ? Native("G.722", CodecLibrary.Spandsp, libraries, static () => G722Decoder.Create(), ref refusal) : null;
            case "GSM":
                return IsMono(format, ref refusal) ? Native("GSM 06.10", CodecLibrary.Gsm, libraries, static () => GsmDecoder.Create(), ref refusal) : null;
            case "G726-16" or "G726-24" or "G726-32" or "G726-40" or "AAL2-G726-16" or "AAL2-G726-24" or "AAL2-G726-32" or "AAL2-G726-40" or "G721":
                // G.721 is what G.726 at 32 kbit/s was called before.
                int codeBits = format.EncodingName switch { [.., '1', '6'] => 2, [.., '2', '4'] => 3, [.., '4', '0'] => 5, _ => 4 };
                bool isAal2 = format.EncodingName[0] == 'A';
                return IsMono(format, ref refusal)
                    ? Native("G.726", CodecLibrary.Spandsp, libraries, () => G726Decoder.Create(codeBits, isAal2), ref refusal)
                    : null;
            case "G729" or "G729A" or "G729B" or "G729AB":
                return IsMono(format, ref refusal) ? Native("G.729", CodecLibrary.Bcg729, libraries, static () => G729Decoder.Create(), ref refusal) : null;
            case "SPEEX":
                int mode = format.ClockRateHz switch { 8_000 => 0, 16_000 => 1, 32_000 => 2, _ => -1 };
                if (mode >= 0) return Native("Speex", CodecLibrary.Speex, libraries, () => SpeexDecoder.Create(mode), ref refusal);
                refusal = $"Speex at {format.ClockRateHz} Hz";
                return null;
            case "AMR":
                return IsMono(format, ref refusal) ? Amr("AMR", false, CodecLibrary.AmrNarrow, fmtp, libraries, ref refusal) : null;
            case "AMR-WB":
                return IsMono(format, ref refusal) ? Amr("AMR-WB", true, CodecLibrary.AmrWide, fmtp, libraries, ref refusal) : null;
            case "DVI4":
                return HasRate(format, ref refusal) && IsMono(format, ref refusal) ? new Dvi4Decoder(format.ClockRateHz) : null;
            case "CN":
                return HasRate(format, ref refusal) && IsMono(format, ref refusal) ? new ComfortNoiseDecoder(format.ClockRateHz) : null;
            case "ILBC":
                refusal = "iLBC has no library in Debian 12";
                return null;
            case "OPUS":
                // RFC 7587 7: rtpmap always says two channels; whether there are is in the parameters.
                bool isStereo = FormatParameters.IsOn(fmtp, "sprop-stereo") || FormatParameters.IsOn(fmtp, "stereo");
                return Native("Opus", CodecLibrary.Opus, libraries, () => OpusDecoder.Create(isStereo ? 2 : 1), ref refusal);
            default:
                refusal = $"{Printable(format)} has no decoder";
                return null;
        }
    }

    private static IAudioDecoder? Amr(string name, bool isWide, CodecLibrary library, string? fmtp, CodecLibraries libraries, ref string? refusal)
    {
        // RFC 4867 4.4.1: both spread the bits of a frame; nobody was seen to send them.
        foreach (string option in (ReadOnlySpan<string>)["interleaving", "robust-sorting"])
        {
            if (FormatParameters.Find(fmtp, option) is null or "0") continue;
            refusal = $"{name} with {option}";
            return null;
        }

        bool isOctetAligned = FormatParameters.IsOn(fmtp, "octet-align"), hasChecksums = FormatParameters.IsOn(fmtp, "crc");
        return Native(name, library, libraries, () => AmrDecoder.Create(isWide, isOctetAligned, hasChecksums), ref refusal);
    }

    private static IAudioDecoder? Native(string name, CodecLibrary library, CodecLibraries libraries, Func<IAudioDecoder?> create, ref string? refusal)
    {
        if (!libraries.Has(library))
        {
            refusal = $"{name} needs {library.Package}";
            return null;
        }

        IAudioDecoder? decoder = create();
        if (decoder is null) refusal = $"{name}: {library.Package} gave no decoder";
        return decoder;
    }

    private static bool HasRate(PayloadFormat format, ref string? refusal)
    {
        if (format.ClockRateHz is >= MinRateHz and <= MaxRateHz) return true;
        refusal = $"{Printable(format)} at {format.ClockRateHz} Hz";
        return false;
    }

    private static bool IsMono(PayloadFormat format, ref string? refusal)
    {
        if (format.Channels == 1) return true;
        refusal = $"{Printable(format)} with {format.Channels} channels";
        return false;
    }

    // The name is from the wire and goes into records and logs.
    private static string Printable(PayloadFormat format)
    {
        const int longest = 32;
        ReadOnlySpan<char> name = format.EncodingName.AsSpan(0, Math.Min(format.EncodingName.Length, longest));
        return string.Create(name.Length, name, static (text, from) =>
        {
            for (int i = 0; i < text.Length; i++) text[i] = from[i] is > ' ' and < (char)127 ? from[i] : '?';
        });
    }
}

using CdrEngine.Media.Codecs;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Media.Tests.Codecs;

/// <summary>Sizes of payloads, good and bad, codec by codec. Rows: name, format, parameters, payload (hex; <c>*n</c> repeats the pair before it), samples.</summary>
public sealed class FramingTests
{
    private const string Opus = "opus/48000";
    private const string G729 = "G729/8000";
    private const string Gsm = "GSM/8000";
    private const string Amr = "AMR/8000";
    private const string AmrWb = "AMR-WB/16000";
    private const string Speex = "speex/8000";
    private const string Speex16 = "speex/16000";

    public static TheoryData<string, string, string, string, int> Rows => new()
    {
        // RFC 6716 3.2.1 to 3.4
        { "one frame", Opus, "", "78 00*10", 960 },
        { "one frame too long", Opus, "", "78 00*1276", -1 },
        { "two equal", Opus, "", "79 00*10", 1920 },
        { "two equal, odd", Opus, "", "79 00*11", -1 },
        { "two told", Opus, "", "7A 03 00*9", 1920 },
        { "two told, first too long", Opus, "", "7A 0A 00*9", -1 },
        { "two told, no length", Opus, "", "7A", -1 },
        { "two told, half a length", Opus, "", "7A FC", -1 },
        { "two told, long length", Opus, "", "7A FC 01 00*256", 1920 },
        { "many, no count", Opus, "", "7B", -1 },
        { "many, none", Opus, "", "7B 00", -1 },
        { "many, three equal", Opus, "", "7B 03 00*9", 2880 },
        { "many, three unequal", Opus, "", "7B 03 00*8", -1 },
        { "many, over 120 ms", Opus, "", "7B 07 00*7", -1 },
        { "many, 48 of 2.5 ms", Opus, "", "83 30 00*48", 5760 },
        { "many, padding", Opus, "", "7B 42 02 00*4 00*2", 1920 },
        { "many, padding too long", Opus, "", "7B 42 09 00*4", -1 },
        { "many, padding of 254 and more", Opus, "", "7B 41 FF 00 00*4 00*254", 960 },
        { "many, padding never ends", Opus, "", "7B 41 FF", -1 },
        { "many, variable", Opus, "", "7B 83 01 02 00*9", 2880 },
        { "many, variable too long", Opus, "", "7B 83 08 08 00*9", -1 },
        { "many, variable cut", Opus, "", "7B 83 01", -1 },

        { "one", G729, "", "00*10", 80 },
        { "six", G729, "", "00*60", 480 },
        { "descriptor alone", G729, "", "12 34", 80 },
        { "frames and descriptor", G729, "", "00*22", 240 },
        { "half", G729, "", "00*15", -1 },
        { "one byte", G729, "", "00", -1 },

        { "one", Gsm, "", "D0 00*32", 160 },
        { "two", Gsm, "", "D0 00*32 DF 00*32", 320 },
        { "second without signature", Gsm, "", "D0 00*32 C0 00*32", -1 },
        { "cut", Gsm, "", "D0 00*31", -1 },

        { "whole codes", "G726-24/8000", "", "00*60", 160 },
        { "half codes", "G726-24/8000", "", "00*61", -1 },
        { "half codes", "G726-40/8000", "", "00*99", -1 },
        { "any", "G726-16/8000", "", "00*7", 28 },
        { "two a byte", "G722/8000", "", "00*160", 320 },

        { "state only", "DVI4/8000", "", "00 00 00 00", 0 },
        { "samples", "DVI4/8000", "", "00 00 58 00 12 34", 4 },
        { "no such step", "DVI4/8000", "", "00 00 59 00 12 34", -1 },
        { "cut", "DVI4/8000", "", "00 00 00", -1 },

        // RFC 4867: request F, then F=0 type Q=1
        { "no data", Amr, "octet-align=1", "F0 7C", 160 },
        { "12.2, aligned", Amr, "octet-align=1", "F0 3C 00*31", 160 },
        { "12.2, aligned, cut", Amr, "octet-align=1", "F0 3C 00*30", -1 },
        { "12.2, aligned, one over", Amr, "octet-align=1", "F0 3C 00*32", -1 },
        { "12.2, efficient", Amr, "", "F3 C0 00*30", 160 },
        { "12.2, efficient, cut", Amr, "", "F3 C0 00*29", -1 },
        { "descriptor, aligned", Amr, "octet-align=1", "F0 44 00*5", 160 },
        { "descriptor, efficient", Amr, "", "F4 40 00*5", 160 },
        { "descriptor of another codec", Amr, "octet-align=1", "F0 4C 00*5", -1 },
        { "two, aligned", Amr, "octet-align=1", "F0 BC 3C 00*62", 320 },
        { "table never ends", Amr, "octet-align=1", "F0 BC BC BC", -1 },
        { "request only", Amr, "octet-align=1", "F0", -1 },
        { "request only", Amr, "", "F0", -1 },
        { "checksum", Amr, "crc=1", "F0 3C A5 00*31", 160 },
        { "checksum missing", Amr, "crc=1", "F0 3C 00*31", -1 },
        { "damaged", Amr, "octet-align=1", "F0 38 00*31", 160 },
        { "23.85", AmrWb, "octet-align=1", "F0 44 00*60", 320 },
        { "speech lost", AmrWb, "octet-align=1", "F0 74", 320 },
        { "descriptor", AmrWb, "octet-align=1", "F0 4C 00*5", 320 },
        { "no such type", AmrWb, "octet-align=1", "F0 54", -1 },

        // Speex: layer bit, mode; mode 0 is five bits, 15 ends
        { "silence", Speex, "", "03", 160 },
        { "silence, padded otherwise", Speex, "", "07", 160 },
        { "silence twice", Speex, "", "00 1F", 320 },
        { "end at once", Speex, "", "78", 0 },
        { "mode 1 cut", Speex, "", "08 00*3", -1 },
        { "mode 1", Speex, "", "08 00*4 0F", 160 },
        { "mode that there is not", Speex, "", "48 00*60", -1 },
        { "signal", Speex, "", "70 00 F0", 160 },
        { "high layer before it", Speex, "", "90 00*4 03", 320 },
        { "two high layers before it", Speex, "", "90 00*3 09 00*4 07", 160 },
        { "three high layers", Speex, "", "90 00*3 09 00*3 00 80 00*4", -1 },
        { "empty high layer before it", Speex, "", "80 03", -1 },
        { "longer than any", Speex, "", "07*2001", -1 },
        { "wide: narrow alone", Speex16, "", "03", 320 },
        { "wide: with a layer", Speex16, "", "04 3F", 320 },
        { "wide: layer that there is not", Speex16, "", "07 00", -1 },
        { "wide: layer cut", Speex16, "", "04 80", -1 },
        { "wide: head of a layer cut", Speex16, "", "07", -1 },

        { "empty", "PCMU/8000", "", "", 0 },
        { "empty", Amr, "", "", 0 },
    };

    [CodecFact("libspandsp.so.2", "libgsm.so.1", "libopus.so.0", "libbcg729.so.0", "libspeex.so.1", "libopencore-amrnb.so.0", "libopencore-amrwb.so.0")]
    public void Payloads_OfEachRow_GiveTheirSamples() => Assert.Equal("", string.Join('\n', Rows.Select(Complaint).OfType<string>()));

    private static string? Complaint(object[] row)
    {
        string[] format = ((string)row[1]).Split('/');
        string fmtp = (string)row[2];
        int rate = int.Parse(format[1], System.Globalization.CultureInfo.InvariantCulture);
        using IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of(format[0], rate), fmtp.Length > 0 ? fmtp : null);
        int samples = decoder.Decode(Bytes((string)row[3]), new short[AudioDecoders.MaxSamplesPerPacket]);
        return samples == (int)row[4] ? null : $"{row[1]} {row[0]}: {samples}, not {row[4]}";
    }

    private static byte[] Bytes(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(static part =>
    {
        string[] pair = part.Split('*');
        int times = pair.Length > 1 ? int.Parse(pair[1], System.Globalization.CultureInfo.InvariantCulture) : 1;
        return Enumerable.Repeat(Convert.ToByte(pair[0], 16), times);
    }).ToArray();
}

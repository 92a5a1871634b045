using System.Diagnostics;
using CdrEngine.Media.Codecs;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Benchmarks.Media;

/// <summary>How much faster than real time each codec decodes on one core, and that it allocates nothing. Payloads are of speech where it
/// matters: what a codec costs depends on what it is given.</summary>
public static class CodecBenchmarks
{
    private const int MillisecondsEach = 300;

    // One packet of voiced speech each; 20 ms, 40 of GSM.
    private static readonly (string Name, PayloadFormat Format, string? Fmtp, byte[] Payload)[] Packets =
    [
        ("G.711 A-law", PayloadFormat.Of("PCMA", 8000), null, Pattern(160)),
        ("L16 48 kHz", PayloadFormat.Of("L16", 48_000), null, Pattern(1920)),
        ("DVI4", PayloadFormat.Of("DVI4", 8000), null, [0, 0, 20, 0, .. Pattern(80)]),
        ("G.722", PayloadFormat.Of("G722", 8000), null, Pattern(160)),
        ("G.726-32", PayloadFormat.Of("G726-32", 8000), null, Pattern(80)),
        (
            "GSM",
            PayloadFormat.Of("GSM", 8000),
            null,
            Convert.FromHexString(
                "D5E0B9D3E2C6E3E84474C5CD8242B89B93D6C2C64344E5D6B0A1CCC32BAE884096D899A997A3CFA4BBA888A5CF81E8C9044E" +
                "1D2E7F09545A6A79B9814A3AD137C2A6")),
        (
            "G.729",
            PayloadFormat.Of("G729", 8000),
            null,
            Convert.FromHexString(
                "229359805C58F2313BC8085F5B7AE2C848CB8ADB")),
        (
            "Speex 8 kHz",
            PayloadFormat.Of("speex", 8000),
            null,
            Convert.FromHexString(
                "2E5D9082F0B5BA8EB8A6120FFFA55F5583B6B836B35290BA9B3788035FE957C9E68489A5BE57")),
        (
            "Speex 16 kHz",
            PayloadFormat.Of("speex", 16000),
            null,
            Convert.FromHexString(
                "365D9082F04BCA3B65CADF652C2AB6A49D48141D1C162C8227924E9486F7F8F8EDD2ABA9274FCB0A4BA833E3ECBBBE907342" +
                "ABC2AB0BDC98DAB0D0C2ABABABAB04942AB8DAB7")),
        (
            "Speex 32 kHz",
            PayloadFormat.Of("speex", 32000),
            null,
            Convert.FromHexString(
                "365DB082F0485A354979AF2D242796DADD17CDD7CC33CFED2B524EA6AFF67094646D7E092F4CF8FCBF4D1C4B495B57108D6B" +
                "420DC204942AB8DAB0A7AB8DABAB0C9AB0D0D8D93B6318E6")),
        (
            "Opus SILK",
            PayloadFormat.Of("opus", 48000, 2),
            null,
            Convert.FromHexString(
                "489C815E8F179128FB29BB6F5C90224AA3648263792649C9990EBA4B2D6EB96C616DE95C")),
        (
            "Opus CELT",
            PayloadFormat.Of("opus", 48000, 2),
            null,
            Convert.FromHexString(
                "7899405218BD9128FB29BB6D5771604BB3F493BC140C376E2D55DA13ED255D052C392C801136683F5E4319789AB389867761" +
                "6743DD1EA0DDA91FBEE2A5D38AE89C5E5C18EAAE2B9954679A06D8A2F8CDAF5E2932A3F4B4A4CCCD3CC1F67DD67F088A289E" +
                "7B732E75CD915A38FE6378AF73")),
        (
            "AMR 12.2",
            PayloadFormat.Of("AMR", 8000),
            null,
            Convert.FromHexString(
                "F3C36015BE79CB74987CB59613B2CC2178E491DD04DFB33A49B6049E92C7E6DC")),
        (
            "AMR-WB 23.85",
            PayloadFormat.Of("AMR-WB", 16000),
            null,
            Convert.FromHexString(
                "F46F9630471368E5BB0180884A767C8454CBFE19F7BB9E540C9C66C367E5FFAEDE9D06D2FD90066AD21936F256391C80261E" +
                "F35BE8E26B776540626A54")),
    ];

    /// <summary>Runs all and prints a line each; some seconds.</summary>
    public static void Run(TextWriter output)
    {
        foreach ((string name, PayloadFormat format, string? fmtp, byte[] payload) in Packets)
        {
            if (AudioDecoders.TryCreate(format, fmtp, out IAudioDecoder? decoder, out string? reason)) Measure(output, name, decoder, payload);
            else output.WriteLine($"codecs: {name,-12} {reason}");
        }
    }

    private static void Measure(TextWriter output, string name, IAudioDecoder decoder, byte[] payload)
    {
        using IAudioDecoder owned = decoder;
        short[] pcm = new short[AudioDecoders.MaxSamplesPerPacket];
        Decode(decoder, payload, pcm, MillisecondsEach / 3);
        long before = GC.GetAllocatedBytesForCurrentThread();
        (long packets, long samples, double seconds) = Decode(decoder, payload, pcm, MillisecondsEach);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        double sound = (double)samples / decoder.SampleRateHz;
        output.WriteLine($"codecs: {name,-12} {sound / seconds,9:N0} x real time, {seconds / packets * 1e6,7:F2} us a packet of {payload.Length} bytes, {(double)allocated / packets:F3} bytes allocated");
    }

    private static (long Packets, long Samples, double Seconds) Decode(IAudioDecoder decoder, byte[] payload, short[] pcm, int milliseconds)
    {
        long packets = 0, samples = 0;
        long start = Stopwatch.GetTimestamp();
        do
        {
            for (int i = 0; i < 50; i++) samples += decoder.Decode(payload, pcm);
            packets += 50;
        }
        while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < milliseconds);
        return (packets, samples, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static byte[] Pattern(int bytes)
    {
        byte[] pattern = new byte[bytes];
        for (int i = 0; i < bytes; i++) pattern[i] = (byte)((i * 2_654_435_761) >> 24);
        return pattern;
    }
}

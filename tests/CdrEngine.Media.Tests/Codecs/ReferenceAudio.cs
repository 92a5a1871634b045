using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using CdrEngine.Media.Codecs;
using CdrEngine.Protocols.Rtp;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Media.Tests.Codecs;

/// <summary>Speech, other people's encoders of it, and how like two sounds are.</summary>
internal static class ReferenceAudio
{
    /// <summary>Six seconds of speech, 8 kHz mono, 16 bits.</summary>
    public static readonly string SpeechPath = Checkout.Fixture("audio", "alice.wav");

    /// <summary>The speech at a sample rate, perhaps through a filter of ffmpeg.</summary>
    public static short[] Speech(int rateHz, string filter = "anull") =>
        Samples(Run("ffmpeg", "-i", SpeechPath, "-ar", Text(rateHz), "-af", filter, "-f", "s16le", "{out}"));

    /// <summary>16-bit samples of little-endian bytes.</summary>
    public static short[] Samples(byte[] bytes) => MemoryMarshal.Cast<byte, short>(bytes).ToArray();

    /// <summary>The speech at a sample rate, encoded by ffmpeg: one array for each of its packets.</summary>
    public static byte[][] Encode(int rateHz, params string[] codec)
    {
        string rate = Text(rateHz);
        byte[] bytes = Run("ffmpeg", ["-i", SpeechPath, "-ar", rate, "-map", "0:a", .. codec, "-f", "data", "{out}"]);
        string sizes = System.Text.Encoding.ASCII.GetString(Run("ffmpeg", ["-i", SpeechPath, "-ar", rate, "-map", "0:a", .. codec, "-f", "framecrc", "{out}"]));
        var packets = new List<byte[]>();
        int at = 0;
        foreach (string line in sizes.Split('\n').Where(static line => line.Length > 0 && line[0] != '#'))
        {
            // stream, dts, pts, duration, size, checksum
            int size = int.Parse(line.Split(',')[4].Trim(), CultureInfo.InvariantCulture);
            packets.Add(bytes[at..(at + size)]);
            at += size;
        }

        Assert.Equal(bytes.Length, at);
        return [.. packets];
    }

    /// <summary>The same bytes in packets of another size; what is over at the end is left out.</summary>
    public static byte[][] Repacket(byte[][] packets, int size)
    {
        byte[] all = [.. packets.SelectMany(static packet => packet)];
        return Enumerable.Range(0, all.Length / size).Select(i => all[(i * size)..((i + 1) * size)]).ToArray();
    }

    /// <summary>Runs a program; the bytes of the file that it wrote to <c>{out}</c>.</summary>
    public static byte[] Run(string program, params string[] arguments)
    {
        string file = Path.Combine(Path.GetTempPath(), $"cdrengine-{Guid.NewGuid():N}");
        string[] quiet = program == "ffmpeg" ? ["-hide_banner", "-loglevel", "error", "-nostdin", "-y"] : ["-D"]; // -D: sox without dither
        try
        {
            var start = new ProcessStartInfo(program, [.. quiet, .. arguments.Select(argument => argument == "{out}" ? file : argument)])
            {
                UseShellExecute = false,
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {errors}");
            return File.ReadAllBytes(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    public static IAudioDecoder Decoder(PayloadFormat format, string? fmtp = null)
    {
        Assert.True(AudioDecoders.TryCreate(format, fmtp, out IAudioDecoder? decoder, out string? reason), reason);
        return decoder;
    }

    /// <summary>All packets decoded, none of them malformed.</summary>
    public static short[] Decode(PayloadFormat format, string? fmtp, IEnumerable<byte[]> packets)
    {
        using IAudioDecoder decoder = Decoder(format, fmtp);
        var sound = new List<short>();
        short[] pcm = new short[AudioDecoders.MaxSamplesPerPacket];
        int number = 0;
        foreach (byte[] packet in packets)
        {
            int samples = decoder.Decode(packet, pcm);
            Assert.True(samples >= 0, $"packet {number} of {packet.Length} bytes is malformed");
            sound.AddRange(pcm.AsSpan(0, samples * decoder.Channels));
            number++;
        }

        return [.. sound];
    }

    /// <summary>How like two sounds are, -1..1: their normalised cross-correlation where <paramref name="later"/> lags behind by up to
    /// <paramref name="mostLag"/> samples, either way.</summary>
    public static (double Likeness, int Lag) Compare(short[] first, short[] later, int mostLag)
    {
        // The lag is looked for in a part, the likeness is of all.
        int length = Math.Min(first.Length, later.Length), from = length / 4, part = Math.Min(length / 4, 16_000);
        float[] firsts = Array.ConvertAll(first, static sample => (float)sample), laters = Array.ConvertAll(later, static sample => (float)sample);
        int best = 0;
        double bestLikeness = double.MinValue;
        for (int lag = -mostLag; lag <= mostLag; lag++)
        {
            if (from + lag < 0 || from + lag + part > later.Length) continue;
            double likeness = Product(firsts.AsSpan(from, part), laters.AsSpan(from + lag, part)) / Math.Sqrt(Product(laters.AsSpan(from + lag, part), laters.AsSpan(from + lag, part)) + 1);
            if (likeness <= bestLikeness) continue;
            bestLikeness = likeness;
            best = lag;
        }

        int skip = Math.Max(0, -best);
        int count = Math.Min(first.Length - skip, later.Length - skip - best);
        return (Correlate(first.AsSpan(skip, count), later.AsSpan(skip + best, count)), best);
    }

    public static double Correlate(ReadOnlySpan<short> a, ReadOnlySpan<short> b)
    {
        double product = 0, energyA = 1e-9, energyB = 1e-9;
        for (int i = 0; i < a.Length; i++)
        {
            product += (double)a[i] * b[i];
            energyA += (double)a[i] * a[i];
            energyB += (double)b[i] * b[i];
        }

        return product / Math.Sqrt(energyA * energyB);
    }

    private static double Product(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(a), others = MemoryMarshal.Cast<float, Vector<float>>(b);
        Vector<float> sum = Vector<float>.Zero;
        for (int i = 0; i < vectors.Length; i++) sum += vectors[i] * others[i];
        return Vector.Sum(sum);
    }

    public static double Effective(ReadOnlySpan<short> sound)
    {
        double energy = 0;
        foreach (short sample in sound) energy += (double)sample * sample;
        return Math.Sqrt(energy / Math.Max(sound.Length, 1));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

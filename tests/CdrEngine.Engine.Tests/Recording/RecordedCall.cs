using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Recording;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Media.Mixing;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Recording;

/// <summary>The packets of one call in memory.</summary>
internal sealed class PacketsInMemory(FrameBuffer frames) : ICallPackets
{
    public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor)
    {
        foreach (CapturedPacket packet in frames)
        {
            if (!visitor.Visit(packet)) break;
        }

        return frames.Count > 0;
    }
}

/// <summary>Keeps what it is given.</summary>
internal sealed class PcmKeeper : IPcmSink
{
    private readonly List<short> _samples = [];

    public PcmFormat Format { get; set; }

    public bool IsComplete { get; private set; }

    public long Frames => _samples.Count / Math.Max(1, Format.Channels);

    public void Write(ReadOnlySpan<short> interleaved) => _samples.AddRange(interleaved);

    public void Complete() => IsComplete = true;

    /// <summary>One channel.</summary>
    public short[] Channel(int channel)
    {
        var samples = new short[Frames];
        for (int i = 0; i < samples.Length; i++) samples[i] = _samples[(i * Format.Channels) + channel];
        return samples;
    }
}

/// <summary>Runs captures through the engine and records their calls.</summary>
internal static class RecordedCall
{
    /// <summary>The engine's record of a lab scenario's only call, and its packets.</summary>
    public static (CallRecord Record, PacketsInMemory Packets) Lab(string scenario) => Single(SharedFolder.Path("lab", "captures", scenario + ".pcap"));

    /// <summary>The engine's record of the only answered call of a file, and its packets.</summary>
    public static (CallRecord Record, PacketsInMemory Packets) Single(string path)
    {
        using EngineRun run = EngineRun.OfFile(path, new RunOptions { KeepPackets = true });
        CallRecord record = run.Records.Single(static call => call.AnsweredAt is not null);
        return (record, new PacketsInMemory(run.Packets(record)));
    }

    /// <summary>Records to memory.</summary>
    public static (RecordingResult Result, PcmKeeper Sound) Record(
        CallRecord record, ICallPackets packets, RecordingRequest? request = null, CallRecorderOptions? options = null)
    {
        var keeper = new PcmKeeper();
        RecordingResult result = new CallRecorder(options ?? new CallRecorderOptions()).Render(
            record,
            packets,
            request ?? new RecordingRequest(),
            (PcmFormat format, Timestamp _, [NotNullWhen(true)] out IPcmSink? sink, [NotNullWhen(false)] out string? reason) =>
            {
                keeper.Format = format;
                sink = keeper;
                reason = null;
                return true;
            });
        return (result, keeper);
    }

    /// <summary>What a side of the lab plays: 8 kHz.</summary>
    public static short[] Voice(string name)
    {
        byte[] wav = File.ReadAllBytes(SharedFolder.Path("lab", "audio", name + ".wav"));
        var samples = new short[(wav.Length - 44) / 2];
        Buffer.BlockCopy(wav, 44, samples, 0, samples.Length * 2);
        return samples;
    }

    /// <summary>One channel of an MP3 as ffmpeg decodes it: 8 kHz in, 8 kHz out.</summary>
    public static short[] Decoded(string mp3, string channel)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "ffmpeg", ["-v", "error", "-i", mp3, "-af", $"pan=mono|c0={channel}", "-f", "s16le", "-"])
        { UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, short>(output.ToArray()).ToArray();
    }

    /// <summary>The streams of a scenario's call as the truth has them.</summary>
    public static IReadOnlyList<(string Voice, string Source, double First)> TrueStreams(string scenario)
    {
        using JsonDocument truth = JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Path("lab", "truth.json")));
        return
        [
            .. truth.RootElement.GetProperty(scenario).GetProperty("rtp_streams").EnumerateArray().Select(static stream =>
                (stream.GetProperty("voice").GetString()!, stream.GetProperty("src").GetString()!, stream.GetProperty("first").GetDouble())),
        ];
    }
}

/// <summary>Compares sounds.</summary>
internal static class Likeness
{
    /// <summary>The best normalised cross-correlation of a stretch of <paramref name="heard"/> with <paramref name="spoken"/>, and at which lag:
    /// sample i of what was spoken is sample i + lag of what was heard.</summary>
    public static (double Correlation, int Lag) Best(ReadOnlySpan<short> heard, ReadOnlySpan<short> spoken, int leastLag, int mostLag)
    {
        double best = -1;
        int bestLag = 0;
        for (int lag = leastLag; lag <= mostLag; lag++)
        {
            double correlation = At(heard, spoken, lag);
            if (correlation > best) (best, bestLag) = (correlation, lag);
        }

        return (best, bestLag);
    }

    public static double At(ReadOnlySpan<short> heard, ReadOnlySpan<short> spoken, int lag)
    {
        int from = Math.Max(0, lag), to = Math.Min(heard.Length, spoken.Length + lag);
        double both = 0, left = 0, right = 0;
        for (int i = from; i < to; i++)
        {
            double a = heard[i], b = spoken[i - lag];
            both += a * b;
            left += a * a;
            right += b * b;
        }

        return both / Math.Sqrt(Math.Max(1, left) * Math.Max(1, right));
    }

    /// <summary>The sound at another rate, by the mean of so many samples: good enough to compare what was band-limited to 8 kHz.</summary>
    public static short[] Thinned(short[] sound, int by)
    {
        if (by == 1) return sound;
        var thin = new short[sound.Length / by];
        for (int i = 0; i < thin.Length; i++)
        {
            int sum = 0;
            for (int j = 0; j < by; j++) sum += sound[(i * by) + j];
            thin[i] = (short)(sum / by);
        }

        return thin;
    }
}

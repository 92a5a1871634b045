using System.Text;
using CdrEngine.Core;
using CdrEngine.Media.Encoders;
using CdrEngine.Media.Mixing;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Media.Tests.Encoders;

/// <summary>MP3 files as another decoder reads them back.</summary>
public sealed class Mp3EncoderTests
{
    [ToolTheory("ffmpeg")]
    [InlineData(8_000, 2, 80_041)]
    [InlineData(8_000, 1, 8_001)]
    [InlineData(16_000, 2, 31_999)]
    [InlineData(16_000, 1, 16_001)]
    [InlineData(48_000, 2, 100_003)]
    [InlineData(48_000, 1, 48_000)]
    [InlineData(8_000, 2, 100)]
    public void File_DecodedByAnother_HasEachSampleAndTheSoundInItsPlace(int rate, int channels, int frames)
    {
        // A chirp left, another right; so that a shift by a sample shows.
        var pcm = new short[frames * channels];
        for (int i = 0; i < frames; i++)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                double seconds = (double)i / rate;
                pcm[(i * channels) + channel] = (short)(9000 * Math.Sin(2 * Math.PI * ((300 + (400 * channel)) + (100 * seconds)) * seconds));
            }
        }

        using var file = new ScratchFile(".mp3");
        Write(file.Path, new PcmFormat(rate, channels, frames), pcm, tags: null);
        short[] back = ForeignTool.Decode(file.Path, channels);
        Assert.Equal(frames, back.Length / channels);
        if (frames < 1000) return;
        for (int channel = 0; channel < channels; channel++)
        {
            double[] correlations = [.. Enumerable.Range(-2, 5).Select(lag => Correlation(pcm, back, channels, channel, lag))];
            Assert.Equal(2, Array.IndexOf(correlations, correlations.Max()));
            Assert.InRange(correlations[2], 0.99, 1.0001);
        }
    }

    [ToolFact("ffprobe")]
    public void File_ProbedByAnother_HasTagsBitRateAndLength()
    {
        using var file = new ScratchFile(".mp3");
        var tags = new RecordingTags
        {
            Caller = "Ali\u0007ce\u202e \"x\" <1001>",
            Callee = "Bj\u00f6rn",
            Id = "20261120-abc",
            SipCallId = "a\r\nb@c",
            StartedAt = Timestamp.FromUnix(1_795_146_767, 19_185),
            Duration = TimeSpan.FromSeconds(10),
        };
        Write(file.Path, new PcmFormat(8000, 2, 80_000), new short[160_000], tags);
        string[] lines = Encoding.UTF8.GetString(ForeignTool.Run("ffprobe", "-v", "error", "-show_format", "-show_streams", file.Path)).Split('\n');
        Assert.Contains("TAG:title=Alice \"x\" <1001> \u2192 Bj\u00f6rn", lines);
        Assert.Contains("TAG:call_id=20261120-abc", lines);
        Assert.Contains("TAG:sip_call_id=ab@c", lines);
        Assert.Contains("TAG:started_at=2026-11-20T03:52:47.019185Z", lines);
        Assert.Contains("bit_rate=32000", lines);

        // A prober counts whole frames, delay and padding with them.
        double seconds = double.Parse(lines.First(static line => line.StartsWith("duration=", StringComparison.Ordinal))["duration=".Length..], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(seconds, 10, 10.25);
    }

    [ToolFact("ffmpeg")]
    public void SilentChannel_StaysSilent()
    {
        // Plain stereo: nothing of one side in the other.
        var pcm = new short[160_000];
        for (int i = 0; i < pcm.Length; i += 2) pcm[i] = (short)(9000 * Math.Sin(2 * Math.PI * 440 * i / 16_000));
        using var file = new ScratchFile(".mp3");
        Write(file.Path, new PcmFormat(8000, 2, 80_000), pcm, tags: null);
        short[] back = ForeignTool.Decode(file.Path, 2);
        Assert.All(back.Where(static (_, i) => i % 2 == 1), static sample => Assert.InRange(sample, -8, 8));
        Assert.Contains(back, static sample => sample > 8000);
    }

    [ToolFact("ffmpeg")]
    public void Position_OfTheStream_IsRespected()
    {
        // A tag frame is written over the placeholder at the front, wherever the front is.
        var output = new MemoryStream();
        output.Write("before"u8);
        Assert.True(Mp3Encoder.TryCreate(output, new PcmFormat(8000, 2, 800), null, out Mp3Encoder? encoder, out _));
        using (encoder)
        {
            encoder.Write(new short[1600]);
            encoder.Complete();
        }

        Assert.Equal(output.Length, output.Position);
        byte[] bytes = output.ToArray();
        Assert.Equal("before"u8.ToArray(), bytes[..6]);
        Assert.Equal((0xFF, 0xE0), (bytes[6], bytes[7] & 0xE0));
        Assert.True(bytes.AsSpan(6, 100).IndexOf("Info"u8) > 0);
        Assert.True(bytes.AsSpan(6, 200).IndexOf("LAME"u8) > 0);
    }

    [Fact]
    public void StreamThatCannotSeek_IsRefused()
    {
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream();
        Assert.Throws<ArgumentException>(() => Mp3Encoder.TryCreate(pipe, new PcmFormat(8000, 2, 1), null, out _, out _));
    }

    [Fact]
    public void Text_FromTheWire_IsCleanedAndCut()
    {
        Assert.Null(new RecordingTags { Caller = "\0\r\n " }.ToId3() is { Length: 0 } ? null : "a tag");
        byte[] tag = new RecordingTags { SipCallId = new string('x', 5000) + "\ud800" }.ToId3();
        Assert.InRange(tag.Length, 256, 320);
        Assert.Equal("ID3"u8.ToArray(), tag[..3]);
        Assert.All(tag[6..10], static size => Assert.InRange(size, (byte)0, (byte)0x7F));
    }

    private static void Write(string path, PcmFormat format, short[] pcm, RecordingTags? tags)
    {
        using FileStream output = File.Create(path);
        Assert.True(Mp3Encoder.TryCreate(output, format, tags, out Mp3Encoder? encoder, out string? reason), reason);
        using (encoder)
        {
            for (int at = 0; at < pcm.Length; at += 1000 * format.Channels) encoder.Write(pcm.AsSpan(at, Math.Min(1000 * format.Channels, pcm.Length - at)));
            encoder.Complete();
        }
    }

    private static double Correlation(short[] sent, short[] back, int channels, int channel, int lag)
    {
        double both = 0, left = 0, right = 0;
        int frames = sent.Length / channels;
        for (int i = 2; i < frames - 2; i++)
        {
            double a = sent[(i * channels) + channel], b = back[((i + lag) * channels) + channel];
            both += a * b;
            left += a * a;
            right += b * b;
        }

        return both / Math.Sqrt(left * right);
    }
}

using System.Text;
using System.Text.Json;
using CdrEngine.Media.Encoders;
using CdrEngine.Media.Mixing;
using Xunit;

namespace CdrEngine.Media.Tests.Encoders;

/// <summary>The outline that a page draws.</summary>
public sealed class WaveformBuilderTests
{
    [Fact]
    public void Peaks_AreOfEachSideAndInterval()
    {
        // 45 ms at 8 kHz: three points, the last short.
        var waveform = new WaveformBuilder(new PcmFormat(8000, 2, 360));
        var pcm = new short[720];
        pcm[2 * 10] = 16_384;
        pcm[(2 * 200) + 1] = short.MinValue;
        pcm[2 * 359] = -128;
        foreach (short[] piece in pcm.Chunk(14)) waveform.Write(piece);
        waveform.Complete();
        Assert.Equal(3, waveform.Points);
        Assert.Equal([128, 0, 1], waveform.Peaks(0).ToArray());
        Assert.Equal([0, 255, 0], waveform.Peaks(1).ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void LongRecording_HasFewPointsOfWiderIntervals(int seconds)
    {
        // One click a second; whatever the interval, each is in the point it belongs to.
        var waveform = new WaveformBuilder(new PcmFormat(1000, 1, seconds * 1000L), intervalMilliseconds: 1, mostPoints: 64);
        for (int i = 0; i < seconds; i++)
        {
            var pcm = new short[1000];
            pcm[0] = (short)(i == 0 ? 32_000 : 1280);
            waveform.Write(pcm);
        }

        waveform.Complete();
        Assert.InRange(waveform.Points, 32, 64);
        Assert.Equal((seconds * 1000 + waveform.IntervalMilliseconds - 1) / waveform.IntervalMilliseconds, waveform.Points);
        Assert.Equal(250, waveform.Peaks(0)[0]);
        for (int i = 1; i < seconds; i++) Assert.InRange(waveform.Peaks(0)[i * 1000 / waveform.IntervalMilliseconds], 10, 250);
    }

    [Fact]
    public void Json_HasEachSideByName()
    {
        var waveform = new WaveformBuilder(new PcmFormat(8000, 2, 160));
        waveform.Write(new short[320]);
        waveform.Complete();
        var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text)) waveform.WriteJson(json);
        Assert.Equal("""{"version":1,"sample_rate":8000,"duration_ms":20,"interval_ms":20,"points":1,"peaks":{"caller":[0],"callee":[0]}}""", Encoding.UTF8.GetString(text.ToArray()));
    }
}

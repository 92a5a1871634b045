using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Recording;
using CdrEngine.Media.Playout;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Recording;

/// <summary>Recordings of the lab's calls against the sound files that the phones played.</summary>
public sealed class LabRecordingTests
{
    [SharedTheory]
    [InlineData("01-answered-pcmu", 8_000)]
    [InlineData("02-callee-hangs-up-pcma", 8_000)]
    [InlineData("07-digest-407", 8_000)]
    [InlineData("14-g722", 16_000)]
    [InlineData("15-opus", 48_000)]
    [InlineData("16-gsm", 8_000)]
    [InlineData("22-ipv6", 8_000)]
    [InlineData("24-rtpengine", 8_000)]
    public void CleanCall_Recorded_HasEachVoiceOnItsSideAndInItsPlace(string scenario, int rate)
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab(scenario);
        (RecordingResult result, PcmKeeper sound) = RecordedCall.Record(record, packets);

        Assert.Equal((RecordingState.Available, null, null), (result.State, result.Reason, result.PartReason));
        Assert.Equal((rate, 2), (result.Format.SampleRateHz, result.Format.Channels));
        Assert.True(sound.IsComplete);
        Assert.Equal(result.Format.Frames, sound.Frames);
        Assert.InRange(result.Format.Duration - record.BillableDuration, TimeSpan.FromMilliseconds(-1), TimeSpan.FromMilliseconds(1));

        // The side's voice begins where its first packet of sound lies, less what the codec itself delays.
        IReadOnlyList<(string Voice, string Source, double First)> truth = RecordedCall.TrueStreams(scenario);
        double[] errors = new double[2];
        for (int side = 0; side < 2; side++)
        {
            string voice = side == 0 ? "alice" : "bob";
            double first = truth.Where(stream => stream.Voice == voice).Min(static stream => stream.First);
            short[] heard = Likeness.Thinned(sound.Channel(side), rate / 8000);
            (double correlation, int lag) = Likeness.Best(heard, RecordedCall.Voice(voice), -800, 1600);
            Assert.True(correlation > 0.9, $"{voice}: correlation {correlation:F3} at {lag / 8.0} ms");
            errors[side] = (lag / 8.0) - ((first - (result.StartedAt.Microseconds / 1e6)) * 1000);
            Assert.InRange(errors[side], -20, 20);
        }

        Assert.InRange(errors[0] - errors[1], -20, 20);
    }
}

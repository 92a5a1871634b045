using System.Diagnostics.CodeAnalysis;
using CdrEngine.Core;
using CdrEngine.Media.Codecs;
using CdrEngine.Media.Mixing;
using CdrEngine.Media.Playout;

namespace CdrEngine.Media.Tests.Playout;

/// <summary>Counts frames, keeping none.</summary>
internal sealed class CountingSink : IPcmSink
{
    private int _samples;

    public void Write(ReadOnlySpan<short> interleaved) => _samples += interleaved.Length;

    public void Complete()
    {
    }

    /// <summary>Frames of a recording, and the bytes that the timeline alone took for it.</summary>
    public int Measure(Tape tape, double seconds, out long allocated)
    {
        var options = new RecordingTimelineOptions { Start = Tape.Start, End = Tape.Start + TimeSpan.FromSeconds(seconds), SampleRateHz = Tape.Rate };
        RecordingPlan plan = tape.ToPlan();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var timeline = new RecordingTimeline(plan, options, AudioDecoders.TryCreate, (PcmFormat _, [NotNullWhen(true)] out IPcmSink? sink, [NotNullWhen(false)] out string? reason) =>
        {
            sink = this;
            reason = null;
            return true;
        });
        tape.PlayTo(timeline);
        timeline.Complete();
        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return _samples / 2;
    }
}

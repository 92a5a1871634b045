using System.Diagnostics.CodeAnalysis;
using CdrEngine.Benchmarks.Processes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Recording;
using CdrEngine.Media.Encoders;
using CdrEngine.Media.Mixing;

namespace CdrEngine.Benchmarks.Media;

/// <summary>Makes recordings as the engine does and notes how much processor time of it passes in the encoder. For one thread.</summary>
/// <remarks>What counts as the encoder is from the samples handed to libmp3lame until its frames lie in the buffer of the file: its own code, and some
/// thousand bytes copied for a second of sound.</remarks>
internal sealed class TimedRecorder : IRecordingMaker
{
    private readonly CallRecorder _recorder = new();

    /// <summary>Processor time of whole recordings.</summary>
    public TimeSpan Whole { get; private set; }

    /// <summary>Processor time in the encoder.</summary>
    public TimeSpan Encoder { get; private set; }

    /// <summary>Length of the sound made.</summary>
    public TimeSpan Sound { get; private set; }

    /// <inheritdoc />
    public RecordingOutcome Make(CallRecord record, ICallPackets packets, RecordingRequest request, Stream output)
    {
        TimeSpan before = ThreadClock.Now;
        long start = output.Position;
        Mp3Encoder? encoder = null;
        try
        {
            RecordingResult result = _recorder.Render(record, packets, request, Open);
            Sound += result.Format.Duration;
            return new RecordingOutcome
            {
                State = result.State,
                Reason = result.Reason,
                PartReason = result.PartReason,
                Duration = result.Format.Duration,
                SampleRateHz = result.Format.SampleRateHz,
                Channels = result.Format.Channels,
                Bytes = output.Position - start,
            };
        }
        finally
        {
            encoder?.Dispose();
            Whole += ThreadClock.Now - before;
        }

        bool Open(PcmFormat format, Timestamp startedAt, [NotNullWhen(true)] out IPcmSink? sink, [NotNullWhen(false)] out string? reason)
        {
            if (request.Format == RecordingFormat.Wav)
            {
                (sink, reason) = (new WavWriter(output, format), null);
                return true;
            }

            bool isOpen = Mp3Encoder.TryCreate(output, format, new RecordingTags { Id = record.Id, SipCallId = record.SipCallId, StartedAt = startedAt, Duration = format.Duration }, out encoder, out reason);
            sink = encoder is null ? null : new TimedSink(encoder, this);
            return isOpen;
        }
    }

    /// <inheritdoc />
    public RecordingOutcome Outline(CallRecord record, ICallPackets packets, RecordingRequest request, Stream json) => _recorder.Outline(record, packets, request, json);

    private sealed class TimedSink(Mp3Encoder encoder, TimedRecorder owner) : IPcmSink
    {
        public void Write(ReadOnlySpan<short> interleaved)
        {
            TimeSpan before = ThreadClock.Now;
            encoder.Write(interleaved);
            owner.Encoder += ThreadClock.Now - before;
        }

        public void Complete()
        {
            TimeSpan before = ThreadClock.Now;
            encoder.Complete();
            owner.Encoder += ThreadClock.Now - before;
        }
    }
}

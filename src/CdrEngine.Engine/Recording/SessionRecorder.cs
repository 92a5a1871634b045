using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;
using CdrEngine.Media.Encoders;
using CdrEngine.Media.Mixing;

namespace CdrEngine.Engine.Recording;

/// <summary>Makes one recording of a session: the conversation of whoever stays in it, across its transfers.</summary>
/// <remarks>Each call that they talked in is made as for itself, into a file of samples; then all are laid where they belong on one timeline, that
/// person's voice left and the others' right. Memory does not grow with the length.</remarks>
/// <param name="calls">Makes the sound of a call.</param>
/// <param name="scratch">Makes a file in which the samples of a call wait; it is gone when it is closed.</param>
public sealed class SessionRecorder(CallRecorder calls, Func<Stream> scratch)
{
    private const int BlockFrames = 4096;

    /// <summary>Longest recording: a day. What would be longer is cut.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>Writes the recording of a session as MP3.</summary>
    /// <param name="session">The session.</param>
    /// <param name="packets">Packets of calls.</param>
    /// <param name="request">What is wanted; sides and start are those of a whole conversation from its answer.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="outline">Where the outline of both sides goes, as JSON: who stays is its caller; null for nowhere.</param>
    public RecordingOutcome Make(SessionRecord session, ICallPackets packets, RecordingRequest request, Stream output, Stream? outline = null)
    {
        // 1. Who stays, and the calls they talked in.
        IReadOnlyList<SessionTalk> talks = SessionTalk.Of(session);
        if (talks.Count == 0) return None("not_answered");

        // 2. The sound of each.
        var tapes = new List<Tape>();
        try
        {
            string? reason = null;
            foreach (SessionTalk talk in talks)
            {
                Tape? tape = null;
                RecordingResult result = calls.Render(
                    talk.Call,
                    packets,
                    request with { Channels = RecordingChannels.Stereo, Sides = RecordingSides.Both, From = RecordingStart.Answer },
                    (PcmFormat format, Timestamp startedAt, [NotNullWhen(true)] out IPcmSink? sink, [NotNullWhen(false)] out string? fault) =>
                    {
                        sink = tape = new Tape(scratch(), format, startedAt, talk.IsCaller);
                        fault = null;
                        return true;
                    });
                if (tape is not null) tapes.Add(tape);
                if (result.State != RecordingState.Available) reason ??= result.Reason;
            }

            return tapes.Count == 0 ? None(reason ?? "no_rtp") : Lay(session, talks, tapes, request, output, outline);
        }
        finally
        {
            foreach (Tape tape in tapes) tape.Dispose();
        }
    }

    private static RecordingOutcome None(string reason) => new() { State = RecordingState.None, Reason = reason };

    private static RecordingOutcome Lay(SessionRecord session, IReadOnlyList<SessionTalk> talks, List<Tape> tapes, RecordingRequest request, Stream output, Stream? outline)
    {
        int rate = tapes.Max(static tape => tape.Format.SampleRateHz);
        Timestamp start = talks.Min(static talk => talk.From);
        Timestamp end = talks.Max(static talk => talk.To);
        if (end - start > Longest) end = start + Longest;
        int channels = request.Channels == RecordingChannels.Mono ? 1 : 2;
        var format = new PcmFormat(rate, channels, FrameAt(end, start, rate));
        long first = output.Position;
        var tags = new RecordingTags
        {
            Caller = Name(session, talks[0].IsCaller),
            Callee = string.Join(", ", talks.Select(static talk => talk.IsCaller ? talk.Call.Callee.Number : talk.Call.Caller.Number).OfType<string>().Distinct(StringComparer.Ordinal)),
            Id = session.Id,
            SipCallId = talks[0].Call.SipCallId,
            StartedAt = start,
            Duration = format.Duration,
        };
        if (!Mp3Encoder.TryCreate(output, format, tags, out Mp3Encoder? encoder, out string? reason)) return new RecordingOutcome { State = RecordingState.Failed, Reason = reason };
        WaveformBuilder? waveform = outline is null ? null : new WaveformBuilder(format with { Channels = 2 });
        using (encoder)
        {
            foreach (Tape tape in tapes) tape.Rewind(rate, FrameAt(tape.StartedAt, start, rate));
            int[] mix = new int[BlockFrames * 2];
            short[] block = new short[BlockFrames * channels], sides = new short[BlockFrames * 2];
            for (long at = 0; at < format.Frames; at += BlockFrames)
            {
                request.Stop.ThrowIfCancellationRequested();
                int frames = (int)Math.Min(BlockFrames, format.Frames - at);
                Array.Clear(mix);
                foreach (Tape tape in tapes) tape.AddTo(mix.AsSpan(0, frames * 2), at);
                if (waveform is not null)
                {
                    for (int i = 0; i < frames * 2; i++) sides[i] = Clamp(mix[i]);
                    waveform.Write(sides.AsSpan(0, frames * 2));
                }

                for (int i = 0; i < frames; i++)
                {
                    if (channels == 1)
                    {
                        block[i] = Clamp(mix[2 * i] + mix[(2 * i) + 1]);
                    }
                    else
                    {
                        block[2 * i] = Clamp(mix[2 * i]);
                        block[(2 * i) + 1] = Clamp(mix[(2 * i) + 1]);
                    }
                }

                encoder.Write(block.AsSpan(0, frames * channels));
            }

            encoder.Complete();
        }

        if (waveform is not null)
        {
            waveform.Complete();
            using var json = new Utf8JsonWriter(outline!);
            waveform.WriteJson(json);
        }

        return new RecordingOutcome
        {
            State = RecordingState.Available,
            Duration = format.Duration,
            SampleRateHz = rate,
            Channels = channels,
            Bytes = output.Position - first,
        };
    }

    private static string? Name(SessionRecord session, bool isCaller) => isCaller ? session.Caller.Number ?? session.Caller.Uri : session.Dialled;

    private static short Clamp(int sample) => (short)Math.Clamp(sample, short.MinValue, short.MaxValue);

    private static long FrameAt(Timestamp at, Timestamp start, int rate) =>
        (long)((((Int128)Math.Max(0, at.Microseconds - start.Microseconds) * rate) + (Timestamp.MicrosecondsPerSecond / 2)) / Timestamp.MicrosecondsPerSecond);

    /// <summary>The samples of one call in a file, read back at the rate of the whole.</summary>
    private sealed class Tape(Stream file, PcmFormat format, Timestamp startedAt, bool isCaller) : IPcmSink, IDisposable
    {
        private readonly Stream _file = file;
        private readonly byte[] _bytes = new byte[BlockFrames * 4];
        private readonly short[] _left = new short[BlockFrames];
        private readonly short[] _right = new short[BlockFrames];
        private Resampler? _leftRate;
        private Resampler? _rightRate;
        private short[] _outLeft = [];
        private short[] _outRight = [];
        private int _ready;
        private int _used;
        private long _next;
        private bool _isOver;

        public PcmFormat Format => format;

        public Timestamp StartedAt => startedAt;

        public void Write(ReadOnlySpan<short> interleaved) => _file.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(interleaved));

        public void Complete() => _file.Flush();

        public void Rewind(int rate, long firstFrame)
        {
            _file.Position = 0;
            _next = firstFrame;
            _leftRate = new Resampler(format.SampleRateHz, rate);
            _rightRate = new Resampler(format.SampleRateHz, rate);
            _outLeft = new short[_leftRate.MostOutput(BlockFrames)];
            _outRight = new short[_outLeft.Length];
        }

        /// <summary>Adds its sound to a block of the whole, who stays left.</summary>
        public void AddTo(Span<int> mix, long at)
        {
            int frames = mix.Length / 2;
            while (!_isOver || _used < _ready)
            {
                if (_used == _ready && !Fill()) return;
                long offset = _next - at;
                if (offset >= frames) return;
                int count = (int)Math.Min(_ready - _used, frames - offset);
                for (int i = 0; i < count; i++)
                {
                    int frame = (int)offset + i;
                    mix[2 * frame] += isCaller ? _outLeft[_used + i] : _outRight[_used + i];
                    mix[(2 * frame) + 1] += isCaller ? _outRight[_used + i] : _outLeft[_used + i];
                }

                _used += count;
                _next += count;
            }
        }

        public void Dispose() => _file.Dispose();

        private bool Fill()
        {
            _used = _ready = 0;
            while (_ready == 0 && !_isOver)
            {
                int bytes = _file.ReadAtLeast(_bytes, _bytes.Length, throwOnEndOfStream: false);
                int frames = bytes / 4;
                ReadOnlySpan<short> samples = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, short>(_bytes.AsSpan(0, frames * 4));
                for (int i = 0; i < frames; i++)
                {
                    _left[i] = samples[2 * i];
                    _right[i] = samples[(2 * i) + 1];
                }

                if (frames > 0)
                {
                    _ready = _leftRate!.Process(_left.AsSpan(0, frames), _outLeft);
                    _rightRate!.Process(_right.AsSpan(0, frames), _outRight);
                }
                else
                {
                    _isOver = true;
                    _ready = _leftRate!.Flush(_outLeft);
                    _rightRate!.Flush(_outRight);
                }
            }

            return _ready > 0;
        }
    }
}

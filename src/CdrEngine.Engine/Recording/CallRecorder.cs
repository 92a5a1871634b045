using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Media.Codecs;
using CdrEngine.Media.Encoders;
using CdrEngine.Media.Mixing;
using CdrEngine.Media.Playout;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Engine.Recording;

/// <summary>Makes the recording of a call from its packets.</summary>
/// <remarks>
/// Reads the packets three times: the signalling alone, to know what the call said in the end; all, to survey the streams and their
/// clocks; all again, to decode and lay them on the timeline. The last reading is from memory where the call's open media is small
/// (<see cref="CallRecorderOptions.MediaBytes"/>); else nothing is held, so that the memory for a call of hours is bounded: that, and some bytes for each second.
/// Depends on the packets and the record only. Thread-safe: each call has its own state.
/// </remarks>
public sealed class CallRecorder(CallRecorderOptions options) : IRecordingMaker
{
    private const string NoRtp = "no_rtp";
    private const string NoKey = "srtp_no_key";
    private const string NotAnswered = "not_answered";
    private const string NoPackets = "no_packets";

    /// <summary>A recorder with the default options.</summary>
    public CallRecorder()
        : this(new CallRecorderOptions())
    {
    }

    /// <inheritdoc />
    public RecordingOutcome Make(CallRecord record, ICallPackets packets, RecordingRequest request, Stream output)
    {
        long start = output.Position;
        Mp3Encoder? encoder = null;
        try
        {
            RecordingResult result = Render(record, packets, request, Open);
            return new RecordingOutcome
            {
                State = result.State,
                Reason = result.Reason,
                PartReason = result.PartReason,
                Duration = result.Format.Duration,
                SampleRateHz = result.Format.SampleRateHz,
                Channels = result.Format.Channels,
                Bytes = result.State == RecordingState.Available ? output.Position - start : 0,
            };
        }
        finally
        {
            encoder?.Dispose();
        }

        bool Open(PcmFormat format, Timestamp startedAt, [NotNullWhen(true)] out IPcmSink? sink, [NotNullWhen(false)] out string? reason)
        {
            if (request.Format == RecordingFormat.Wav)
            {
                sink = new WavWriter(output, format);
                reason = null;
                return true;
            }

            bool isOpen = Mp3Encoder.TryCreate(output, format, TagsOf(record, startedAt, format), out encoder, out reason);
            sink = encoder;
            return isOpen;
        }
    }

    /// <inheritdoc />
    public RecordingOutcome Outline(CallRecord record, ICallPackets packets, RecordingRequest request, Stream json)
    {
        RecordingOutcome outcome = Outline(record, packets, request, out WaveformBuilder? waveform);
        if (waveform is null) return outcome;
        using var writer = new Utf8JsonWriter(json);
        waveform.WriteJson(writer);
        writer.Flush();
        return outcome with { Bytes = writer.BytesCommitted };
    }

    /// <summary>Makes the outline of a call's recording.</summary>
    /// <param name="record">The call's record.</param>
    /// <param name="packets">Where its packets are.</param>
    /// <param name="request">As for the recording; the format does not matter.</param>
    /// <param name="waveform">The outline; null where there is no recording.</param>
    public RecordingOutcome Outline(CallRecord record, ICallPackets packets, RecordingRequest request, out WaveformBuilder? waveform)
    {
        WaveformBuilder? builder = null;
        RecordingResult result = Render(record, packets, request, (PcmFormat format, Timestamp _, [NotNullWhen(true)] out IPcmSink? sink, [NotNullWhen(false)] out string? reason) =>
        {
            sink = builder = new WaveformBuilder(format);
            reason = null;
            return true;
        });
        waveform = result.State == RecordingState.Available ? builder : null;
        return new RecordingOutcome
        {
            State = result.State,
            Reason = result.Reason,
            PartReason = result.PartReason,
            Duration = result.Format.Duration,
            SampleRateHz = result.Format.SampleRateHz,
            Channels = result.Format.Channels,
        };
    }

    /// <summary>Makes the sound of a call and gives it to a sink.</summary>
    /// <param name="record">The call's record.</param>
    /// <param name="packets">Where its packets are.</param>
    /// <param name="request">What is wanted.</param>
    /// <param name="sinks">Opens the sink; called at most once, and only where there is something to hear.</param>
    public RecordingResult Render(CallRecord record, ICallPackets packets, RecordingRequest request, RecordingSinkFactory sinks)
    {
        // 1. What can be said without the packets.
        bool isEarly = request.From == RecordingStart.EarlyMedia;
        if (record.AnsweredAt is null && !isEarly) return RecordingResult.None(NotAnswered);

        // 2. Signalling, then the streams.
        IMediaDecryptor? decryptor = options.Decryptors?.Invoke(record);
        using var opened = decryptor as IDisposable;
        var signalling = new CallPacketReplay(record, options, whole: null, media: null, decryptor, request.Stop);
        packets.Visit(record.Id, PacketKinds.Signalling, signalling);
        using var kept = new KeptMedia(options.MediaBytes);
        var surveyor = new Surveyor(new RecordingSurvey(options.Playout), kept);
        bool isKnown = packets.Visit(record.Id, PacketKinds.All, new CallPacketReplay(record, options, signalling.Machine, surveyor, decryptor: null, request.Stop));
        RecordingPlan plan = surveyor.Survey.ToPlan();
        MediaSide? only = request.Sides switch
        {
            RecordingSides.Caller => MediaSide.Caller,
            RecordingSides.Callee => MediaSide.Callee,
            _ => null,
        };
        if (!isKnown && plan.FirstAt is null) return RecordingResult.Failed(NoPackets);
        if (plan.FirstAt is not { } first || plan.LastAt is not { } last) return RecordingResult.None(record.AnsweredAt is null ? NotAnswered : NoRtp);
        if (!plan.Formats.Any(format => only is null || format.Side == only)) return RecordingResult.None(NoRtp);

        // 3. From when to when, and how fine.
        Timestamp start = record.AnsweredAt ?? first;
        if (isEarly && first < start) start = Timestamp.Max(first, record.StartedAt);
        Timestamp end = record.EndedAt ?? last;
        if (end <= start) return RecordingResult.None(record.AnsweredAt is null ? NotAnswered : NoRtp);
        int rate = RateOf(plan, only, out string? unsupported);
        if (rate == 0) return unsupported is null || AudioDecoders.IsTurnedOff(unsupported) ? RecordingResult.None(unsupported ?? NoRtp) : RecordingResult.Failed(unsupported);

        // 4. The sound.
        var settings = new RecordingTimelineOptions
        {
            Start = start,
            End = end,
            SampleRateHz = Math.Min(rate, options.MaxSampleRateHz),
            IsMono = request.Channels == RecordingChannels.Mono,
            OnlySide = only,
            Muted = options.Muted?.Invoke(record) ?? [],
        };
        using var timeline = new RecordingTimeline(
            plan, settings, options.Decoders, (PcmFormat format, [NotNullWhen(true)] out IPcmSink? sink, [NotNullWhen(false)] out string? reason) => sinks(format, start, out sink, out reason));
        var player = new Player(timeline, decryptor);
        if (kept.IsWhole) kept.PlayTo(timeline, request.Stop);
        else packets.Visit(record.Id, PacketKinds.All, new CallPacketReplay(record, options, signalling.Machine, player, decryptor, request.Stop));
        if (timeline.Complete())
        {
            return new RecordingResult
            {
                State = RecordingState.Available,
                StartedAt = start,
                Format = timeline.Format,
                Counters = timeline.Counters,
                PartReason = player.ShutReason ?? timeline.DecoderReason,
            };
        }

        string? reason = timeline.SinkReason ?? player.ShutReason ?? timeline.DecoderReason ?? unsupported;
        if (reason is null) return RecordingResult.None(NoRtp);

        // A key that was not there will not be there at the next attempt either; whoever has it since may ask for another.
        return timeline.SinkReason is null && player.ShutReason is not null ? RecordingResult.None(reason) : RecordingResult.Failed(reason);
    }

    // The best codec of the call decides: anything wider than telephony takes the next of the three rates.
    private int RateOf(RecordingPlan plan, MediaSide? only, out string? unsupported)
    {
        int rate = 0;
        unsupported = null;
        foreach (HeardFormat heard in plan.Formats)
        {
            if (heard.Format.Kind is PayloadKind.TelephoneEvent or PayloadKind.ComfortNoise or PayloadKind.Repair || (only is { } side && side != heard.Side)) continue;
            if (!options.Decoders(heard.Format, heard.Fmtp, out IAudioDecoder? decoder, out string? reason))
            {
                unsupported ??= reason;
                continue;
            }

            using (decoder)
            {
                rate = Math.Max(rate, decoder.SampleRateHz switch
                {
                    <= 8_000 => 8_000,
                    <= 16_000 => 16_000,
                    _ => 48_000,
                });
            }
        }

        return rate;
    }

    private static RecordingTags TagsOf(CallRecord record, Timestamp startedAt, PcmFormat format) => new()
    {
        Caller = Name(record.Caller),
        Callee = Name(record.Callee),
        Id = record.Id,
        SipCallId = record.SipCallId,
        StartedAt = startedAt,
        Duration = format.Duration,
    };

    private static string? Name(Party party) => (party.Name, party.Number) switch
    {
        ({ Length: > 0 } name, { Length: > 0 } number) when name != number => $"{name} <{number}>",
        (_, { Length: > 0 } number) => number,
        var (name, _) => name,
    };

    private static MediaSide SideOf(MediaFlow flow) => flow.Side == PartySide.Caller ? MediaSide.Caller : MediaSide.Callee;

    private static RecordingPacket PacketOf(in RtpHeader rtp, MediaFlow flow, FlowFormat format, Timestamp at) => format.IsRedundant
        ? RedundancyReader.Primary(rtp, flow, SideOf(flow), at, rtp.Payload)
        : RecordingPacket.Of(rtp, SideOf(flow), flow.Number, flow.Rank, format.Format, format.Fmtp, at);

    private sealed class Surveyor(RecordingSurvey survey, KeptMedia kept) : IReplayedMedia, IRecordingPackets
    {
        private readonly RedundancyReader _redundancy = new();

        public RecordingSurvey Survey => survey;

        public bool OnRtp(in RtpHeader rtp, MediaFlow flow, ReadOnlySpan<byte> datagram, Timestamp at)
        {
            FlowFormat format = flow.FormatOf(rtp.PayloadType);
            if (format.IsRedundant && !flow.IsSrtp)
            {
                kept.GiveUp();
                _redundancy.Read(rtp, flow, SideOf(flow), at, this);
                return true;
            }

            RecordingPacket packet = PacketOf(rtp, flow, format, at);
            SurveyedPlace place = survey.Note(packet);
            if (flow.IsSrtp) kept.GiveUp();
            else kept.Add(packet, place);
            return true;
        }

        public void Add(in RecordingPacket packet, bool isPlain) => survey.Note(packet);
    }

    private sealed class Player(RecordingTimeline timeline, IMediaDecryptor? decryptor) : IReplayedMedia, IRecordingPackets
    {
        private readonly RedundancyReader _redundancy = new();
        private byte[] _plain = new byte[2048];

        /// <summary>Why the first packet that stayed shut did.</summary>
        public string? ShutReason { get; private set; }

        public bool OnRtp(in RtpHeader rtp, MediaFlow flow, ReadOnlySpan<byte> datagram, Timestamp at)
        {
            FlowFormat format = flow.FormatOf(rtp.PayloadType);
            if (format.IsRedundant && !flow.IsSrtp)
            {
                _redundancy.Read(rtp, flow, SideOf(flow), at, this);
                return timeline.SinkReason is null;
            }

            RecordingPacket packet = PacketOf(rtp, flow, format, at);
            if (!flow.IsSrtp || !timeline.Wants(packet))
            {
                timeline.Add(packet);
                return timeline.SinkReason is null;
            }

            if (_plain.Length < datagram.Length) _plain = new byte[datagram.Length];
            string? reason = null;
            if (decryptor is not null
                && decryptor.TryDecrypt(flow.Side, flow.MediaIndex, datagram, _plain, out int length, out reason)
                && RtpHeader.TryRead(_plain.AsSpan(0, length), out RtpHeader plain))
            {
                AddOpened(plain, flow, at);
            }
            else
            {
                ShutReason ??= reason ?? NoKey;
                timeline.Add(packet, isPlain: false);
            }

            return timeline.SinkReason is null;
        }

        public void Add(in RecordingPacket packet, bool isPlain) => timeline.Add(packet, isPlain);

        private void AddOpened(in RtpHeader plain, MediaFlow flow, Timestamp at)
        {
            FlowFormat format = flow.FormatOf(plain.PayloadType);
            if (!format.IsRedundant) timeline.Add(PacketOf(plain, flow, format, at));
            else if (RedundancyReader.TryPrimary(plain, flow, out RedundantBlock block))
                timeline.Add(RedundancyReader.Primary(plain, flow, SideOf(flow), at, plain.Payload.Slice(block.Start, block.Length)));
            else timeline.Add(RedundancyReader.Primary(plain, flow, SideOf(flow), at, default), isPlain: false);
        }
    }
}

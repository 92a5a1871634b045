using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using CdrEngine.Core;
using CdrEngine.Media.Codecs;
using CdrEngine.Media.Mixing;
using CdrEngine.Media.Playout;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Media.Tests.Playout;

/// <summary>Packets of linear sound on their way into a recording; what comes out can be compared to the sample.</summary>
internal sealed class Tape
{
    public const int Rate = 8000;
    public const int PacketSamples = 160;

    public static readonly PayloadFormat Linear = PayloadFormat.Of("L16", Rate);
    public static readonly PayloadFormat Events = PayloadFormat.Of("telephone-event", Rate);

    private readonly List<Sent> _packets = [];

    public static Timestamp Start { get; } = Timestamp.FromUnix(1_795_000_000, 0);

    public PlayoutLimits Limits { get; init; } = new();

    public int Count => _packets.Count;

    /// <summary>Noise that never is silence and is another for each seed.</summary>
    public static short[] Noise(int samples, uint seed = 1)
    {
        var noise = new short[samples];
        for (int i = 0; i < samples; i++)
        {
            seed = (seed * 1_664_525) + 1_013_904_223;
            noise[i] = (short)(1000 + (seed >> 19));
        }

        return noise;
    }

    /// <summary>Adds one packet.</summary>
    public Tape Add(Sent packet)
    {
        _packets.Add(packet);
        return this;
    }

    /// <summary>Adds a sound as packets of 20 ms.</summary>
    /// <param name="sound">8 kHz.</param>
    /// <param name="sentAt">When the first leaves, milliseconds after the start.</param>
    /// <param name="change">Changes or drops (null) each packet.</param>
    /// <param name="like">Side, flow, SSRC, first sequence number and timestamp.</param>
    public Tape Talk(short[] sound, double sentAt, Func<int, Sent, Sent?>? change = null, Sent? like = null)
    {
        Sent first = like ?? new Sent();
        for (int i = 0; i * PacketSamples < sound.Length; i++)
        {
            var packet = first with
            {
                Sequence = (ushort)(first.Sequence + i),
                Timestamp = first.Timestamp + (uint)(i * PacketSamples),
                At = sentAt + (i * 20),
                Sound = sound[(i * PacketSamples)..Math.Min(sound.Length, (i + 1) * PacketSamples)],
            };
            if (change is null) _packets.Add(packet);
            else if (change(i, packet) is { } changed) _packets.Add(changed);
        }

        return this;
    }

    /// <summary>Makes the recording.</summary>
    /// <param name="seconds">Length of the call.</param>
    /// <param name="adjust">Changes the options.</param>
    public Played Play(double seconds, Func<RecordingTimelineOptions, RecordingTimelineOptions>? adjust = null)
    {
        RecordingPlan plan = ToPlan();
        var options = new RecordingTimelineOptions { Start = Start, End = Start + TimeSpan.FromSeconds(seconds), SampleRateHz = Rate };
        if (adjust is not null) options = adjust(options);
        var keeper = new Keeper();
        using var timeline = new RecordingTimeline(plan, options, AudioDecoders.TryCreate, (PcmFormat format, [NotNullWhen(true)] out IPcmSink? sink, [NotNullWhen(false)] out string? reason) =>
        {
            keeper.Format = format;
            keeper.Opened++;
            sink = keeper;
            reason = null;
            return true;
        });
        PlayTo(timeline);
        bool isMade = timeline.Complete();
        return new Played(plan, timeline, keeper, isMade);
    }

    /// <summary>Surveys the packets.</summary>
    public RecordingPlan ToPlan()
    {
        var survey = new RecordingSurvey(Limits);
        foreach (Sent packet in Captured()) survey.Note(packet.View());
        return survey.ToPlan();
    }

    /// <summary>Adds the packets to a timeline.</summary>
    public void PlayTo(RecordingTimeline timeline)
    {
        foreach (Sent packet in Captured()) timeline.Add(packet.View());
    }

    private IEnumerable<Sent> Captured() => _packets.OrderBy(static packet => packet.At);
}

/// <summary>One packet.</summary>
internal sealed record Sent
{
    public MediaSide Side { get; init; }

    public int Flow { get; init; }

    public int Rank { get; init; }

    public uint Ssrc { get; init; } = 0x1234;

    public PayloadFormat Format { get; init; } = Tape.Linear;

    public ushort Sequence { get; init; } = 100;

    public uint Timestamp { get; init; } = 5000;

    public bool Marker { get; init; }

    /// <summary>Milliseconds after the start.</summary>
    public double At { get; init; }

    public short[] Sound { get; init; } = [];

    public RecordingPacket View()
    {
        byte[] payload = new byte[Sound.Length * 2];
        for (int i = 0; i < Sound.Length; i++) BinaryPrimitives.WriteInt16BigEndian(payload.AsSpan(2 * i), Sound[i]);
        return new RecordingPacket
        {
            Side = Side,
            Flow = Flow,
            Rank = Rank,
            Ssrc = Ssrc,
            Format = Format,
            SequenceNumber = Sequence,
            RtpTimestamp = Timestamp,
            Marker = Marker,
            At = new Timestamp(Tape.Start.Microseconds + (long)Math.Round(At * 1000)),
            Payload = payload,
        };
    }
}

/// <summary>What came out.</summary>
internal sealed record Played(RecordingPlan Plan, RecordingTimeline Timeline, Keeper Sound, bool IsMade)
{
    public short[] Left => Sound.Channel(0);

    public short[] Right => Sound.Channel(1);

    public long this[PlayoutCounter counter] => Timeline.Counters[counter];
}

/// <summary>Keeps what it is given.</summary>
internal sealed class Keeper : IPcmSink
{
    private readonly List<short> _samples = [];

    public PcmFormat Format { get; set; }

    public int Opened { get; set; }

    public int Completed { get; private set; }

    public int Frames => _samples.Count / Math.Max(1, Format.Channels);

    public void Write(ReadOnlySpan<short> interleaved) => _samples.AddRange(interleaved);

    public void Complete() => Completed++;

    public short[] Channel(int channel)
    {
        var samples = new short[Frames];
        for (int i = 0; i < samples.Length; i++) samples[i] = _samples[(i * Format.Channels) + channel];
        return samples;
    }
}

using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Media.Playout;

/// <summary>The first of the two readings of a call's packets: learns which streams there are, which of them is nearest each speaker, what they
/// carry and how their clocks lie against the capture's. Headers and times only; nothing is decoded or decrypted.</summary>
/// <remarks>Memory: some sixteen bytes for each second of each stream, whatever the length of the call.</remarks>
public sealed class RecordingSurvey(PlayoutLimits limits)
{
    private const int Near = 4;

    private readonly Dictionary<StreamKey, StreamSurvey> _byKey = [];
    private readonly List<StreamSurvey> _streams = [];

    /// <summary>A survey with the default limits.</summary>
    public RecordingSurvey()
        : this(new PlayoutLimits())
    {
    }

    /// <summary>Packets left out because there were too many streams.</summary>
    public long PacketsBeyondLimit { get; private set; }

    /// <summary>Takes one packet. All packets of the call must come in order of capture, here and to the timeline alike.</summary>
    /// <returns>Where it belongs, for <see cref="RecordingTimeline.Add(in RecordingPacket, in SurveyedPlace)"/>.</returns>
    public SurveyedPlace Note(in RecordingPacket packet)
    {
        if (!IsSound(packet.Format)) return new SurveyedPlace(SurveyedPlace.NoSound, default);
        if (Find(new StreamKey(packet.Side, packet.Flow, packet.Ssrc), packet.Rank) is { } stream) return new SurveyedPlace(stream.Number, stream.Note(packet));
        PacketsBeyondLimit++;
        return new SurveyedPlace(SurveyedPlace.BeyondLimit, default);
    }

    /// <summary>What is to be played. The survey is done with after this.</summary>
    public RecordingPlan ToPlan()
    {
        // A few packets of a source that is heard nowhere else are no rival to a voice.
        const int few = 3;
        var heard = new List<StreamSurvey>(_streams.Count);
        foreach (MediaSide side in (MediaSide[])[MediaSide.Caller, MediaSide.Callee])
        {
            List<Stretch> taken = [];
            foreach (StreamSurvey stream in _streams
                         .Where(stream => stream.Key.Side == side && stream.Packets > 0)
                         .OrderBy(static stream => stream.Packets < few)
                         .ThenBy(static stream => stream.Rank)
                         .ThenBy(static stream => stream.Sending[0].From))
            {
                stream.Heard = Stretches.Without(stream.Sending, taken);
                if (stream.Heard.Count == 0) continue;
                taken = Stretches.Joined(taken, stream.Heard);
                stream.Draw();
                heard.Add(stream);
            }
        }

        return new RecordingPlan(limits, heard, _streams.Count);
    }

    // Nearly all calls have two streams, whose packets come in turns.
    private StreamSurvey? Find(in StreamKey key, int rank)
    {
        for (int i = 0; i < Math.Min(_streams.Count, Near); i++)
        {
            if (_streams[i].Key == key) return _streams[i];
        }

        if (_byKey.TryGetValue(key, out StreamSurvey? stream)) return stream;
        if (_streams.Count >= limits.StreamsPerCall) return null;
        stream = new StreamSurvey(_streams.Count, key, rank, limits);
        _streams.Add(stream);
        _byKey.Add(key, stream);
        return stream;
    }

    /// <summary>True for what a listener hears or what takes the time of it.</summary>
    internal static bool IsSound(PayloadFormat format) => format.Kind is not PayloadKind.Video;
}

/// <summary>Where a packet belongs, as a survey found it. To be given back to the timeline with the packet.</summary>
public readonly struct SurveyedPlace
{
    /// <summary>In place of a stream's number: neither heard nor time of what is heard.</summary>
    internal const int NoSound = -1;

    /// <summary>In place of a stream's number: of a stream too many.</summary>
    internal const int BeyondLimit = -2;

    internal SurveyedPlace(int stream, in TrackedPacket place)
    {
        Stream = stream;
        Place = place;
    }

    /// <summary>Number of its stream, or one of the two above.</summary>
    internal int Stream { get; }

    /// <summary>What it is in its stream.</summary>
    internal TrackedPacket Place { get; }
}

/// <summary>One payload format of what is heard.</summary>
/// <param name="Side">Who speaks.</param>
/// <param name="Format">Codec and clock.</param>
/// <param name="Fmtp">Its parameters; null where none.</param>
/// <param name="Packets">Packets of it, in streams that are heard for a part at least.</param>
public readonly record struct HeardFormat(MediaSide Side, PayloadFormat Format, string? Fmtp, long Packets);

/// <summary>What is played of a call's packets, and where: the outcome of a <see cref="RecordingSurvey"/>.</summary>
public sealed class RecordingPlan
{
    private readonly Dictionary<StreamKey, StreamSurvey> _streams;
    private readonly StreamSurvey?[] _byNumber;

    internal RecordingPlan(PlayoutLimits limits, List<StreamSurvey> heard, int streams)
    {
        Limits = limits;
        _streams = heard.ToDictionary(static stream => stream.Key);
        _byNumber = new StreamSurvey?[streams];
        var formats = new List<HeardFormat>(4);
        foreach (StreamSurvey stream in heard)
        {
            _byNumber[stream.Number] = stream;
            long first = stream.Heard[0].From, last = stream.Heard[^1].To;
            if (FirstAt is not { } from || first < from.Microseconds) FirstAt = new Timestamp(first);
            if (LastAt is not { } to || last > to.Microseconds) LastAt = new Timestamp(last);
            foreach ((PayloadFormat format, string? fmtp, long packets) in stream.Formats)
            {
                int known = formats.FindIndex(other => other.Side == stream.Key.Side && ReferenceEquals(other.Format, format) && other.Fmtp == fmtp);
                if (known < 0) formats.Add(new HeardFormat(stream.Key.Side, format, fmtp, packets));
                else formats[known] = formats[known] with { Packets = formats[known].Packets + packets };
            }
        }

        Formats = formats;
    }

    /// <summary>Payload formats of what is heard, by side, in order of appearance.</summary>
    public IReadOnlyList<HeardFormat> Formats { get; }

    /// <summary>First packet heard; null where there is none.</summary>
    public Timestamp? FirstAt { get; }

    /// <summary>Last packet heard; null where there is none.</summary>
    public Timestamp? LastAt { get; }

    internal PlayoutLimits Limits { get; }

    /// <summary>Streams that the survey saw, heard or not.</summary>
    internal int Streams => _byNumber.Length;

    internal StreamSurvey? Find(in StreamKey key) => _streams.GetValueOrDefault(key);

    internal StreamSurvey? Find(int number) => _byNumber[number];
}

using CdrEngine.Calls.Outcomes;
using CdrEngine.Core;

namespace CdrEngine.Calls.Records;

/// <summary>Puts into the media sessions of a call what the rest of its record says of them.</summary>
public static class MediaSessions
{
    /// <summary>The kind of an m-line's media type.</summary>
    public static MediaSessionType TypeOf(string media) => media switch
    {
        "audio" => MediaSessionType.Audio,
        "video" => MediaSessionType.Video,
        "image" => MediaSessionType.Image,
        "message" => MediaSessionType.Message,
        "application" => MediaSessionType.Application,
        "text" => MediaSessionType.Text,
        _ => MediaSessionType.Other,
    };

    /// <summary>The record with its media sessions whole: ids, parties, codecs and figures of each side, one-way audio. Doing it twice
    /// changes nothing.</summary>
    public static CallRecord Complete(CallRecord record)
    {
        return record.MediaSessions.Count == 0 ? record : record with { MediaSessions = AllWhole(record) };
    }

    /// <summary>As <see cref="Complete"/>, in the record itself: for whoever made it and has not shown it to anybody yet.</summary>
    internal static void Settle(CallRecord record)
    {
        if (record.MediaSessions.Count > 0) record.SetMediaSessions(AllWhole(record));
    }

    /// <summary>The streams of a media session, in the record's order.</summary>
    /// <remarks>A stream whose m-line is not known belongs to the call's only m-line of RTP, where there is just one.</remarks>
    public static IReadOnlyList<StreamRecord> StreamsOf(CallRecord record, MediaSessionRecord session)
    {
        if (record.Streams.Count == 0) return [];
        bool isOnly = session.Protocol.Contains("RTP", StringComparison.Ordinal);
        foreach (MediaSessionRecord other in record.MediaSessions)
            isOnly &= other.Index == session.Index || !other.Protocol.Contains("RTP", StringComparison.Ordinal);
        var streams = new List<StreamRecord>(2);
        foreach (StreamRecord stream in record.Streams)
        {
            if (stream.MediaIndex == session.Index || (stream.MediaIndex < 0 && isOnly)) streams.Add(stream);
        }

        return streams;
    }

    /// <summary>Of the streams that one side sent, those measured nearest it: where a machine relays media, its second copies are left out.</summary>
    /// <remarks>A copy leaves the address that another stream of the same side came to. Where that leaves nothing (a relay that sends to
    /// itself) all are taken.</remarks>
    public static IReadOnlyList<StreamRecord> Nearest(IReadOnlyList<StreamRecord> streams, PartySide side)
    {
        var all = new List<StreamRecord>(streams.Count);
        foreach (StreamRecord stream in streams)
        {
            if (stream.From == side) all.Add(stream);
        }

        var nearest = all.FindAll(stream => !all.Exists(other =>
            other.Destination.Address == stream.Source.Address && other.Source.Address != stream.Source.Address));
        return nearest.Count > 0 ? nearest : all;
    }

    private static MediaSessionRecord[] AllWhole(CallRecord record)
    {
        var sessions = new MediaSessionRecord[record.MediaSessions.Count];
        for (int i = 0; i < sessions.Length; i++) sessions[i] = Whole(record, record.MediaSessions[i]);
        return sessions;
    }

    private static MediaSessionRecord Whole(CallRecord record, MediaSessionRecord session)
    {
        IReadOnlyList<StreamRecord> streams = StreamsOf(record, session);
        IReadOnlyList<StreamRecord> ofCaller = Nearest(streams, PartySide.Caller), ofCallee = Nearest(streams, PartySide.Callee);
        OneWayInterval? unheard = record.OneWay.FirstOrDefault(OneWay.IsFlagged);
        bool isOneWay = session.Type == MediaSessionType.Audio && unheard is not null
            && (IsOnlyAudio(record, session) || Nearest(streams, unheard.From).Count == 0);
        return session with
        {
            Id = MediaSessionId.Of(record.Id, session.Index),
            CallId = record.Id,
            CallerNumber = record.Caller.Number,
            CallerName = record.Caller.Name,
            CalleeNumber = record.Callee.Number,
            CalleeName = record.Callee.Name,
            CallerCodec = CodecOf(ofCaller),
            CalleeCodec = CodecOf(ofCallee),
            CallerSent = Sum(ofCaller),
            CalleeSent = Sum(ofCallee),
            OneWayKind = isOneWay ? EnumNames<OneWayKind>.Of(unheard!.Kind) : null,
            Flags = isOneWay ? session.Flags | MediaSessionFlags.OneWay : session.Flags & ~MediaSessionFlags.OneWay,
        };
    }

    private static bool IsOnlyAudio(CallRecord record, MediaSessionRecord session)
    {
        foreach (MediaSessionRecord other in record.MediaSessions)
        {
            if (other.Index != session.Index && other.Type == MediaSessionType.Audio && !other.Flags.HasFlag(MediaSessionFlags.Refused)) return false;
        }

        return true;
    }

    private static string? CodecOf(IReadOnlyList<StreamRecord> streams)
    {
        string? codec = null;
        long packets = -1;
        foreach (StreamRecord stream in streams)
        {
            if (stream.Codec is null || stream.Packets <= packets) continue;
            codec = stream.Codec;
            packets = stream.Packets;
        }

        return codec;
    }

    private static MediaSideRecord? Sum(IReadOnlyList<StreamRecord> streams)
    {
        if (streams.Count == 0) return null;
        long packets = 0, octets = 0, expected = 0, lost = 0, duplicates = 0, outOfOrder = 0;
        var jitter = new Weighted();
        var mos = new Weighted();
        double? jitterMax = null, mosMin = null;
        Timestamp from = Timestamp.MaxValue, to = Timestamp.MinValue;
        foreach (StreamRecord stream in streams)
        {
            packets += stream.Packets;
            octets += stream.Octets;
            expected += stream.Expected;
            lost += stream.Lost;
            duplicates += stream.Duplicates;
            outOfOrder += stream.OutOfOrder;
            jitter.Add(stream.JitterMillisecondsMean, stream.Packets);
            mos.Add(stream.Mos, stream.Packets);
            if (stream.JitterMillisecondsMax is { } most && !(jitterMax >= most)) jitterMax = most;
            if ((stream.MosMin ?? stream.Mos) is { } worst && !(mosMin <= worst)) mosMin = worst;
            if (stream.StartedAt < from) from = stream.StartedAt;
            to = Timestamp.Max(to, stream.EndedAt);
        }

        return new MediaSideRecord
        {
            Streams = streams.Count,
            Packets = packets,
            Octets = octets,
            Expected = expected,
            Lost = lost,
            Duplicates = duplicates,
            OutOfOrder = outOfOrder,
            JitterMillisecondsMean = jitter.Mean,
            JitterMillisecondsMax = jitterMax,
            Mos = mos.Mean,
            MosMin = mosMin,
            StartedAt = from,
            EndedAt = to,
        };
    }

    private struct Weighted
    {
        private double _sum;
        private double _weight;

        public readonly double? Mean => _weight > 0 ? _sum / _weight : null;

        public void Add(double? value, long packets)
        {
            if (value is not { } number || !double.IsFinite(number)) return;
            double weight = Math.Max(packets, 1);
            _sum += number * weight;
            _weight += weight;
        }
    }
}

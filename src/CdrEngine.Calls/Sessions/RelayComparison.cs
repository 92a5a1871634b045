using System.Runtime.InteropServices;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Calls.Sessions;

/// <summary>Compares what came to a machine with what left it, packet by packet, from the packets of a session: the two-leg view.</summary>
/// <remarks>A packet is known again by SSRC, sequence number and timestamp where the machine keeps them, else by its payload. Where it transcodes,
/// nothing is the same on both sides, and only counts are told. Both sides of the machine must be mirrored.</remarks>
public sealed class RelayComparison : ICapturedPacketVisitor
{
    private const int MostStreams = 128;

    /// <summary>What is not forwarded for this long is one-way audio.</summary>
    private static readonly TimeSpan OneWay = TimeSpan.FromSeconds(5);

    /// <summary>Longest time in a machine: beyond it a packet is another one.</summary>
    private const long MostDelay = 2 * Timestamp.MicrosecondsPerSecond;

    /// <summary>A packet may be captured a little before the one it was made of, where two mirrors share a capture.</summary>
    private const long MostLead = 5_000;

    private readonly IReadOnlyList<CallRecord> _calls;
    private readonly int _mostPackets;
    private readonly PacketDecoder _decoder = new();
    private readonly Dictionary<(Endpoint, Endpoint, uint), Line> _byKey = [];
    private readonly List<Line> _lines = [];
    private int _packets;

    private RelayComparison(IReadOnlyList<CallRecord> calls, int mostPackets)
    {
        _calls = calls;
        _mostPackets = mostPackets;
    }

    /// <summary>Compares the media of a session's calls on both sides of every machine.</summary>
    /// <param name="session">The session.</param>
    /// <param name="packets">Packets of calls.</param>
    /// <param name="isCut">True where there were more packets than are looked at.</param>
    /// <param name="mostPackets">RTP packets looked at, each some 40 bytes of memory.</param>
    public static IReadOnlyList<RelayLeg> Compare(SessionRecord session, ICallPackets packets, out bool isCut, int mostPackets = 1_000_000)
    {
        var comparison = new RelayComparison(session.Calls, mostPackets);
        new SessionPackets(packets, session.Calls).Visit(session.Id, PacketKinds.Media, comparison);
        isCut = comparison._packets >= mostPackets;
        return comparison.Legs();
    }

    /// <inheritdoc />
    public bool Visit(in CapturedPacket packet)
    {
        if (_decoder.Decode(packet, out DecodedPacket decoded) != DecodeOutcome.Udp || !RtpHeader.TryRead(decoded.Payload, out RtpHeader rtp)) return true;
        if (decoded.Payload.Length >= 2 && decoded.Payload[1] is >= 192 and <= 223) return true;
        ref Line? line = ref CollectionsMarshal.GetValueRefOrAddDefault(_byKey, (decoded.Source, decoded.Destination, rtp.Ssrc), out bool isKnown);
        if (!isKnown)
        {
            if (_lines.Count >= MostStreams) return true;
            line = new Line(decoded.Source, decoded.Destination, rtp.Ssrc);
            _lines.Add(line);
        }

        if (line is null) return true;
        line.Seen.Add(new Seen(packet.CapturedAt.Microseconds, rtp.SequenceNumber, rtp.Timestamp, Hash64.Of(rtp.Payload), IsFlat(rtp.Payload)));
        return ++_packets < _mostPackets;
    }

    private static bool IsFlat(ReadOnlySpan<byte> payload) => payload.Length < 20 || payload.IndexOfAnyExcept(payload[0]) < 0;

    private List<RelayLeg> Legs()
    {
        var legs = new List<RelayLeg>();
        var taken = new HashSet<Line>();
        foreach (Line line in _lines)
        {
            (line.Call, line.Stream) = StreamOf(line);
        }

        // First those that can be matched: what is left over is then seen to be left over.
        foreach (Line line in _lines)
        {
            if (line.Call is null) continue;
            Match? best = null;
            foreach (Line other in _lines)
            {
                if (other.Call is null || !IsThrough(line, other)) continue;
                Match match = MatchOf(line, other);
                if (match.By is not null && (best is null || match.Count > best.Count)) best = match;
            }

            if (best is null) continue;
            line.Partner = best.Out;
            taken.Add(best.Out);
            legs.Add(LegOf(line, best));
        }

        foreach (Line line in _lines)
        {
            if (line.Call is null || line.Partner is not null || taken.Contains(line)) continue;
            Line? other = Transcoded(line, taken);
            if (other is not null)
            {
                taken.Add(other);
                legs.Add(LegOf(line, new Match(other, null, [], 0)));
            }
            else if (_lines.Exists(through => through.Call is not null && IsThrough(line, through)))
            {
                // The machine's other side is there to be seen, and nothing of this is on it.
                legs.Add(LegOf(line, null));
            }
        }

        legs.Sort(static (left, right) => left.In.Source != right.In.Source ? left.In.Source.CompareTo(right.In.Source) : left.In.Ssrc.CompareTo(right.In.Ssrc));
        return legs;
    }

    private (CallRecord?, StreamRecord?) StreamOf(Line line)
    {
        foreach (CallRecord call in _calls)
        {
            foreach (StreamRecord stream in call.Streams)
            {
                if (stream.Ssrc == line.Ssrc && stream.Source == line.Source && stream.Destination == line.Destination) return (call, stream);
            }
        }

        return (null, null);
    }

    /// <summary>True where one stream comes to the machine that the other leaves, not back to where it came from, and at the same time.</summary>
    private static bool IsThrough(Line came, Line left) =>
        came != left && left.Source.Address == came.Destination.Address && left.Destination != came.Source && left.Destination.Address != came.Destination.Address
        && left.Seen[0].At <= came.Seen[^1].At + MostDelay && came.Seen[0].At <= left.Seen[^1].At + MostLead;

    /// <summary>Where the machine transcodes: the one stream of the same speaker that leaves it in a call linked with this one, or in the same.</summary>
    private Line? Transcoded(Line line, HashSet<Line> taken)
    {
        Line? one = null;
        foreach (Line other in _lines)
        {
            if (other.Call is null || taken.Contains(other) || other.Partner is not null || !IsThrough(line, other) || other.Stream!.From != line.Stream!.From || other.Stream.From == PartySide.Unknown) continue;
            if (other.Call != line.Call && !line.Call!.Links.Any(link => link.CallId == other.Call.Id && link.Relation is LinkRelation.Upstream or LinkRelation.Downstream)) continue;
            if (one is not null) return null;
            one = other;
        }

        return one;
    }

    private static Match MatchOf(Line came, Line left)
    {
        if (came.Ssrc == left.Ssrc)
        {
            int[] bySequence = Pair(came, left, static seen => ((ulong)seen.Sequence << 32) | seen.RtpTime, static _ => true);
            int found = bySequence.Count(static index => index >= 0);
            if (found > 0) return new Match(left, "ssrc", bySequence, found);
        }

        int[] byPayload = Pair(came, left, static seen => seen.Hash, static seen => !seen.IsFlat);
        int count = byPayload.Count(static index => index >= 0);
        int least = Math.Min(came.Seen.Count(static seen => !seen.IsFlat), left.Seen.Count(static seen => !seen.IsFlat));
        return count >= 3 && count >= least / 5 ? new Match(left, "payload", byPayload, count) : new Match(left, null, [], 0);
    }

    /// <summary>For each packet that came the index of the one that left; -1 without.</summary>
    private static int[] Pair(Line came, Line left, Func<Seen, ulong> key, Func<Seen, bool> counts)
    {
        var waiting = new Dictionary<ulong, Queue<int>>();
        for (int i = 0; i < left.Seen.Count; i++)
        {
            if (!counts(left.Seen[i])) continue;
            ulong name = key(left.Seen[i]);
            if (!waiting.TryGetValue(name, out Queue<int>? queue)) waiting.Add(name, queue = new Queue<int>(1));
            queue.Enqueue(i);
        }

        int[] pairs = new int[came.Seen.Count];
        for (int i = 0; i < pairs.Length; i++)
        {
            pairs[i] = -1;
            Seen seen = came.Seen[i];
            if (!counts(seen) || !waiting.TryGetValue(key(seen), out Queue<int>? queue)) continue;
            while (queue.TryPeek(out int index))
            {
                long delay = left.Seen[index].At - seen.At;
                if (delay > MostDelay) break;
                queue.Dequeue();
                if (delay < -MostLead) continue;
                pairs[i] = index;
                break;
            }
        }

        return pairs;
    }

    private static RelayLeg LegOf(Line came, Match? match)
    {
        CallRecord call = came.Call!;
        Line? left = match?.Out;
        bool isUncertain = call.Flags.HasFlag(CallFlags.Gap) || (left?.Call!.Flags.HasFlag(CallFlags.Gap) ?? false);
        (long from, long until) = Both(call, left?.Call ?? call);

        // Silence that is the same in every packet cannot be told apart by its payload: it counts as neither.
        bool byPayload = match?.By == "payload";
        var delays = new List<long>();
        long comeCount = 0, missing = 0, reordered = 0, latest = long.MinValue;
        var silent = new List<StreamGap>();
        long silentFrom = -1, silentTo = -1;
        for (int i = 0; i < came.Seen.Count; i++)
        {
            Seen seen = came.Seen[i];
            if (seen.At < from || seen.At > until || (byPayload && seen.IsFlat)) continue;
            comeCount++;
            if (match?.By is null && left is not null) continue;
            int index = match is null ? -1 : match.Pairs[i];
            if (index < 0)
            {
                missing++;
                if (silentFrom < 0) silentFrom = seen.At;
                silentTo = seen.At;
                continue;
            }

            Close();
            long at = left!.Seen[index].At;
            delays.Add(at - seen.At);
            if (at < latest) reordered++;
            latest = Math.Max(latest, at);
        }

        Close();
        bool isMatched = match?.By is not null || left is null;
        delays.Sort();
        return new RelayLeg
        {
            Machine = came.Destination.Address,
            In = Side(came),
            Out = left is null ? null : Side(left),
            MatchedBy = match?.By,
            Came = comeCount,
            Forwarded = isMatched ? comeCount - missing : null,
            NotForwarded = isMatched ? missing : null,
            LossAddedPercent = isMatched && comeCount > 0 ? 100.0 * missing / comeCount : null,
            Reordered = isMatched ? reordered : null,
            DelayMin = delays.Count > 0 ? Micro(delays[0]) : null,
            DelayMean = delays.Count > 0 ? Micro((long)delays.Average()) : null,
            Delay95 = delays.Count > 0 ? Micro(delays[Math.Min(delays.Count - 1, delays.Count * 95 / 100)]) : null,
            DelayMax = delays.Count > 0 ? Micro(delays[^1]) : null,
            Silent = silent,
            IsUncertain = isUncertain,
        };

        void Close()
        {
            if (silentFrom >= 0 && silentTo - silentFrom >= OneWay.TotalMicroseconds) silent.Add(new StreamGap(new Timestamp(silentFrom), new Timestamp(silentTo)));
            silentFrom = -1;
        }
    }

    private static RelaySide Side(Line line) => new(
        line.Call!.Id, line.Source, line.Destination, line.Ssrc, line.Stream!.Codec, line.Stream.Packets, line.Stream.Lost, line.Stream.JitterMillisecondsMean);

    /// <summary>While both calls were up, as far as their ends are known: what comes sooner or later has nowhere to go.</summary>
    private static (long From, long Until) Both(CallRecord one, CallRecord other)
    {
        Timestamp from = Timestamp.Max(one.AnsweredAt ?? one.StartedAt, other.AnsweredAt ?? other.StartedAt);
        long until = Math.Min((one.EndedAt ?? Timestamp.MaxValue).Microseconds, (other.EndedAt ?? Timestamp.MaxValue).Microseconds);

        // The last packets before a BYE race with it.
        return (from.Microseconds, until == long.MaxValue ? until : until - 100_000);
    }

    private static TimeSpan Micro(long microseconds) => TimeSpan.FromTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    private readonly record struct Seen(long At, ushort Sequence, uint RtpTime, ulong Hash, bool IsFlat);

    private sealed record Match(Line Out, string? By, int[] Pairs, int Count);

    private sealed class Line(Endpoint source, Endpoint destination, uint ssrc)
    {
        public Endpoint Source => source;

        public Endpoint Destination => destination;

        public uint Ssrc => ssrc;

        public List<Seen> Seen { get; } = [];

        public CallRecord? Call { get; set; }

        public StreamRecord? Stream { get; set; }

        public Line? Partner { get; set; }
    }
}

using System.Text;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtcp;

namespace CdrEngine.Calls.Streams;

/// <summary>What RTCP says of the streams of one call. Fed with every RTCP datagram of the call, on its own port or on RTP's.</summary>
/// <remarks>A source is known by its SSRC and the two IP addresses, since the same SSRC on both sides of a bridge is normal; ports are left
/// out because RTCP has its own. Round trips are taken at the capture point, each half apart: a report that echoes a sender report (LSR, DLSR)
/// tells the way from here to its sender and back. Values come from the wire and may be nonsense (encrypted SRTCP looks like RTCP): round
/// trips outside 0..10 s are left out, and what belongs to no stream is never shown.</remarks>
public sealed class RtcpMeter(StreamLimits limits)
{
    private const int RememberedReports = 4;
    private const int MaxHalves = 8;
    private static readonly TimeSpan LongestRoundTrip = TimeSpan.FromSeconds(10);

    private readonly List<Source> _sources = [];
    private readonly List<Half> _halves = [];

    /// <summary>Compound datagrams read.</summary>
    public long Datagrams { get; private set; }

    /// <summary>Datagrams that could not be read to their end.</summary>
    public long Malformed { get; private set; }

    /// <summary>Time of the last datagram; null before the first.</summary>
    public Timestamp? LastAt { get; private set; }

    /// <summary>Takes a compound RTCP datagram. What cannot be read is counted in <see cref="Malformed"/>; what came before it counts.</summary>
    public void Add(Timestamp at, Endpoint source, Endpoint destination, ReadOnlySpan<byte> datagram)
    {
        Datagrams++;
        LastAt = at;
        var reader = new RtcpReader(datagram);
        while (reader.MoveNext())
        {
            RtcpPacket packet = reader.Current;
            switch (packet.Type)
            {
                case RtcpType.SenderReport:
                    AddSenderInfo(at, source.Address, destination.Address, packet);
                    AddReports(at, source.Address, destination.Address, packet);
                    break;
                case RtcpType.ReceiverReport:
                    AddReports(at, source.Address, destination.Address, packet);
                    break;
                case RtcpType.SourceDescription:
                    foreach (SdesItem item in packet.Items)
                    {
                        if (item.Type != SdesItem.CanonicalName) continue;
                        Source known = Get(item.Ssrc, source.Address, destination.Address, at);
                        if (known.CanonicalName is null && item.Text.Length > 0) known.CanonicalName = Encoding.UTF8.GetString(item.Text);
                    }

                    break;
                case RtcpType.Bye:
                    for (int i = 0; i < packet.Count; i++) Get(packet.ByeSource(i), source.Address, destination.Address, at).ByeAt ??= at;
                    break;
                case RtcpType.ExtendedReport:
                    AddExtended(at, source.Address, destination.Address, packet);
                    break;
            }
        }

        if (reader.Rejection != RtcpRejection.None) Malformed++;
    }

    /// <summary>What was said of one stream; null where nothing was.</summary>
    /// <param name="ssrc">Source.</param>
    /// <param name="source">Sender's address.</param>
    /// <param name="destination">Receiver's address.</param>
    /// <param name="microsecondsPerTick">Clock of the stream, for its jitter; 0 where unknown.</param>
    public RtcpRecord? ToRecord(uint ssrc, IpAddress source, IpAddress destination, double microsecondsPerTick)
    {
        Source? said = Find(ssrc, source, destination);
        if (said is null) return null;
        double? Milliseconds(uint ticks) => said.Reports > 0 && microsecondsPerTick > 0 ? ticks * microsecondsPerTick / 1000 : null;
        return new RtcpRecord
        {
            Reports = said.Reports,
            LossPercentLast = said.Reports > 0 ? said.FractionLast * 100 / 256.0 : null,
            LossPercentMax = said.Reports > 0 ? said.FractionMax * 100 / 256.0 : null,
            CumulativeLost = said.Reports > 0 ? said.CumulativeLost : null,
            JitterMilliseconds = Milliseconds(said.JitterLast),
            JitterMillisecondsMax = Milliseconds(said.JitterMax),
            RoundTripToReceiverMilliseconds = FindHalf(source, destination)?.RoundTrip.TotalMilliseconds,
            RoundTripToSenderMilliseconds = FindHalf(destination, source)?.RoundTrip.TotalMilliseconds,
            SenderPackets = said.Sent ? said.SenderPackets : null,
            SenderOctets = said.Sent ? said.SenderOctets : null,
            CanonicalName = said.CanonicalName,
            ByeAt = said.ByeAt,
            Voip = said.Voip,
        };
    }

    /// <summary>Streams that their receivers report on as received: two reports at least, and not all lost.</summary>
    public IReadOnlyList<RtcpHeard> Heard
    {
        get
        {
            List<RtcpHeard>? heard = null;
            foreach (Source source in _sources)
            {
                if (source.Ssrc != 0 && source.Reports >= 2 && source.FractionLast < byte.MaxValue) (heard ??= []).Add(new RtcpHeard(source.Ssrc, source.From, source.To));
            }

            return (IReadOnlyList<RtcpHeard>?)heard ?? [];
        }
    }

    private void AddSenderInfo(Timestamp at, IpAddress from, IpAddress to, RtcpPacket packet)
    {
        Source sender = Get(packet.SenderSsrc, from, to, at);
        RtcpSenderInfo info = packet.SenderInfo;
        sender.Sent = true;
        sender.SenderPackets = info.PacketCount;
        sender.SenderOctets = info.OctetCount;
        if (info.NtpTime != 0) sender.Remember(info.MiddleNtp, at);
    }

    private void AddReports(Timestamp at, IpAddress from, IpAddress to, RtcpPacket packet)
    {
        for (int i = 0; i < packet.ReportCount; i++)
        {
            RtcpReportBlock block = packet.Report(i);
            Source reported = Get(block.Ssrc, to, from, at); // the report runs against its stream
            reported.Reports++;
            reported.FractionLast = block.FractionLost;
            reported.FractionMax = Math.Max(reported.FractionMax, block.FractionLost);
            reported.CumulativeLost = block.CumulativeLost;
            reported.JitterLast = block.Jitter;
            reported.JitterMax = Math.Max(reported.JitterMax, block.Jitter);
            AddRoundTrip(at, reported, block.LastSenderReport, block.DelaySinceLastSenderReport, to, from);
        }
    }

    private void AddExtended(Timestamp at, IpAddress from, IpAddress to, RtcpPacket packet)
    {
        foreach (XrBlock block in packet.Blocks)
        {
            if (block.TryReadReferenceTime(out ulong ntp))
            {
                Get(packet.SenderSsrc, from, to, at).Remember((uint)(ntp >> 16), at);
            }
            else if (block.TryReadVoipMetrics(out VoipMetrics metrics))
            {
                Get(metrics.Ssrc, to, from, at).Voip = metrics;
            }

            for (int i = 0; i < block.DlrrCount; i++)
            {
                DlrrReport report = block.Dlrr(i);
                if (Find(report.Ssrc, to, from) is { } receiver)
                {
                    AddRoundTrip(at, receiver, report.LastReceiverReport, report.DelaySinceLastReceiverReport, to, from);
                }
            }
        }
    }

    /// <summary>The echo of what <paramref name="echoed"/> sent from <paramref name="origin"/> to <paramref name="far"/>, come back here.</summary>
    private void AddRoundTrip(Timestamp at, Source echoed, uint middleNtp, uint delay, IpAddress origin, IpAddress far)
    {
        if (middleNtp == 0 || echoed.SentAt(middleNtp) is not { } sentAt) return;
        TimeSpan roundTrip = at - sentAt - TimeSpan.FromMicroseconds(delay * 1_000_000.0 / 65_536);
        // The end's clock counts DLSR in 15 microsecond steps and not at our rate: a hair below zero is zero.
        if (roundTrip < TimeSpan.FromMilliseconds(-2) || roundTrip > LongestRoundTrip) return;
        if (roundTrip < TimeSpan.Zero) roundTrip = TimeSpan.Zero;
        if (FindHalf(origin, far) is { } half) half.RoundTrip = roundTrip;
        else if (_halves.Count < MaxHalves) _halves.Add(new Half(origin, far) { RoundTrip = roundTrip });
    }

    private Half? FindHalf(IpAddress origin, IpAddress far)
    {
        foreach (Half half in _halves)
        {
            if (half.Far == far && half.Origin == origin) return half;
        }

        return null;
    }

    private Source? Find(uint ssrc, IpAddress from, IpAddress to)
    {
        foreach (Source source in _sources)
        {
            if (source.Ssrc == ssrc && source.From == from && source.To == to) return source;
        }

        return null;
    }

    private Source Get(uint ssrc, IpAddress from, IpAddress to, Timestamp at)
    {
        Source? source = Find(ssrc, from, to);
        if (source is null)
        {
            if (_sources.Count >= limits.RtcpSources) Evict();
            source = new Source(ssrc, from, to);
            _sources.Add(source);
        }

        source.Mentions++;
        source.LastAt = at;
        return source;
    }

    /// <summary>The least mentioned goes, of those the longest silent, of those the first.</summary>
    private void Evict()
    {
        int victim = 0;
        for (int i = 1; i < _sources.Count; i++)
        {
            Source candidate = _sources[i], least = _sources[victim];
            if (candidate.Mentions < least.Mentions || (candidate.Mentions == least.Mentions && candidate.LastAt < least.LastAt)) victim = i;
        }

        _sources.RemoveAt(victim);
    }

    private sealed class Half(IpAddress origin, IpAddress far)
    {
        public IpAddress Origin { get; } = origin;

        public IpAddress Far { get; } = far;

        public TimeSpan RoundTrip { get; set; }
    }

    private sealed class Source(uint ssrc, IpAddress from, IpAddress to)
    {
        private readonly (uint MiddleNtp, Timestamp At)[] _sent = new (uint, Timestamp)[RememberedReports];
        private int _next;

        public uint Ssrc { get; } = ssrc;

        public IpAddress From { get; } = from;

        public IpAddress To { get; } = to;

        public long Mentions { get; set; }

        public Timestamp LastAt { get; set; }

        public bool Sent { get; set; }

        public uint SenderPackets { get; set; }

        public uint SenderOctets { get; set; }

        public long Reports { get; set; }

        public byte FractionLast { get; set; }

        public byte FractionMax { get; set; }

        public int CumulativeLost { get; set; }

        public uint JitterLast { get; set; }

        public uint JitterMax { get; set; }

        public string? CanonicalName { get; set; }

        public Timestamp? ByeAt { get; set; }

        public VoipMetrics? Voip { get; set; }

        /// <summary>Keeps the first sight of a report: the mirror's second copy is later and would shorten the round trip.</summary>
        public void Remember(uint middleNtp, Timestamp at)
        {
            if (SentAt(middleNtp) is not null) return;
            _sent[_next] = (middleNtp, at);
            _next = (_next + 1) % RememberedReports;
        }

        public Timestamp? SentAt(uint middleNtp)
        {
            foreach ((uint known, Timestamp at) in _sent)
            {
                if (known == middleNtp && middleNtp != 0) return at;
            }

            return null;
        }
    }
}

/// <summary>A stream that its receiver says it gets, seen by us or not.</summary>
/// <param name="Ssrc">Its source.</param>
/// <param name="From">Address it comes from, as far as reports show: where they go to.</param>
/// <param name="To">Address that reports on it.</param>
public readonly record struct RtcpHeard(uint Ssrc, IpAddress From, IpAddress To);

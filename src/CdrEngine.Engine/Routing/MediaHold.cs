using CdrEngine.Core;

namespace CdrEngine.Engine.Routing;

/// <summary>Bounds of the store of media that no call has announced yet.</summary>
public sealed record MediaHoldLimits
{
    /// <summary>How long a packet waits for its SDP. Default 5 s: longer than any answer lags its media (RFC 3264 5.1, 6.1).</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Address pairs that wait at a time. Default 10,000.</summary>
    public int MaxPairs { get; init; } = 10_000;

    /// <summary>Bytes of one pair. Default 256 KiB: five seconds of G.711 and to spare.</summary>
    public int MaxBytesPerPair { get; init; } = 256 * 1024;

    /// <summary>Bytes of all pairs. Default 64 MiB.</summary>
    public long MaxBytes { get; init; } = 64L << 20;
}

/// <summary>What a held packet was decoded to, beside its frame.</summary>
internal readonly record struct HeldPacket(
    long Sequence, Timestamp ClockAt, int PayloadOffset, int PayloadLength, uint IpIdentification, ushort Checksum, byte Dscp, byte TimeToLive);

/// <summary>Packets of one address pair that wait.</summary>
internal sealed class HeldPair
{
    public required Endpoint Source { get; init; }

    public required Endpoint Destination { get; init; }

    public FrameBuffer Frames { get; private set; } = new();

    public List<HeldPacket> Packets { get; private set; } = [];

    public FrameBuffer OlderFrames { get; private set; } = new();

    public List<HeldPacket> OlderPackets { get; private set; } = [];

    public int Bytes => Frames.Length + OlderFrames.Length;

    public Timestamp GenerationStartedAt { get; set; }

    public Timestamp LastAt { get; set; }

    public bool Removed { get; set; }

    /// <summary>Ages the packets by one generation; gives how many were dropped.</summary>
    public int Rotate()
    {
        int dropped = OlderPackets.Count;
        OlderFrames.Clear();
        OlderPackets.Clear();
        (Frames, OlderFrames) = (OlderFrames, Frames);
        (Packets, OlderPackets) = (OlderPackets, Packets);
        return dropped;
    }

    public void Dispose()
    {
        Removed = true;
        Frames.Dispose();
        OlderFrames.Dispose();
    }
}

/// <summary>Media that came before its SDP: kept a few seconds per address pair, given back when a call announces either end.</summary>
/// <remarks>Each pair holds two generations of packets, so that ageing costs nothing per packet; what is older than
/// <see cref="MediaHoldLimits.MaxAge"/> is skipped when a pair is given back.</remarks>
internal sealed class MediaHold(MediaHoldLimits limits)
{
    private readonly Dictionary<(Endpoint Source, Endpoint Destination), HeldPair> _pairs = [];
    private readonly Dictionary<Endpoint, List<HeldPair>> _byEndpoint = [];
    private readonly Queue<HeldPair> _byAge = new();
    private long _bytes;

    public int Pairs => _pairs.Count;

    /// <summary>Packets dropped because nobody announced them in time.</summary>
    public long Expired { get; private set; }

    /// <summary>Packets dropped because a bound was met.</summary>
    public long Refused { get; private set; }

    public void Add(Endpoint source, Endpoint destination, in CapturedPacket frame, in HeldPacket held)
    {
        Timestamp now = held.ClockAt;
        if (!_pairs.TryGetValue((source, destination), out HeldPair? pair))
        {
            Expire(now);
            if (_pairs.Count >= limits.MaxPairs)
            {
                Refused++;
                return;
            }

            pair = new HeldPair { Source = source, Destination = destination, GenerationStartedAt = now };
            _pairs.Add((source, destination), pair);
            Index(source, pair);
            Index(destination, pair);
            _byAge.Enqueue(pair);
        }

        if (now - pair.GenerationStartedAt > limits.MaxAge)
        {
            _bytes -= pair.OlderFrames.Length;
            Expired += pair.Rotate();
            pair.GenerationStartedAt = now;
        }

        pair.LastAt = now;
        int needed = FrameBuffer.FrameHeaderBytes + frame.Bytes.Length;
        if (pair.Bytes + needed > limits.MaxBytesPerPair || _bytes + needed > limits.MaxBytes)
        {
            Refused++;
            return;
        }

        _bytes += needed;
        pair.Frames.Append(frame);
        pair.Packets.Add(held);
    }

    /// <summary>Takes out the pairs that end or start at <paramref name="endpoint"/>, in the order of their first packet. The caller disposes them.</summary>
    public bool TryTake(Endpoint endpoint, out HeldPair[] pairs)
    {
        if (!_byEndpoint.TryGetValue(endpoint, out List<HeldPair>? list))
        {
            pairs = [];
            return false;
        }

        pairs = [.. list];
        foreach (HeldPair pair in pairs)
        {
            _bytes -= pair.Bytes;
            Unlink(pair);
        }

        return true;
    }

    /// <summary>Whether a packet of a pair that was taken out is still young enough.</summary>
    public bool IsYoung(in HeldPacket packet, Timestamp now) => now - packet.ClockAt <= limits.MaxAge;

    /// <summary>Counts a packet that was too old when its pair was taken out.</summary>
    public void CountExpired() => Expired++;

    /// <summary>Drops pairs that have been silent for longer than packets are kept.</summary>
    public void Expire(Timestamp now)
    {
        while (_byAge.TryPeek(out HeldPair? oldest))
        {
            if (!oldest.Removed)
            {
                if (now - oldest.LastAt <= limits.MaxAge)
                {
                    // Still alive: look again later. The queue is walked at most once round for each new pair.
                    if (now - oldest.GenerationStartedAt <= limits.MaxAge || _byAge.Count == 1) return;
                    _bytes -= oldest.OlderFrames.Length;
                    Expired += oldest.Rotate();
                    oldest.GenerationStartedAt = now;
                    _byAge.Enqueue(_byAge.Dequeue());
                    continue;
                }

                Drop(oldest);
            }

            _byAge.Dequeue();
        }
    }

    /// <summary>Drops everything (end of a capture).</summary>
    public void Clear()
    {
        foreach (HeldPair pair in _pairs.Values.ToArray()) Drop(pair);
        _byAge.Clear();
    }

    private void Drop(HeldPair pair)
    {
        Expired += pair.Packets.Count + pair.OlderPackets.Count;
        _bytes -= pair.Bytes;
        Unlink(pair);
        pair.Dispose();
    }

    private void Index(Endpoint endpoint, HeldPair pair)
    {
        if (!_byEndpoint.TryGetValue(endpoint, out List<HeldPair>? list)) _byEndpoint.Add(endpoint, list = []);
        if (!list.Contains(pair)) list.Add(pair);
    }

    private void Unlink(HeldPair pair)
    {
        pair.Removed = true;
        _pairs.Remove((pair.Source, pair.Destination));
        Unlink(pair.Source, pair);
        Unlink(pair.Destination, pair);
    }

    private void Unlink(Endpoint endpoint, HeldPair pair)
    {
        if (!_byEndpoint.TryGetValue(endpoint, out List<HeldPair>? list)) return;
        list.Remove(pair);
        if (list.Count == 0) _byEndpoint.Remove(endpoint);
    }
}

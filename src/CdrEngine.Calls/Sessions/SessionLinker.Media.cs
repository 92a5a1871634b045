using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;

namespace CdrEngine.Calls.Sessions;

// The same RTP into and out of one machine. Only the first packets of each stream are looked at.
public sealed partial class SessionLinker
{
    /// <summary>A relay that keeps the SSRC keeps the sequence numbers, and is not this many packets (two seconds of them) behind.</summary>
    private const int SequenceReach = 100;

    /// <summary>Equal payloads that are proof: music on hold goes out to many, but only one's voice comes in.</summary>
    private const int PayloadProof = 3;

    /// <summary>One of the first packets of a stream.</summary>
    /// <param name="call">The call.</param>
    /// <param name="packet">The RTP packet.</param>
    /// <param name="source">Sender.</param>
    /// <param name="destination">Receiver.</param>
    /// <param name="isFirst">Whether it is the stream's first.</param>
    /// <param name="now">Packet time.</param>
    public void OnRtp(SessionCall call, ReadOnlySpan<byte> packet, IpAddress source, IpAddress destination, bool isFirst, Timestamp now)
    {
        if (packet.Length < 13 || call.Upstream is { Method: <= LinkMethod.Rtp }) return;
        IpAddress from = Machine(source);
        IpAddress to = Machine(destination);
        ushort sequence = (ushort)((packet[2] << 8) | packet[3]);
        if (isFirst)
        {
            ulong ssrc = ((ulong)packet[8] << 24) | ((ulong)packet[9] << 16) | ((ulong)packet[10] << 8) | packet[11];
            ulong key = Hash64.Mix(ssrc, 0x5353_5243);
            if (Relayed(call, key, from, to, sequence, now) is { } other) LinkByRtp(call, other, 0.95);
            _sightings.Add(key, new Sighting(call, Sighting.Of(from), Sighting.Of(to), sequence), now, _options.MediaWindow);
        }

        ReadOnlySpan<byte> payload = packet[(12 + (4 * (packet[0] & 15)))..];
        if (payload.Length < 20 || IsFlat(payload)) return;
        ulong content = Hash64.Mix(Hash64.Of(payload), 0x5041_594C);
        if (Relayed(call, content, from, to, sequence: -1, now) is { } same)
        {
            SessionCall counted = call.Order > same.Order ? call : same;
            SessionCall peer = counted == call ? same : call;
            counted.PayloadMatches = counted.PayloadPeer == peer ? counted.PayloadMatches + 1 : 1;
            counted.PayloadPeer = peer;
            if (counted.PayloadMatches == PayloadProof) LinkByRtp(call, same, 0.9);
        }

        _sightings.Add(content, new Sighting(call, Sighting.Of(from), Sighting.Of(to), sequence), now, _options.MediaWindow);
    }

    /// <summary>The one call in which the same went into the machine that it leaves now, or out of the one it comes to.</summary>
    private SessionCall? Relayed(SessionCall call, ulong key, IpAddress from, IpAddress to, int sequence, Timestamp now)
    {
        SessionCall? one = null;
        int walked = 0;
        uint leaves = Sighting.Of(from), comes = Sighting.Of(to);
        foreach (Sighting seen in _sightings.Find(key, now - _options.MediaWindow))
        {
            if (++walked > _options.Limits.CallsPerKey * 4) return null;
            if (seen.Call == call || seen.Call == one || seen.Call.IsClosed) continue;
            if (seen.To != leaves && seen.From != comes) continue;
            if (sequence >= 0 && Math.Abs((short)(seen.Sequence - sequence)) > SequenceReach) continue;
            if (one is not null && (one.Group is null || one.Group != seen.Call.Group)) return null;
            one = seen.Call;
        }

        return one;
    }

    private void LinkByRtp(SessionCall call, SessionCall other, double score)
    {
        if (call.Group is not null && call.Group == other.Group && Between(call, other) is null) return;
        if (IsMadeOf(call, other) || IsMadeOf(other, call))
        {
            LinkLeg(call, other, LinkMethod.Rtp, score, 0);
            return;
        }

        // A machine that both were made to, or that made both, has joined them: a pick-up, a call taken off a park, a call set up for two.
        bool isJoined = call.EndsAt(other.LastReached) || other.EndsAt(call.LastReached) || call.BeginsAt == other.BeginsAt;
        if (!isJoined || call.RunsBeside(other) || call.Callers.Meets(other.Callers)) return;
        Link(Outer(call, other), Outer(call, other) == call ? other : call, LinkMethod.Rtp, score - 0.1, LinkRelation.Joined);
    }

    /// <summary>True for silence and tones that say nothing: few different bytes.</summary>
    private static bool IsFlat(ReadOnlySpan<byte> payload)
    {
        ulong seen = 0;
        foreach (byte b in payload[..Math.Min(payload.Length, 64)]) seen |= 1UL << (b & 63);
        return System.Numerics.BitOperations.PopCount(seen) < 12;
    }
}

using CdrEngine.Core;
using CdrEngine.Protocols.Link;

namespace CdrEngine.Protocols.Ip;

/// <summary>The rack in which IP fragments wait for the rest of their datagram.</summary>
/// <remarks>
/// Overlaps: for IPv4 the bytes that came first stay, which is what most receivers do and what cannot be changed afterwards by a late forgery.
/// For IPv6 a fragment that overlaps with other bytes kills its datagram, later fragments included (RFC 5722 4, RFC 8200 4.5). A fragment
/// whose bytes are all there already, unchanged, is a copy and dropped.
/// <para>Bounds: datagrams, bytes, fragments of one datagram, and age in packet time; the oldest datagram goes first, always in the order of
/// their first fragments, so that the same packets give the same evictions.</para>
/// </remarks>
internal sealed class FragmentTable(DecoderLimits limits, Counters<DecodeCounter> counters)
{
    private const int MaxDatagramBytes = 65_535;

    private readonly Dictionary<FragmentKey, FragmentedDatagram> _datagrams = [];
    private readonly Stack<FragmentedDatagram> _spare = new();
    private FragmentedDatagram? _oldest;
    private FragmentedDatagram? _newest;

    public int Count => _datagrams.Count;

    public long Bytes { get; private set; }

    /// <summary>Takes one fragment in. <paramref name="carrier"/> is the datagram, itself reassembled, that the fragment travelled in.</summary>
    public FragmentVerdict Add(
        in FragmentKey key, in Fragment fragment, in CapturedPacket packet, FragmentedDatagram? carrier, out FragmentedDatagram? completed,
        out DecodeCounter cause)
    {
        completed = null;
        cause = DecodeCounter.BadFragment;
        Expire(packet.CapturedAt);
        bool isPossible = fragment.Length > 0 && fragment.Offset + fragment.Length <= MaxDatagramBytes && (!fragment.HasMore || fragment.Length % 8 == 0);
        if (!isPossible) return FragmentVerdict.Refused;

        FragmentedDatagram datagram = Find(key, packet.CapturedAt);
        if (datagram.IsDead)
        {
            cause = DecodeCounter.Ipv6FragmentOverlap;
            return FragmentVerdict.Refused;
        }

        if (!datagram.AgreesOnEnd(fragment))
        {
            GiveUp(datagram);
            return FragmentVerdict.Refused;
        }

        if (datagram.Contains(fragment))
        {
            counters.Increment(DecodeCounter.FragmentDuplicate);
            return FragmentVerdict.Held;
        }

        if (datagram.Overlaps(fragment))
        {
            if (key.IsIPv6)
            {
                cause = DecodeCounter.Ipv6FragmentOverlap;
                GiveUp(datagram);
                return FragmentVerdict.Refused;
            }

            counters.Increment(DecodeCounter.Ipv4FragmentOverlap);
        }

        if (datagram.FragmentCount >= limits.MaxFragmentsPerDatagram)
        {
            counters.Increment(DecodeCounter.FragmentEvicted);
            GiveUp(datagram);
            return FragmentVerdict.Held;
        }

        Bytes -= datagram.HeldBytes;
        datagram.Fill(fragment);
        if (carrier is not null) datagram.Frames.Append(carrier.Frames);
        if (datagram.IsWhole)
        {
            Unlink(datagram);
            counters.Increment(DecodeCounter.Reassembled);
            completed = datagram;
            return FragmentVerdict.Completed;
        }

        datagram.Frames.Append(packet);
        Bytes += datagram.HeldBytes;
        while (Bytes > limits.MaxFragmentBytes) Evict();
        return FragmentVerdict.Held;
    }

    /// <summary>Drops what is older than the limit; a clock that was set back counts as age too.</summary>
    public void Expire(Timestamp now)
    {
        while (_oldest is not null && (now - _oldest.FirstAt).Duration() > limits.FragmentAge)
        {
            if (!_oldest.IsDead) counters.Increment(DecodeCounter.FragmentTimeout);
            Drop(_oldest);
        }
    }

    /// <summary>Takes back a datagram given out as completed.</summary>
    public void Release(FragmentedDatagram datagram)
    {
        datagram.Clear();
        _spare.Push(datagram);
    }

    private FragmentedDatagram Find(in FragmentKey key, Timestamp at)
    {
        if (_datagrams.TryGetValue(key, out FragmentedDatagram? datagram)) return datagram;
        if (_datagrams.Count >= limits.MaxFragmentedDatagrams) Evict();
        datagram = _spare.TryPop(out FragmentedDatagram? spare) ? spare : new FragmentedDatagram();
        datagram.Begin(key, at);
        datagram.Older = _newest;
        if (_newest is null) _oldest = datagram;
        else _newest.Newer = datagram;
        _newest = datagram;
        _datagrams.Add(key, datagram);
        return datagram;
    }

    /// <summary>IPv6: dead but remembered, so that the rest of it is refused too. IPv4: forgotten, for its 16-bit identification is soon
    /// used again by another datagram.</summary>
    private void GiveUp(FragmentedDatagram datagram)
    {
        if (!datagram.Key.IsIPv6)
        {
            Drop(datagram);
            return;
        }

        Bytes -= datagram.HeldBytes;
        datagram.Kill();
    }

    private void Evict()
    {
        if (!_oldest!.IsDead) counters.Increment(DecodeCounter.FragmentEvicted);
        Drop(_oldest);
    }

    private void Drop(FragmentedDatagram datagram)
    {
        Bytes -= datagram.HeldBytes;
        Unlink(datagram);
        Release(datagram);
    }

    private void Unlink(FragmentedDatagram datagram)
    {
        _datagrams.Remove(datagram.Key);
        if (datagram.Older is null) _oldest = datagram.Newer;
        else datagram.Older.Newer = datagram.Newer;
        if (datagram.Newer is null) _newest = datagram.Older;
        else datagram.Newer.Older = datagram.Older;
        datagram.Older = null;
        datagram.Newer = null;
    }
}

using CdrEngine.Core;

namespace CdrEngine.Engine.Routing;

/// <summary>A call that gets the packets of a flow, and the number its shard knows the flow by.</summary>
/// <param name="Call">The call.</param>
/// <param name="Flow">Index of the flow within the call's shard.</param>
internal readonly record struct FlowTarget(CallEntry Call, int Flow);

/// <summary>Which calls get the packets of one SSRC.</summary>
internal sealed class SsrcRoute
{
    public required uint Ssrc { get; init; }

    public required FlowTarget[] Targets { get; set; }

    /// <summary>Leaves out the calls that have given up their media addresses; false where none is left.</summary>
    public bool KeepOwners()
    {
        if (!Array.TrueForAll(Targets, static target => target.Call.OwnsMedia)) Targets = Array.FindAll(Targets, static target => target.Call.OwnsMedia);
        return Targets.Length > 0;
    }
}

/// <summary>Packets from one address to another that belong to at least one call.</summary>
internal sealed class FlowEntry
{
    private uint _straightSsrc;

    public required Endpoint Source { get; init; }

    public required Endpoint Destination { get; init; }

    public required ulong Hash { get; init; }

    /// <summary>True where the calls at its ends have changed since the targets were found.</summary>
    public bool Unsettled
    {
        get;
        set
        {
            field = value;
            if (value) LeaveStraight();
        }
    } = true;

    /// <summary>The table it is in while its next packet has nothing to decide; else null.</summary>
    public StraightTable? Straight { get; private set; }

    /// <summary>Calls that get every packet not claimed by <see cref="Claims"/>: the call chosen first, then those that share it.</summary>
    public FlowTarget[] Targets { get; set; } = [];

    /// <summary>A newer call that has announced the destination only, and those that share it; empty where there is none.</summary>
    public FlowTarget[] Newer { get; set; } = [];

    /// <summary>SSRCs that belong to another call than <see cref="Targets"/>; null in the usual case of one call.</summary>
    public List<SsrcRoute>? Claims { get; set; }

    /// <summary>SSRC of the last packet of <see cref="Targets"/>, so that it can be claimed when another call takes the addresses.</summary>
    public uint LastSsrc { get; set; }

    public bool HasSsrc { get; set; }

    /// <summary>SSRC whose first packets the linker sees now, how many more of it, and how many it has seen of all.</summary>
    public uint SampledSsrc { get; set; }

    public int SamplesLeft { get; set; }

    public int Sampled { get; set; }

    /// <summary>Engine time of the last packet.</summary>
    public Timestamp LastPacketAt
    {
        get => Straight is { } table ? table.Find(StraightKey).LastPacketAt : field;
        set
        {
            field = value;
            if (Straight is { } table) table.Find(StraightKey).LastPacketAt = value;
        }
    }

    /// <summary>Every target this flow ever had, so that a call keeps its flow number.</summary>
    public List<FlowTarget> Known { get; } = [];

    public bool Removed { get; set; }

    private StraightKey StraightKey => StraightTable.KeyOf(Source, Destination);

    /// <summary>The packets of an SSRC go to one call with nothing to decide, from here on until <see cref="Unsettled"/> or <see cref="LeaveStraight"/>.</summary>
    public void GoStraight(StraightTable table, uint ssrc, FlowTarget target)
    {
        if (Straight is not null && _straightSsrc == ssrc) return;
        _straightSsrc = ssrc;
        StraightKey key = StraightKey;
        table.Put(new StraightFlow
        {
            Addresses = key.Addresses,
            Ports = key.Ports,
            Ssrc = ssrc,
            LastPacketAt = LastPacketAt,
            FlowAndOne = target.Flow + 1,
            Shard = target.Call.Shard,
        });
        Straight = table;
    }

    /// <summary>The next packet has to be looked at.</summary>
    public void LeaveStraight()
    {
        if (Straight is not { } table) return;
        Timestamp last = LastPacketAt;
        table.Remove(StraightKey);
        Straight = null;
        LastPacketAt = last;
    }
}

/// <summary>Flows of known calls by address pair: open addressing, linear probing, no allocation on look-up.</summary>
internal sealed class FlowTable
{
    private FlowEntry?[] _slots = new FlowEntry?[1024];

    public int Count { get; private set; }

    public static ulong HashOf(Endpoint source, Endpoint destination) => source.Hash64() ^ (destination.Hash64() * 0x9E37_79B9_7F4A_7C15);

    public FlowEntry? Find(ulong hash, Endpoint source, Endpoint destination)
    {
        FlowEntry?[] slots = _slots;
        int mask = slots.Length - 1;
        for (int at = (int)hash & mask; slots[at] is { } entry; at = (at + 1) & mask)
        {
            if (entry.Hash == hash && entry.Source == source && entry.Destination == destination) return entry;
        }

        return null;
    }

    public void Add(FlowEntry entry)
    {
        if ((Count + 1) * 2 > _slots.Length) Resize(_slots.Length * 2);
        Insert(_slots, entry);
        Count++;
    }

    public void Remove(FlowEntry entry)
    {
        int mask = _slots.Length - 1;
        int at = (int)entry.Hash & mask;
        while (_slots[at] != entry)
        {
            if (_slots[at] is null) return;
            at = (at + 1) & mask;
        }

        // Close the gap (no tombstones): move back each later entry of the run that may not stand after the hole.
        int hole = at;
        for (int next = (at + 1) & mask; _slots[next] is { } moved; next = (next + 1) & mask)
        {
            int home = (int)moved.Hash & mask;
            bool staysReachable = hole <= next ? hole < home && home <= next : hole < home || home <= next;
            if (staysReachable) continue;
            _slots[hole] = moved;
            hole = next;
        }

        _slots[hole] = null;
        entry.Removed = true;
        Count--;
    }

    public void Clear()
    {
        Array.Clear(_slots);
        Count = 0;
    }

    private static void Insert(FlowEntry?[] slots, FlowEntry entry)
    {
        int mask = slots.Length - 1;
        int at = (int)entry.Hash & mask;
        while (slots[at] is not null) at = (at + 1) & mask;
        slots[at] = entry;
    }

    private void Resize(int size)
    {
        var slots = new FlowEntry?[size];
        foreach (FlowEntry? entry in _slots)
        {
            if (entry is not null) Insert(slots, entry);
        }

        _slots = slots;
    }
}

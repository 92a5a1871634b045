using CdrEngine.Core;

namespace CdrEngine.Engine.Routing;

/// <summary>One media address: the calls that announced it and the flows that touch it.</summary>
internal sealed class EndpointEntry
{
    public Endpoint Endpoint { get; set; }

    /// <summary>Calls that announced it and still own media, oldest first.</summary>
    public List<CallEntry> Calls { get; } = new(1);

    /// <summary>Flows from or to it; null before the first: every other address is RTCP's, where hardly anything comes.</summary>
    public List<FlowEntry>? Flows { get; set; }

    /// <summary>Makes every flow here look up its calls again at its next packet.</summary>
    public void Disturb()
    {
        if (Flows is null) return;
        foreach (FlowEntry flow in Flows) flow.Unsettled = true;
    }
}

/// <summary>Media addresses announced by SDP, and those that flows of known calls come from.</summary>
internal sealed class EndpointTable
{
    /// <summary>Calls kept for one address; the oldest gives way. Far above what port reuse or a shared media port brings.</summary>
    public const int MaxCallsPerEndpoint = 64;

    /// <summary>Entries kept for later use: each call brings four and takes them away again.</summary>
    private const int MaxSpare = 4096;

    private readonly Dictionary<Endpoint, EndpointEntry> _entries = [];
    private readonly Stack<EndpointEntry> _spare = new();

    public int Count => _entries.Count;

    public EndpointEntry? Find(Endpoint endpoint) => _entries.GetValueOrDefault(endpoint);

    /// <summary>Notes that <paramref name="call"/> expects media at <paramref name="endpoint"/>; null where it did already.</summary>
    public EndpointEntry? Announce(CallEntry call, Endpoint endpoint)
    {
        EndpointEntry entry = GetOrAdd(endpoint);
        if (entry.Calls.Contains(call)) return null;
        if (entry.Calls.Count >= MaxCallsPerEndpoint) entry.Calls.RemoveAt(0);
        int at = entry.Calls.Count;
        while (at > 0 && entry.Calls[at - 1].Order > call.Order) at--;
        entry.Calls.Insert(at, call);
        call.Endpoints.Add(entry);
        entry.Disturb();
        return entry;
    }

    /// <summary>Takes a call off all its addresses; its flows must find another owner.</summary>
    public void Withdraw(CallEntry call)
    {
        foreach (EndpointEntry entry in call.Endpoints)
        {
            entry.Calls.Remove(call);
            entry.Disturb();
            RemoveIfUnused(entry);
        }

        call.Endpoints.Clear();
    }

    public void Attach(FlowEntry flow)
    {
        (GetOrAdd(flow.Source).Flows ??= new(1)).Add(flow);
        (GetOrAdd(flow.Destination).Flows ??= new(1)).Add(flow);
    }

    public void Detach(FlowEntry flow)
    {
        Detach(flow, flow.Source);
        Detach(flow, flow.Destination);
    }

    public void Clear() => _entries.Clear();

    private void Detach(FlowEntry flow, Endpoint endpoint)
    {
        if (!_entries.TryGetValue(endpoint, out EndpointEntry? entry)) return;
        entry.Flows?.Remove(flow);
        RemoveIfUnused(entry);
    }

    private EndpointEntry GetOrAdd(Endpoint endpoint)
    {
        if (_entries.TryGetValue(endpoint, out EndpointEntry? entry)) return entry;
        entry = _spare.TryPop(out EndpointEntry? spare) ? spare : new EndpointEntry();
        entry.Endpoint = endpoint;
        _entries.Add(endpoint, entry);
        return entry;
    }

    private void RemoveIfUnused(EndpointEntry entry)
    {
        // A call that gave way here long ago may still have an entry that has become another endpoint's since.
        if (entry.Calls.Count > 0 || entry.Flows is { Count: > 0 } || Find(entry.Endpoint) != entry) return;
        _entries.Remove(entry.Endpoint);
        if (_spare.Count < MaxSpare) _spare.Push(entry);
    }
}

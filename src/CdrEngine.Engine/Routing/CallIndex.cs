using CdrEngine.Calls.Sessions;
using CdrEngine.Core;

namespace CdrEngine.Engine.Routing;

/// <summary>Open calls by Call-ID. Where a Call-ID is used again, the newest call is found first and leads to the older ones.</summary>
internal sealed class CallIndex : ISessionCalls
{
    private readonly Dictionary<byte[], CallEntry> _calls = new(ByteKeyComparer.Instance);
    private readonly Dictionary<byte[], CallEntry>.AlternateLookup<ReadOnlySpan<byte>> _lookup;

    public CallIndex() => _lookup = _calls.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>Open calls, all generations of a Call-ID counted.</summary>
    public int Count { get; private set; }

    public CallEntry? Newest(ReadOnlySpan<byte> callId) => _lookup.TryGetValue(callId, out CallEntry? entry) ? entry : null;

    SessionCall? ISessionCalls.Find(ReadOnlySpan<byte> callId) => Newest(callId)?.Session;

    public void Add(CallEntry entry)
    {
        entry.Older = _calls.GetValueOrDefault(entry.CallId);
        _calls[entry.CallId] = entry;
        Count++;
    }

    public void Remove(CallEntry entry)
    {
        if (!_calls.TryGetValue(entry.CallId, out CallEntry? newest)) return;
        if (newest == entry)
        {
            if (entry.Older is null) _calls.Remove(entry.CallId);
            else _calls[entry.CallId] = entry.Older;
            Count--;
            return;
        }

        for (CallEntry? at = newest; at is not null; at = at.Older)
        {
            if (at.Older != entry) continue;
            at.Older = entry.Older;
            Count--;
            return;
        }
    }

    public IEnumerable<CallEntry> All()
    {
        foreach (CallEntry newest in _calls.Values)
        {
            for (CallEntry? at = newest; at is not null; at = at.Older) yield return at;
        }
    }
}

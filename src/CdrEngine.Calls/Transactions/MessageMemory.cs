namespace CdrEngine.Calls.Transactions;

/// <summary>Which messages a call has seen: a set of hashes with open addressing that grows to a limit and then only answers.</summary>
internal sealed class MessageMemory(int limit)
{
    private ulong[] _slots = new ulong[32];

    /// <summary>Hashes held.</summary>
    public int Count { get; private set; }

    /// <summary>True where the hash is new; it is then kept, unless the limit is reached.</summary>
    public bool Add(ulong hash)
    {
        if (hash == 0) hash = 1;
        int slot = Slot(hash);
        if (_slots[slot] == hash) return false;
        if (Count >= limit) return true;
        _slots[slot] = hash;
        Count++;
        if (Count * 4 > _slots.Length * 3) Grow();
        return true;
    }

    private int Slot(ulong hash)
    {
        int mask = _slots.Length - 1;
        int slot = (int)(hash >> 32) & mask;
        while (_slots[slot] != 0 && _slots[slot] != hash) slot = (slot + 1) & mask;
        return slot;
    }

    private void Grow()
    {
        ulong[] old = _slots;
        _slots = new ulong[old.Length * 2];
        foreach (ulong hash in old)
        {
            if (hash != 0) _slots[Slot(hash)] = hash;
        }
    }
}

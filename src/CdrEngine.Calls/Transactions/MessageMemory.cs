using CdrEngine.Calls.Dormant;

namespace CdrEngine.Calls.Transactions;

/// <summary>Which messages a call has seen: a set of hashes that grows to a limit and then only answers.</summary>
/// <remarks>Most calls have ten messages, and every open call keeps one of these: so a few hashes lie side by side, and only many get a table with open addressing.</remarks>
internal sealed class MessageMemory(int limit)
{
    /// <summary>Hashes side by side at most; looking through them all takes some ten comparisons of vectors.</summary>
    private const int MostInRow = 54;

    private ulong[] _slots = new ulong[16];

    /// <summary>Hashes held.</summary>
    public int Count { get; private set; }

    /// <summary>Hashes there is room for.</summary>
    public int Room => _slots.Length;

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Array.Clear(_slots);
        Count = 0;
    }

    /// <summary>True where the hash is new; it is then kept, unless the limit is reached.</summary>
    public bool Add(ulong hash)
    {
        if (hash == 0) hash = 1;
        return _slots.Length <= MostInRow ? AddToRow(hash) : AddToTable(hash);
    }

    /// <summary>Carries the hashes into a small form, or out of it into a memory that has none yet.</summary>
    public void Carry(StateCarrier carrier)
    {
        int count = carrier.Number(Count);
        if (carrier.IsPacking)
        {
            // A row holds them side by side, a table with holes.
            bool isRow = _slots.Length <= MostInRow;
            foreach (ulong hash in isRow ? _slots.AsSpan(0, Count) : _slots)
            {
                ulong carried = hash;
                if (hash != 0) carrier.Hash(ref carried);
            }

            return;
        }

        for (int i = 0; i < count; i++)
        {
            ulong hash = 0;
            carrier.Hash(ref hash);
            Add(hash);
        }
    }

    private bool AddToRow(ulong hash)
    {
        // In a loop: a search over vectors is compiled when it is first called, and the row is short.
        foreach (ulong known in _slots.AsSpan(0, Count))
        {
            if (known == hash) return false;
        }

        if (Count >= limit) return true;
        if (Count == MostInRow)
        {
            GrowTable(2 * MostInRow);
            return AddToTable(hash);
        }

        if (Count == _slots.Length) Array.Resize(ref _slots, Count + (Count / 2));
        _slots[Count++] = hash;
        return true;
    }

    private bool AddToTable(ulong hash)
    {
        int slot = Slot(hash);
        if (_slots[slot] == hash) return false;
        if (Count >= limit) return true;
        _slots[slot] = hash;
        Count++;
        if (Count * 4 > _slots.Length * 3) GrowTable(_slots.Length);
        return true;
    }

    private int Slot(ulong hash)
    {
        int mask = _slots.Length - 1;
        int slot = (int)(hash >> 32) & mask;
        while (_slots[slot] != 0 && _slots[slot] != hash) slot = (slot + 1) & mask;
        return slot;
    }

    private void GrowTable(int more)
    {
        ulong[] old = _slots;
        _slots = new ulong[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(old.Length + more))];
        foreach (ulong hash in old)
        {
            if (hash != 0) _slots[Slot(hash)] = hash;
        }
    }
}

using System.Numerics;
using CdrEngine.Core;

namespace CdrEngine.Calls.Sessions;

/// <summary>What was seen lately, by a 64-bit key: the newest is found first. A ring: the oldest give way, nothing is ever searched for to be
/// removed, and nothing is allocated once it has grown. What is over is found no more, gives way first, and is taken out of the way of whoever walks past:
/// a media address of a relay is used by calls without end.</summary>
/// <typeparam name="T">What a key leads to.</typeparam>
internal sealed class RingIndex<T>
{
    private readonly int _most;
    private readonly Func<T, bool> _isOver;
    private Slot[] _slots;
    private long[] _heads;
    private long _next = 1;

    /// <summary>An empty index.</summary>
    /// <param name="most">Entries at most; rounded up to a power of two.</param>
    /// <param name="isOver">Whether a value is of no more use. Once true it stays so.</param>
    public RingIndex(int most, Func<T, bool> isOver)
    {
        _isOver = isOver;
        _most = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(most, 16));
        int first = Math.Min(_most, 1024);
        _slots = new Slot[first];
        _heads = new long[first];
    }

    /// <summary>Entries that gave way while they were still young; see <see cref="Add"/>.</summary>
    public long Evicted { get; private set; }

    /// <summary>Adds an entry.</summary>
    /// <param name="key">Key.</param>
    /// <param name="value">What it leads to.</param>
    /// <param name="at">Now.</param>
    /// <param name="young">An entry younger than this that must give way is counted.</param>
    public void Add(ulong key, T value, Timestamp at, TimeSpan young)
    {
        ref Slot slot = ref _slots[_next & (_slots.Length - 1)];
        if (slot.Sequence != 0 && !_isOver(slot.Value))
        {
            if (_slots.Length < _most)
            {
                Grow();
                slot = ref _slots[_next & (_slots.Length - 1)];
            }
            else if (at - slot.At < young)
            {
                Evicted++;
            }
        }

        ref long head = ref _heads[HeadOf(key)];
        slot = new Slot { Key = key, Value = value, At = at, Sequence = _next, Previous = head };
        head = _next++;
    }

    /// <summary>Entries of a key that are not over and not older than a time, the newest first.</summary>
    public Walk Find(ulong key, Timestamp since) => new(this, key, since);

    public void Clear()
    {
        Array.Clear(_slots);
        Array.Clear(_heads);
        _next = 1;
    }

    private int HeadOf(ulong key) => (int)((key * 0x9E37_79B9_7F4A_7C15) >> 32) & (_heads.Length - 1);

    private void Grow()
    {
        Slot[] old = _slots;
        long oldest = Math.Max(1, _next - old.Length);
        _slots = new Slot[old.Length * 2];
        _heads = new long[_slots.Length];
        for (long sequence = oldest; sequence < _next; sequence++)
        {
            Slot slot = old[sequence & (old.Length - 1)];
            ref long head = ref _heads[HeadOf(slot.Key)];
            slot.Previous = head;
            head = sequence;
            _slots[sequence & (_slots.Length - 1)] = slot;
        }
    }

    private struct Slot
    {
        public ulong Key;
        public T Value;
        public Timestamp At;
        public long Sequence;
        public long Previous;
    }

    /// <summary>A walk along one key.</summary>
    internal struct Walk(RingIndex<T> index, ulong key, Timestamp since)
    {
        private long _at = index._heads[index.HeadOf(key)];
        private long _newer;

        public T Current { get; private set; } = default!;

        public readonly Walk GetEnumerator() => this;

        public bool MoveNext()
        {
            while (_at > 0)
            {
                ref Slot slot = ref index._slots[_at & (index._slots.Length - 1)];

                // Overwritten, or too old: all behind it are older still.
                if (slot.Sequence != _at || slot.At < since) return false;
                if (index._isOver(slot.Value))
                {
                    _at = slot.Previous;
                    if (_newer == 0) index._heads[index.HeadOf(key)] = _at;
                    else index._slots[_newer & (index._slots.Length - 1)].Previous = _at;
                    continue;
                }

                _newer = _at;
                _at = slot.Previous;
                if (slot.Key != key) continue;
                Current = slot.Value;
                return true;
            }

            return false;
        }
    }
}

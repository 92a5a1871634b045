using System.Numerics;
using CdrEngine.Core;

namespace CdrEngine.Calls.Sessions;

/// <summary>What was seen lately, by a 64-bit key: the newest is found first. A ring: the oldest give way, nothing is ever searched for to be
/// removed, and nothing is allocated once it has grown.</summary>
/// <remarks>It grows by pages, which stay where they are: a table twice as large each time would be made of large objects, and those make the runtime
/// look at all of its memory.</remarks>
/// <typeparam name="T">What a key leads to.</typeparam>
internal sealed class RingIndex<T>
{
    private const int PageBits = 8;
    private const int PageSlots = 1 << PageBits;

    private readonly int _most;
    private readonly Slot[]?[] _pages;
    private long[] _heads;
    private long _next = 1;

    /// <summary>An empty index.</summary>
    /// <param name="most">Entries at most; rounded up to a power of two.</param>
    public RingIndex(int most)
    {
        _most = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(most, 16));
        _pages = new Slot[]?[Math.Max(1, _most >> PageBits)];
        _heads = new long[Math.Min(_most, 1024)];
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
        if (_next > _heads.Length && _heads.Length < _most) Grow();
        int place = (int)(_next & (_most - 1));
        Slot[] page = _pages[place >> PageBits] ??= new Slot[PageSlots];
        ref Slot slot = ref page[place & (PageSlots - 1)];
        if (slot.Sequence != 0 && at - slot.At < young) Evicted++;
        ref long head = ref _heads[HeadOf(key)];
        slot = new Slot { Key = key, Value = value, At = at, Sequence = _next, Previous = head };
        head = _next++;
    }

    /// <summary>Entries of a key not older than a time, the newest first.</summary>
    public Walk Find(ulong key, Timestamp since) => new(this, key, since);

    public void Clear()
    {
        Array.Clear(_pages);
        Array.Clear(_heads);
        _next = 1;
    }

    private int HeadOf(ulong key) => (int)((key * 0x9E37_79B9_7F4A_7C15) >> 32) & (_heads.Length - 1);

    private ref Slot SlotOf(long sequence)
    {
        int place = (int)(sequence & (_most - 1));
        return ref _pages[place >> PageBits]![place & (PageSlots - 1)];
    }

    // More heads for what there is; the entries stay where they are.
    private void Grow()
    {
        _heads = new long[Math.Min(_most, _heads.Length * 4)];
        for (long sequence = 1; sequence < _next; sequence++)
        {
            ref Slot slot = ref SlotOf(sequence);
            ref long head = ref _heads[HeadOf(slot.Key)];
            slot.Previous = head;
            head = sequence;
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

        public T Current { get; private set; } = default!;

        public readonly Walk GetEnumerator() => this;

        public bool MoveNext()
        {
            while (_at > 0)
            {
                ref Slot slot = ref index.SlotOf(_at);

                // Overwritten, or too old: all behind it are older still.
                if (slot.Sequence != _at || slot.At < since) return false;
                _at = slot.Previous;
                if (slot.Key != key) continue;
                Current = slot.Value;
                return true;
            }

            return false;
        }
    }
}

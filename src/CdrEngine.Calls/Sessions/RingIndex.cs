using System.Numerics;
using CdrEngine.Core;

namespace CdrEngine.Calls.Sessions;

/// <summary>What was seen lately, by a 64-bit key: the newest is found first. A ring of pages: the oldest give way, nothing is ever searched for to be
/// removed, and nothing is copied to grow. What is over is found no more, gives way first, and is taken out of the way of whoever walks past:
/// a media address of a relay is used by calls without end.</summary>
/// <typeparam name="T">What a key leads to.</typeparam>
internal sealed class RingIndex<T>
{
    // A page stays below the size from which on an object is of the large object heap, whose growth costs full collections.
    private const int PageBits = 9;
    private const int PageSlots = 1 << PageBits;

    private readonly Func<T, bool> _isOver;
    private readonly Slot[]?[] _pages;
    private Slot[]? _spare;
    private long[] _heads = new long[PageSlots];
    private long _oldest = PageSlots;
    private long _next = PageSlots;

    /// <summary>An empty index.</summary>
    /// <param name="most">Entries at most; rounded up to a power of two, at least two pages of 512.</param>
    /// <param name="isOver">Whether a value is of no more use. Once true it stays so.</param>
    public RingIndex(int most, Func<T, bool> isOver)
    {
        _isOver = isOver;
        _pages = new Slot[]?[Math.Max(2, (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(most, 1)) >> PageBits)];
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
        if ((_next & (PageSlots - 1)) == 0) BeginPage(at, young);
        ref long head = ref _heads[HeadOf(key)];
        At(_next) = new Slot { Key = key, Value = value, At = at, Previous = head };
        head = _next++;
    }

    /// <summary>Entries of a key that are not over and not older than a time, the newest first.</summary>
    public Walk Find(ulong key, Timestamp since) => new(this, key, since);

    public void Clear()
    {
        Array.Clear(_pages);
        Array.Clear(_heads);
        _oldest = _next = PageSlots;
    }

    private ref Slot At(long number) => ref _pages[(number >> PageBits) & (_pages.Length - 1)]![number & (PageSlots - 1)];

    private int HeadOf(ulong key) => (int)((key * 0x9E37_79B9_7F4A_7C15) >> 32) & (_heads.Length - 1);

    private void BeginPage(Timestamp at, TimeSpan young)
    {
        while (_oldest < _next && (IsOver(_oldest) || _next - _oldest == (long)_pages.Length << PageBits)) DropOldest(at, young);
        if (_next - _oldest >= _heads.Length) GrowHeads();
        _pages[(_next >> PageBits) & (_pages.Length - 1)] = _spare ?? new Slot[PageSlots];
        _spare = null;
    }

    private bool IsOver(long page)
    {
        for (int i = 0; i < PageSlots; i++)
        {
            if (!_isOver(At(page + i).Value)) return false;
        }

        return true;
    }

    private void DropOldest(Timestamp at, TimeSpan young)
    {
        ref Slot[]? page = ref _pages[(_oldest >> PageBits) & (_pages.Length - 1)];
        foreach (ref readonly Slot slot in page.AsSpan())
        {
            if (at - slot.At < young && !_isOver(slot.Value)) Evicted++;
        }

        // Cleared: what it led to must not be kept alive by it.
        Array.Clear(page!);
        _spare = page;
        page = null;
        _oldest += PageSlots;
    }

    private void GrowHeads()
    {
        _heads = new long[_heads.Length * 2];
        for (long number = _oldest; number < _next; number++)
        {
            ref Slot slot = ref At(number);
            ref long head = ref _heads[HeadOf(slot.Key)];
            slot.Previous = head;
            head = number;
        }
    }

    private struct Slot
    {
        public ulong Key;
        public T Value;
        public Timestamp At;
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
            // What lies before the oldest gave way, and all behind it too.
            while (_at >= index._oldest)
            {
                ref Slot slot = ref index.At(_at);
                if (slot.At < since) return false;
                if (index._isOver(slot.Value))
                {
                    _at = slot.Previous;
                    if (_newer == 0) index._heads[index.HeadOf(key)] = _at;
                    else index.At(_newer).Previous = _at;
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

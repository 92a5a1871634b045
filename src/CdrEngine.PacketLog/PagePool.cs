using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace CdrEngine.PacketLog;

/// <summary>Small pages out of large slabs, for the open chunks of one shard. One thread; pages are named by number and chained by it.</summary>
/// <remarks>Slabs are kept once made, so that a peak's memory serves the next peak; the bound is <see cref="PacketLogLimits.OpenChunkBytes"/>. They lie outside the managed heap, each a
/// large page of the processor where the system has one to give: of a thousand calls each one's chunk is somewhere else, and looking up where small pages lie takes as long as reaching them.</remarks>
internal sealed unsafe class PagePool : IDisposable
{
    public const int None = -1;
    private const int SlabBytes = 2 << 20;
    private const int LineBytes = 64;

    private readonly List<PlainMemory> _slabs = [];
    private readonly int _maxPages;
    private readonly int _pageShift;
    private readonly int _slabShift;
    private nint[] _first = [];
    private int[] _next = [];
    private int _firstFree = None;
    private int _free;

    public PagePool(int pageBytes, long maxBytes)
    {
        if (!BitOperations.IsPow2(pageBytes) || pageBytes > SlabBytes) throw new ArgumentOutOfRangeException(nameof(pageBytes), $"a page is a power of two and at most {SlabBytes} bytes");
        PageBytes = pageBytes;
        _pageShift = BitOperations.Log2((uint)pageBytes);
        _slabShift = BitOperations.Log2(SlabBytes) - _pageShift;
        _maxPages = (int)Math.Clamp(maxBytes / pageBytes, 1, int.MaxValue / 2);
    }

    public int PageBytes { get; }

    /// <summary>Pages in use.</summary>
    public int Used { get; private set; }

    /// <summary>Pages that can still be had.</summary>
    public int Available => _maxPages - Used;

    /// <summary>Bytes of all slabs.</summary>
    public long AllocatedBytes => (long)_slabs.Count * SlabBytes;

    public Span<byte> this[int page] => new((byte*)_first[page >> _slabShift] + ((page & ((1 << _slabShift) - 1)) << _pageShift), PageBytes);

    public int Next(int page) => _next[page];

    /// <summary>Brings a page near; nothing where the processor cannot be asked to.</summary>
    public void Prefetch(int page)
    {
        if (!Sse.IsSupported) return;
        byte* first = (byte*)_first[page >> _slabShift] + ((page & ((1 << _slabShift) - 1)) << _pageShift);
        for (int at = 0; at < PageBytes; at += LineBytes) Sse.Prefetch0(first + at);
    }

    /// <summary>A page chained behind <paramref name="tail"/> (or behind none); <see cref="None"/> where the bound is met.</summary>
    public int Rent(int tail)
    {
        if (Used >= _maxPages) return None;
        if (_free == 0) AddSlab();
        int page = _firstFree;
        _firstFree = _next[page];
        _next[page] = None;
        _free--;
        Used++;
        if (tail != None) _next[tail] = page;
        return page;
    }

    /// <summary>Gives a whole chain back.</summary>
    public void Return(int head, int tail, int count)
    {
        if (head == None) return;
        _next[tail] = _firstFree;
        _firstFree = head;
        _free += count;
        Used -= count;
    }

    /// <summary>Gives the memory back. No page may be used behind it.</summary>
    public void Dispose()
    {
        foreach (PlainMemory slab in _slabs) slab.Dispose();
        _slabs.Clear();
        _first = [];
        (_firstFree, _free) = (None, 0);
        Used = _maxPages;
    }

    private void AddSlab()
    {
        int pages = 1 << _slabShift, first = _slabs.Count << _slabShift;
        var slab = new PlainMemory(SlabBytes, SlabBytes, large: true);
        if (_first.Length == _slabs.Count) Array.Resize(ref _first, Math.Max(4, _first.Length * 2));
        _first[_slabs.Count] = (nint)slab.First;
        _slabs.Add(slab);
        if (_next.Length < first + pages) Array.Resize(ref _next, Math.Max(first + pages, _next.Length * 2));
        for (int page = first + pages - 1; page >= first; page--)
        {
            _next[page] = _firstFree;
            _firstFree = page;
        }

        _free += pages;
    }
}

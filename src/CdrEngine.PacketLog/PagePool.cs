using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace CdrEngine.PacketLog;

/// <summary>Small pages out of large slabs, for the open chunks of one shard. One thread; pages are named by number and chained by it.</summary>
/// <remarks>Slabs are kept once made, so that a peak's memory serves the next peak; the bound is
/// <see cref="PacketLogLimits.OpenChunkBytes"/>.</remarks>
internal sealed class PagePool
{
    public const int None = -1;
    private const int LineBytes = 64;
    private const int SlabPagesShift = 8;
    private const int SlabPages = 1 << SlabPagesShift;

    private readonly List<byte[]> _slabs = [];
    private readonly int _maxPages;
    private readonly int _pageShift;
    private int[] _next = [];
    private int _firstFree = None;
    private int _free;

    public PagePool(int pageBytes, long maxBytes)
    {
        if (!BitOperations.IsPow2(pageBytes)) throw new ArgumentOutOfRangeException(nameof(pageBytes), "a page is a power of two");
        PageBytes = pageBytes;
        _pageShift = BitOperations.Log2((uint)pageBytes);
        _maxPages = (int)Math.Clamp(maxBytes / pageBytes, 1, int.MaxValue / 2);
    }

    public int PageBytes { get; }

    /// <summary>Pages in use.</summary>
    public int Used { get; private set; }

    /// <summary>Pages that can still be had.</summary>
    public int Available => _maxPages - Used;

    /// <summary>Bytes of all slabs.</summary>
    public long AllocatedBytes => (long)_slabs.Count << (SlabPagesShift + _pageShift);

    public Span<byte> this[int page] =>
        _slabs[page >> SlabPagesShift].AsSpan((page & (SlabPages - 1)) << _pageShift, PageBytes);

    public int Next(int page) => _next[page];

    /// <summary>Brings a page near; nothing where the processor cannot be asked to.</summary>
    public unsafe void Prefetch(int page)
    {
        if (!Sse.IsSupported) return;
        ref byte first = ref MemoryMarshal.GetReference(this[page]);
        for (int at = 0; at < PageBytes; at += LineBytes) Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref first, at)));
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

    private void AddSlab()
    {
        int first = _slabs.Count << SlabPagesShift;
        _slabs.Add(GC.AllocateUninitializedArray<byte>(SlabPages << _pageShift));
        if (_next.Length < first + SlabPages) Array.Resize(ref _next, Math.Max(first + SlabPages, _next.Length * 2));
        for (int page = first + SlabPages - 1; page >= first; page--)
        {
            _next[page] = _firstFree;
            _firstFree = page;
        }

        _free += SlabPages;
    }
}

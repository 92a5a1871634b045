using System.Buffers;
using CdrEngine.Core;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Protocols.Sctp;

/// <summary>A fragment of a user message, with a copy of the frame that bore it.</summary>
internal sealed class SctpFragment
{
    private byte[] _data = [];
    private int _length;

    public uint Tsn { get; private set; }

    public ushort StreamId { get; private set; }

    public bool IsBeginning { get; private set; }

    public bool IsEnding { get; private set; }

    public bool IsUnordered { get; private set; }

    public long Ordinal { get; private set; }

    public FrameBuffer Frames { get; } = new();

    public ReadOnlySpan<byte> Data => _data.AsSpan(0, _length);

    public int Footprint => _length + Frames.Length;

    public void Fill(in SctpChunk chunk, in CapturedPacket frame, FrameBuffer? fragments, long ordinal)
    {
        Tsn = chunk.Tsn;
        StreamId = chunk.StreamId;
        IsBeginning = chunk.IsBeginning;
        IsEnding = chunk.IsEnding;
        IsUnordered = chunk.IsUnordered;
        Ordinal = ordinal;
        _length = chunk.UserData.Length;
        _data = ArrayPool<byte>.Shared.Rent(_length);
        chunk.UserData.CopyTo(_data);
        if (fragments is not null) Frames.Append(fragments);
        Frames.Append(frame);
    }

    public void Clear()
    {
        ArrayPool<byte>.Shared.Return(_data);
        _data = [];
        _length = 0;
        Frames.Dispose();
    }
}

/// <summary>One direction of an association, as far as one pair of addresses shows it.</summary>
internal sealed class SctpDirection
{
    private const int SeenBits = 1024;
    private const int FarAway = 1 << 20;

    private readonly ulong[] _seen = new ulong[SeenBits / 64];
    private bool _hasTsn;
    private uint _highestTsn;

    public SctpDirection()
    {
        Entry = new ActivityEntry<SctpDirection>(this);
        FragmentEntry = new ActivityEntry<SctpDirection>(this);
    }

    public ActivityEntry<SctpDirection> Entry { get; }

    public ActivityEntry<SctpDirection> FragmentEntry { get; }

    public SctpPath Path { get; private set; }

    public Timestamp LastSeen { get; set; }

    public Timestamp LastFragmentAt { get; set; }

    public bool HasSip { get; set; }

    public int OtherMessages { get; set; }

    public int HeldBytes { get; set; }

    /// <summary>Sorted by transmission sequence number.</summary>
    public List<SctpFragment> Fragments { get; } = [];

    public void Open(SctpPath path)
    {
        Path = path;
        _hasTsn = false;
        HasSip = false;
        OtherMessages = 0;
        HeldBytes = 0;
    }

    /// <summary>The other side was told where sequence numbers begin; true where that is news.</summary>
    public bool Restart(uint initialTsn)
    {
        bool isNew = _hasTsn && Math.Abs((long)(int)(initialTsn - _highestTsn)) > SeenBits;
        if (isNew) _hasTsn = false;
        return isNew;
    }

    /// <summary>Marks a transmission sequence number as seen.</summary>
    /// <returns>False where it was seen before, or is too old to say.</returns>
    public bool See(uint tsn, out bool isRestart)
    {
        int ahead = _hasTsn ? (int)(tsn - _highestTsn) : 0;
        isRestart = _hasTsn && (ahead > FarAway || ahead < -FarAway);
        if (!_hasTsn || isRestart)
        {
            Array.Clear(_seen);
            _hasTsn = true;
            _highestTsn = tsn;
            ahead = 0;
        }

        if (ahead <= -SeenBits) return false;
        if (ahead >= SeenBits) Array.Clear(_seen);
        for (int i = 1; ahead < SeenBits && i <= ahead; i++) Bit(_highestTsn + (uint)i, out ulong mask) &= ~mask;
        if (ahead > 0) _highestTsn = tsn;
        ref ulong word = ref Bit(tsn, out ulong bit);
        if ((word & bit) != 0) return false;
        word |= bit;
        return true;
    }

    /// <summary>Puts a fragment in its place; gives the run of fragments that now make a whole message, or an empty one.</summary>
    public (int Start, int Count) Insert(SctpFragment fragment)
    {
        int at = Fragments.Count;
        while (at > 0 && (int)(Fragments[at - 1].Tsn - fragment.Tsn) > 0) at--;
        Fragments.Insert(at, fragment);
        int first = at;
        while (!Fragments[first].IsBeginning)
        {
            if (first == 0 || !Follows(Fragments[first - 1], Fragments[first])) return default;
            first--;
        }

        int last = at;
        while (!Fragments[last].IsEnding)
        {
            if (last + 1 == Fragments.Count || !Follows(Fragments[last], Fragments[last + 1])) return default;
            last++;
        }

        return (first, last - first + 1);
    }

    /// <summary>True where the fragment before this number is held.</summary>
    public bool HoldsBefore(uint tsn)
    {
        for (int i = Fragments.Count - 1; i >= 0; i--)
        {
            if (Fragments[i].Tsn == tsn - 1) return !Fragments[i].IsEnding;
        }

        return false;
    }

    private static bool Follows(SctpFragment one, SctpFragment next) =>
        next.Tsn == one.Tsn + 1 && next.StreamId == one.StreamId && next.IsUnordered == one.IsUnordered && !one.IsEnding && !next.IsBeginning;

    private ref ulong Bit(uint tsn, out ulong mask)
    {
        uint index = tsn % SeenBits;
        mask = 1UL << (int)(index & 63);
        return ref _seen[index >> 6];
    }
}

/// <summary>From whom to whom; the key of a direction.</summary>
internal readonly record struct SctpPath(Endpoint Source, Endpoint Destination)
{
    public override int GetHashCode() => (int)((Source.Hash64() * 31) + Destination.Hash64());
}

using System.Buffers.Binary;
using System.Text;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

/// <summary>The Call-IDs of a day in order: of each call which of them it has, and of each of them some bytes, which tell where others stand between them. Immutable.</summary>
internal sealed class DayCallIds
{
    // Bytes a call takes: its rank, and eight of its Call-ID.
    private const int CallSize = sizeof(ushort) + sizeof(ulong);

    // What a day takes beside, about: some of its Call-IDs as they are.
    private const int DaySize = 16 * 1024;

    private readonly byte[] _prefix;
    private readonly ulong[] _keys;

    private DayCallIds(TextRanks ranks, byte[] prefix, ulong[] keys) => (Ranks, _prefix, _keys) = (ranks, prefix, keys);

    /// <summary>Which of them each place has.</summary>
    public TextRanks Ranks { get; }

    /// <summary>Memory that those of so many calls take, about, bytes.</summary>
    public static long SizeOf(int calls) => ((long)calls * CallSize) + DaySize;

    /// <summary>How many stand before a text that is none of them; null where it may be one of them, or stands so close that its first bytes do not tell.</summary>
    public int? Find(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int order = bytes.AsSpan(0, Math.Min(bytes.Length, _prefix.Length)).SequenceCompareTo(_prefix);
        if (order != 0) return order < 0 ? 0 : _keys.Length;
        int at = Array.BinarySearch(_keys, KeyOf(bytes, _prefix.Length));
        return at >= 0 ? null : ~at;
    }

    // Bytes behind what all have in common, so that those in order have numbers in order.
    private static ulong KeyOf(ReadOnlySpan<byte> text, int prefix)
    {
        Span<byte> key = stackalloc byte[sizeof(ulong)];
        key.Clear();
        text[prefix..Math.Min(text.Length, prefix + sizeof(ulong))].CopyTo(key);
        return BinaryPrimitives.ReadUInt64BigEndian(key);
    }

    /// <summary>Puts one together, call by call in order of their Call-IDs. One thread.</summary>
    /// <param name="places">Places of the day.</param>
    /// <param name="steps">Call-IDs that are kept as they are, about.</param>
    internal sealed class Builder(int places, int steps)
    {
        private readonly TextRanks.Builder _ranks = new(places, places, isLower: false, steps);
        private readonly List<byte[]> _texts = [];

        /// <summary>Adds a call.</summary>
        public void Add(ReadOnlySpan<byte> text, int place)
        {
            if (_texts.Count == 0 || !text.SequenceEqual(_texts[^1]))
            {
                _ranks.Begin(text);
                _texts.Add(text.ToArray());
            }

            _ranks.Add(place);
        }

        /// <summary>All; null where a place has two.</summary>
        public DayCallIds? Build()
        {
            if (_ranks.Build() is not { } ranks) return null;
            byte[] prefix = _texts.Count == 0 ? [] : _texts[0][.._texts[0].AsSpan().CommonPrefixLength(_texts[^1])];
            return new DayCallIds(ranks, prefix, [.. _texts.Select(text => KeyOf(text, prefix.Length))]);
        }
    }
}

/// <summary>The Call-IDs of days, as long as nothing is written to them, and as many as there is room for. Any thread.</summary>
/// <param name="capacity">Bytes.</param>
internal sealed class CallIdsKept(long capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DateOnly, (string Stamp, DayCallIds? Ids, long Size)> _kept = [];
    private long _held;

    /// <summary>Changes with what is kept.</summary>
    public int Version { get; private set; }

    /// <summary>Those of a day; null where there is no room for more, and where they cannot be read.</summary>
    /// <param name="day">The day.</param>
    /// <param name="stamp">Its state.</param>
    /// <param name="size">Memory they take, bytes.</param>
    /// <param name="read">Reads them.</param>
    public DayCallIds? GetOrAdd(DateOnly day, DayStamp stamp, long size, Func<DayCallIds?> read)
    {
        lock (_lock)
        {
            if (_kept.TryGetValue(day, out (string Stamp, DayCallIds? Ids, long Size) kept))
            {
                if (kept.Stamp == stamp.Text) return kept.Ids;
                Remove(day);
            }

            // Those of other days stay: whoever asks for all days asks for them again.
            if (!stamp.IsSettled || _held + size > capacity) return null;
        }

        DayCallIds? ids = read();
        lock (_lock)
        {
            Remove(day);
            _kept.Add(day, (stamp.Text, ids, size));
            _held += size;
            Version++;
        }

        return ids;
    }

    /// <summary>Forgets a day that is no more.</summary>
    public void Forget(DateOnly day)
    {
        lock (_lock) Remove(day);
    }

    private void Remove(DateOnly day)
    {
        if (!_kept.Remove(day, out (string Stamp, DayCallIds? Ids, long Size) kept)) return;
        _held -= kept.Size;
        Version++;
    }
}

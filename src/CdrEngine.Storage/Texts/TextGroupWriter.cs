using System.Buffers.Binary;

namespace CdrEngine.Storage.Texts;

/// <summary>Puts segments of days together to the file of a <see cref="TextGroup"/>. What is in memory at once: the segments, and the lists of grams of one field. One thread.</summary>
internal sealed class TextGroupWriter
{
    private const int BufferBytes = 1 << 20;

    private readonly Stream _to;
    private readonly int _span;
    private readonly TextBytes _texts = new();
    private readonly TextBytes _lists = new();
    private readonly TextBytes _list = new();
    private readonly TextBytes _chunks = new();
    private readonly TextBytes _keys = new();
    private readonly int[] _ends = new int[TextGroup.Fields];
    private Dictionary<int, GramTerms> _grams = [];
    private long _written;
    private long _behindChunk;
    private long _behindGram;
    private long _key;
    private int _keyCount;
    private int _terms;
    private int _field;

    private TextGroupWriter(Stream to, int span) => (_to, _span) = (to, span);

    /// <summary>Writes a file; it is whole, and on disk, when this returns.</summary>
    /// <param name="path">The file, which is not there.</param>
    /// <param name="days">Its days, ascending; their places follow on each other.</param>
    /// <param name="sources">Segments of these days.</param>
    /// <param name="stop">Ends it early.</param>
    public static void Write(string path, IReadOnlyList<TextGroupDay> days, IReadOnlyList<TextGroupSource> sources, CancellationToken stop)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = BufferBytes };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using FileStream file = new(path, options);
        Write(file, days, sources, stop);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Writes a group elsewhere; the stream is not flushed.</summary>
    /// <param name="to">Where it is written.</param>
    /// <param name="days">As above.</param>
    /// <param name="sources">As above.</param>
    /// <param name="stop">Ends it early.</param>
    /// <returns>Where its directory begins, and bytes of all.</returns>
    public static (long Directory, long Size) Write(Stream to, IReadOnlyList<TextGroupDay> days, IReadOnlyList<TextGroupSource> sources, CancellationToken stop)
    {
        var writer = new TextGroupWriter(to, days[^1].End);
        writer.Merge(sources, stop);
        long directory = writer._written;
        writer.WriteDirectory(days);
        return (directory, writer._written);
    }

    private void Merge(IReadOnlyList<TextGroupSource> sources, CancellationToken stop)
    {
        var order = Comparer<TextGroupSource>.Create(static (left, right) => TextGroupSource.Compare(left, right));
        var queue = new PriorityQueue<TextGroupSource, TextGroupSource>(order);
        foreach (TextGroupSource source in sources)
        {
            source.Begin();
            if (!source.IsOver) queue.Enqueue(source, source);
        }

        var places = new List<int>();
        while (queue.TryPeek(out TextGroupSource? next, out _))
        {
            if (_terms % BufferBytes == 0) stop.ThrowIfCancellationRequested();
            int field = next.Field;
            ReadOnlySpan<byte> text = next.Text;
            places.Clear();
            while (queue.TryPeek(out TextGroupSource? same, out _) && same.Field == field && same.Text.SequenceEqual(text))
            {
                // Its place in the queue is that of the text it has taken: out with it first.
                queue.Dequeue();
                same.Take(places);
                if (!same.IsOver) queue.Enqueue(same, same);
            }

            Add(field, text, places);
        }

        EndFields(TextGroup.Fields);
        EndChunk();
    }

    private void Add(int field, ReadOnlySpan<byte> text, List<int> places)
    {
        EndFields(field);
        _texts.Add((uint)text.Length);
        _texts.Add(text);
        AddPlaces(places);
        for (int i = 0; i < text.Length; i++)
        {
            int gram = TextNeedle.GramAt(text, i);
            if (!_grams.TryGetValue(gram, out GramTerms? have)) _grams.Add(gram, have = new GramTerms());
            have.Add(_terms);
        }

        if (++_terms % TextSegment.ChunkTerms == 0) EndChunk();
    }

    private void AddPlaces(List<int> places)
    {
        places.Sort();
        _list.Clear();
        int before = 0;
        for (int i = 0; i < places.Count; i++)
        {
            if (i > 0 && places[i] == before) continue;
            _list.Add((uint)(places[i] - before));
            before = places[i];
        }

        int bytes = (_span + 7) / 8;
        if (_list.Length <= bytes)
        {
            _lists.Add((uint)_list.Length + 1);
            _lists.Add([TextGroup.Steps]);
            _lists.Add(_list.Written);
            return;
        }

        byte[] bits = new byte[bytes];
        foreach (int place in places) bits[place / 8] |= (byte)(1 << (place % 8));
        _lists.Add((uint)bytes + 1);
        _lists.Add([TextGroup.Bits]);
        _lists.Add(bits);
    }

    private void EndChunk()
    {
        if (_texts.Length == 0) return;
        _chunks.Add((uint)(_written - _behindChunk));
        _chunks.Add((uint)_texts.Length);
        _chunks.Add((uint)_lists.Length);
        Put(_texts.Written);
        Put(_lists.Written);
        _behindChunk = _written;
        _texts.Clear();
        _lists.Clear();
    }

    // Grams are those of a field: its lists are written when it ends.
    private void EndFields(int next)
    {
        for (; _field < next; _field++)
        {
            _ends[_field] = _terms;
            foreach ((int gram, GramTerms have) in _grams.OrderBy(static pair => pair.Key))
            {
                long key = TextGroup.Key(_field, gram);
                _keys.Add((uint)(key - _key));
                _keys.Add((uint)(_written - _behindGram));
                _keys.Add((uint)have.Bytes.Length);
                Put(have.Bytes.Written);
                (_key, _behindGram) = (key, _written);
                _keyCount++;
            }

            _grams = [];
        }
    }

    private void WriteDirectory(IReadOnlyList<TextGroupDay> days)
    {
        var directory = new TextBytes();
        Span<byte> word = stackalloc byte[sizeof(long)];
        directory.Add((uint)days.Count);
        foreach (TextGroupDay day in days)
        {
            directory.Add((uint)day.Day.DayNumber);
            BinaryPrimitives.WriteInt64LittleEndian(word, day.Stamp);
            directory.Add(word);
            BinaryPrimitives.WriteInt64LittleEndian(word, day.First);
            directory.Add(word);
            directory.Add((uint)(day.End - day.Begin));
        }

        foreach (int end in _ends) directory.Add((uint)end);
        directory.Add(_chunks.Written);
        directory.Add((uint)_keyCount);
        directory.Add(_keys.Written);
        long at = _written;
        Put(directory.Written);
        foreach (long value in (ReadOnlySpan<long>)[at, directory.Length, TextGroup.Sum(directory.Written), TextGroup.Mark])
        {
            BinaryPrimitives.WriteInt64LittleEndian(word, value);
            Put(word);
        }
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _to.Write(bytes);
        _written += bytes.Length;
    }

    /// <summary>Numbers of texts, ascending, each once, as the steps between them.</summary>
    private sealed class GramTerms
    {
        private int _last = -1;

        public TextBytes Bytes { get; } = new();

        public void Add(int term)
        {
            if (term == _last) return;
            Bytes.Add((uint)(_last < 0 ? term : term - _last));
            _last = term;
        }
    }
}

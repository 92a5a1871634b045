namespace CdrEngine.Storage.Texts;

/// <summary>Where a text has its place among those of a field, or would have it. One thread.</summary>
/// <param name="text">The text.</param>
internal sealed class TextPlace(byte[] text)
{
    /// <summary>The text.</summary>
    public byte[] Text => text;

    /// <summary>How many stand before it.</summary>
    public int Below { get; set; }

    /// <summary>Whether it is among them.</summary>
    public bool IsThere { get; set; }
}

// What looks read, step by step. Of a file little is read at a time, and only what is wanted for sure; where each step is a question to a server, what may be wanted is asked for together.
internal sealed partial class TextGroup
{
    private const int FewTerms = 16;

    // A chunk whose lists are short is read at once.
    private const int ReadAtOnce = 8 * 1024;

    // From afar: bytes of a step, a list of a gram that is worth to be left out, and chunks that are looked at together where a text is searched for among those in order.
    private const int FarBytes = 256 * 1024;
    private const int FarList = 32 * 1024;
    private const int FarMiddles = 8;

    // With a list no longer than this, few texts are left to be looked at for a whole one: two steps instead of one for each division.
    private const int RareList = 4 * 1024;

    private bool IsFar => _file is null;

    /// <summary>The steps that find the calls which have a part of a text, or all of it.</summary>
    /// <param name="needle">What is looked for.</param>
    /// <param name="found">They are added to it.</param>
    public IEnumerable<GroupRead> Finding(TextNeedle needle, GroupSet.Builder found)
    {
        if (needle.IsNowhere) return [];
        IEnumerable<IEnumerable<GroupRead>> fields = Enumerable.Range(0, _ends.Length)
            .Where(field => ((int)needle.Fields & (1 << field)) != 0 && TextsOf(field) is var (begin, end) && begin < end).Select(field => FindingIn(field, needle, found));
        return IsFar ? GroupRead.Together(fields) : fields.SelectMany(static steps => steps);
    }

    /// <summary>The steps that find the place of a text among those of a field.</summary>
    /// <param name="field">The field.</param>
    /// <param name="place">The text.</param>
    /// <param name="near">Texts of the field among which it stands, from 1 on, as <see cref="TextRanks.Near"/> tells; null for all.</param>
    public IEnumerable<GroupRead> Placing(int field, TextPlace place, (int First, int Last)? near = null)
    {
        (int begin, int end) = TextsOf(field);
        if (begin == end) yield break;
        var chunk = new Middle();
        (int from, int to) = near is { } its ? (begin + its.First - 1, begin + its.Last) : (begin, end);
        foreach (GroupRead step in Halving(place.Text, from, to, chunk)) yield return step;
        var read = new GroupRead((_chunks[chunk.At].At, _chunks[chunk.At].Texts));
        yield return read;
        place.Below = Math.Max(0, (chunk.At * TextSegment.ChunkTerms) - begin);
        Pass(read[0]);

        void Pass(ReadOnlySpan<byte> texts)
        {
            for (int number = chunk.At * TextSegment.ChunkTerms; number < end && TextBytes.TryTakePart(ref texts, out ReadOnlySpan<byte> its); number++)
            {
                if (number < begin) continue;
                int order = TextOrder.Compare(its, place.Text);
                place.IsThere |= order == 0;
                if (order >= 0) return;
                place.Below++;
            }
        }
    }

    private IEnumerable<GroupRead> FindingIn(int field, TextNeedle needle, GroupSet.Builder found)
    {
        (int begin, int end) = TextsOf(field);
        (long At, int Length)?[] lists = [.. needle.Grams.Select(gram => ListOf(field, gram))];

        // What no text of the field has is told in memory.
        if (lists.Any(static list => list is null)) yield break;
        if (needle.IsWhole && !(IsFar && lists.Any(static list => list!.Value.Length <= RareList)))
        {
            var chunk = new Middle();
            foreach (GroupRead step in Halving(needle.Utf8, begin, end, chunk)) yield return step;
            foreach (GroupRead step in Looking([chunk.At], number => number >= begin && number < end, needle, found)) yield return step;
            yield break;
        }

        var candidates = new List<int>();
        foreach (GroupRead step in Narrowing(field, needle, candidates)) yield return step;
        int next = 0;
        int[] chunks = [.. candidates.Select(static number => number / TextSegment.ChunkTerms).Distinct()];
        foreach (GroupRead step in Looking(chunks, IsNext, needle, found)) yield return step;

        bool IsNext(int number)
        {
            while (next < candidates.Count && candidates[next] < number) next++;
            return next < candidates.Count && candidates[next] == number;
        }
    }

    // Numbers of the texts of a field that have all grams, or, of a short part, any that begins with it. Ascending.
    private IEnumerable<GroupRead> Narrowing(int field, TextNeedle needle, List<int> found)
    {
        var lists = new List<(long At, int Length)>();
        if (needle.Grams.Count == 0)
        {
            for (int at = At(Key(field, needle.FirstGram)); at < _grams.Length && _grams[at].Key <= Key(field, needle.LastGram); at++) lists.Add((_grams[at].At, _grams[at].Length));
            for (int at = 0; at < lists.Count;)
            {
                GroupRead read = Next(ref at);
                yield return read;
                for (int i = 0; i < read.Parts.Count; i++) AddAll(read[i], found);
            }

            found.SortDistinct();
            yield break;
        }

        foreach (int gram in needle.Grams)
        {
            if (ListOf(field, gram) is not { } list) yield break;
            lists.Add(list);
        }

        lists.Sort(static (left, right) => left.Length.CompareTo(right.Length));
        for (int at = 0; at == 0 || (at < lists.Count && found.Count > FewTerms);)
        {
            bool isFirst = at == 0;
            GroupRead read = Next(ref at);
            yield return read;
            if (isFirst) AddAll(read[0], found);
            for (int i = isFirst ? 1 : 0; i < read.Parts.Count; i++) TextLookup.Intersect(found, read[i]);
        }

        GroupRead Next(ref int at)
        {
            int from = at++;
            long bytes = lists[from].Length;
            while (IsFar && at < lists.Count && lists[at].Length <= FarList && bytes < FarBytes) bytes += lists[at++].Length;
            return new GroupRead([.. lists[from..at]]);
        }
    }

    // Looks at those texts of some chunks that are asked for.
    private IEnumerable<GroupRead> Looking(int[] chunks, Func<int, bool> isAsked, TextNeedle needle, GroupSet.Builder found)
    {
        for (int at = 0; at < chunks.Length;)
        {
            int from = at;
            for (long bytes = 0; at == from || (IsFar && at < chunks.Length && bytes < FarBytes); at++) bytes += PartOf(chunks[at]).Length;
            var read = new GroupRead([.. chunks[from..at].Select(PartOf)]);
            yield return read;
            var rest = new List<(int Chunk, List<int> Hits)>();
            for (int i = from; i < at; i++)
            {
                if (chunks[i] >= _chunks.Length || HitsOf(chunks[i], read[i - from], isAsked, needle) is not { Count: > 0 } hits) continue;
                if (IsRead(chunks[i])) AddLists(read[i - from].AsSpan(_chunks[chunks[i]].Texts), hits, found);
                else rest.Add((chunks[i], hits));
            }

            if (rest.Count == 0) continue;
            var lists = new GroupRead([.. rest.Select(one => (_chunks[one.Chunk].At + _chunks[one.Chunk].Texts, _chunks[one.Chunk].Lists))]);
            yield return lists;
            for (int i = 0; i < rest.Count; i++) AddLists(lists[i], rest[i].Hits, found);
        }
    }

    // Where the list of a gram of a field is; null where no text has it.
    private (long At, int Length)? ListOf(int field, int gram)
    {
        int at = At(Key(field, gram));
        return at < _grams.Length && _grams[at].Key == Key(field, gram) ? (_grams[at].At, _grams[at].Length) : null;
    }

    private bool IsRead(int chunk) => _chunks[chunk].Texts + (long)_chunks[chunk].Lists <= ReadAtOnce;

    private (long At, int Length) PartOf(int chunk) =>
        chunk >= _chunks.Length ? (0, 0) : (_chunks[chunk].At, IsRead(chunk) ? _chunks[chunk].Texts + _chunks[chunk].Lists : _chunks[chunk].Texts);

    // Where in a chunk those texts stand that are asked for and have what is looked for.
    private List<int> HitsOf(int chunk, ReadOnlySpan<byte> texts, Func<int, bool> isAsked, TextNeedle needle)
    {
        texts = texts[..Math.Min(texts.Length, _chunks[chunk].Texts)];
        var hits = new List<int>();
        for (int i = 0; TextBytes.TryTakePart(ref texts, out ReadOnlySpan<byte> text); i++)
        {
            if (isAsked((chunk * TextSegment.ChunkTerms) + i) && needle.IsIn(text)) hits.Add(i);
        }

        return hits;
    }

    private static void AddLists(ReadOnlySpan<byte> lists, List<int> hits, GroupSet.Builder found)
    {
        int at = 0;
        foreach (int hit in hits)
        {
            for (; at < hit; at++) TextBytes.TryTakePart(ref lists, out _);
            if (!TextBytes.TryTakePart(ref lists, out ReadOnlySpan<byte> list)) return;
            at++;
            AddList(list, found);
        }
    }

    private static void AddList(ReadOnlySpan<byte> list, GroupSet.Builder found)
    {
        if (list.IsEmpty) return;
        byte kind = list[0];
        list = list[1..];
        if (kind == Bits)
        {
            found.AddBits(list);
            return;
        }

        int place = 0;
        while (TextBytes.TryStep(ref list, ref place)) found.Add(place);
    }

    private static void AddAll(ReadOnlySpan<byte> list, List<int> found)
    {
        int number = 0;
        while (TextBytes.TryStep(ref list, ref number)) found.Add(number);
    }

    private (int Begin, int End) TextsOf(int field) => (field == 0 ? 0 : _ends[field - 1], _ends[field]);

    // The last chunk whose first text of the field does not come behind a text: the one that may have it.
    private IEnumerable<GroupRead> Halving(byte[] text, int begin, int end, Middle found)
    {
        int low = begin / TextSegment.ChunkTerms, high = (end - 1) / TextSegment.ChunkTerms;
        while (low < high)
        {
            int count = Math.Min(IsFar ? FarMiddles : 1, high - low), from = low;
            long span = high - low + 1;
            int[] middles = [.. Enumerable.Range(1, count).Select(i => from + (int)(span * i / (count + 1)))];
            var read = new GroupRead([.. middles.Select(middle => (_chunks[middle].At, _chunks[middle].Texts))]);
            yield return read;
            for (int i = 0; i < count; i++)
            {
                if (IsBehind(read[i], text))
                {
                    high = middles[i] - 1;
                    break;
                }

                low = middles[i];
            }
        }

        found.At = low;
    }

    private static bool IsBehind(ReadOnlySpan<byte> texts, ReadOnlySpan<byte> text) =>
        TextBytes.TryTakePart(ref texts, out ReadOnlySpan<byte> first) ? TextOrder.Compare(first, text) > 0 : throw new IOException("a chunk without texts");

    private sealed class Middle
    {
        public int At { get; set; }
    }
}

using System.Text;
using CdrEngine.Calls.Outcomes;

namespace CdrEngine.Storage.Texts;

/// <summary>Puts together which calls of a segment have which texts. Each different text of a field is kept once, with the calls that have it; a text is found by the three bytes
/// next to each other (grams) that are in it. One thread.</summary>
/// <remarks>Texts stand in order of field and bytes and are numbered so; <see cref="ChunkTerms"/> of them share a row. All numbers are <see cref="TextBytes"/>.</remarks>
internal sealed class TextSegment
{
    /// <summary>Texts that share a row.</summary>
    public const int ChunkTerms = 64;

    /// <summary>Most calls of a segment: what is made of one fits into memory whatever the day has.</summary>
    public const int MostCalls = 65_536;

    /// <summary>Fields there are.</summary>
    public const int Fields = FirstLabel + CallLabels.Count;

    private const int FirstLabel = 6;

    // Different texts of a segment, characters: those of calls are short, of messages each may be as long as a page.
    private const long MostCharacters = 16L << 20;

    private readonly long _first;
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<(int Term, int Call)> _calls = [];
    private long _characters;

    /// <summary>An empty segment.</summary>
    /// <param name="first">The first document it tells of.</param>
    public TextSegment(long first) => _first = first;

    /// <summary>Whether nothing more is to be added, however few the calls.</summary>
    public bool IsFull => _characters >= MostCharacters;

    /// <summary>Adds what a text search looks at, and numbers.</summary>
    /// <param name="document">The call's document; never one before those added.</param>
    /// <param name="search">An item a line, lower case.</param>
    /// <param name="numbers">Numbers of caller, callee, dialled, caller and callee in full, as stored; null where there is none.</param>
    /// <param name="labels">Its labels, in order; null where there is none.</param>
    public void Add(long document, string search, ReadOnlySpan<string?> numbers, ReadOnlySpan<string?> labels)
    {
        int call = (int)(document - _first);
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] is { Length: > 0 } label) Add(FirstLabel + i, label, call);
        }

        for (int i = 0; i < numbers.Length; i++)
        {
            if (numbers[i] is { Length: > 0 } number) Add(i + 1, Lower(number), call);
        }

        foreach (Range line in search.AsSpan().Split('\n'))
        {
            ReadOnlySpan<char> item = search.AsSpan()[line];
            if (!item.IsEmpty && !IsNumber(item, numbers)) Add(0, item.ToString(), call);
        }
    }

    /// <summary>The rows.</summary>
    public TextRows Build()
    {
        string[] terms = [.. _numbers.Keys];
        Array.Sort(terms, StringComparer.Ordinal);
        int[] places = new int[terms.Length];
        for (int place = 0; place < terms.Length; place++) places[_numbers[terms[place]]] = place;
        int[] ends = new int[Fields];
        foreach (string term in terms) ends[term[0]]++;
        for (int field = 1; field < Fields; field++) ends[field] += ends[field - 1];

        // The calls of each term, in order of the calls, which they were added in.
        int[] starts = new int[terms.Length + 1];
        foreach ((int term, _) in _calls) starts[places[term] + 1]++;
        for (int place = 0; place < terms.Length; place++) starts[place + 1] += starts[place];
        int[] calls = new int[_calls.Count];
        int[] filled = starts[..^1];
        foreach ((int term, int call) in _calls) calls[filled[places[term]]++] = call;
        var rows = new TextRows { FieldEnds = ends };
        var grams = new Dictionary<int, TextList>();
        TextBytes texts = new(), lists = new(), list = new();
        for (int place = 0; place < terms.Length; place++)
        {
            byte[] text = Encoding.UTF8.GetBytes(terms[place], 1, terms[place].Length - 1);
            texts.Add((uint)text.Length);
            texts.Add(text);
            list.Clear();
            int before = 0;
            for (int i = starts[place]; i < filled[place]; i++)
            {
                // A text that a call has twice.
                if (i > starts[place] && calls[i] == before) continue;
                list.Add((uint)(calls[i] - before));
                before = calls[i];
            }

            lists.Add((uint)list.Length);
            lists.Add(list.Written);
            foreach (int gram in TextNeedle.GramsOf(text))
            {
                if (!grams.TryGetValue(gram, out TextList? have)) grams.Add(gram, have = new TextList());
                have.Add(place);
            }

            if (place % ChunkTerms != ChunkTerms - 1 && place < terms.Length - 1) continue;
            rows.Chunks.Add((place / ChunkTerms, texts.ToArray(), lists.ToArray()));
            texts.Clear();
            lists.Clear();
        }

        foreach ((int gram, TextList have) in grams.OrderBy(static pair => pair.Key)) rows.Grams.Add((gram, have.Bytes.ToArray()));
        return rows;
    }

    /// <summary>A text in lower case as searches have it: the invariant one, character by character.</summary>
    public static string Lower(string text) => string.Create(text.Length, text, static (to, from) =>
    {
        for (int i = 0; i < to.Length; i++) to[i] = char.ToLowerInvariant(from[i]);
    });

    // Numbers stand among the lines too.
    private static bool IsNumber(ReadOnlySpan<char> item, ReadOnlySpan<string?> numbers)
    {
        const int searched = 3;
        foreach (string? number in numbers[..Math.Min(searched, numbers.Length)])
        {
            if (number is not null && number.Length == item.Length && IsLower(item, number)) return true;
        }

        return false;

        static bool IsLower(ReadOnlySpan<char> item, string number)
        {
            for (int i = 0; i < item.Length; i++)
            {
                if (item[i] != char.ToLowerInvariant(number[i])) return false;
            }

            return true;
        }
    }

    private void Add(int field, string text, int call)
    {
        string key = (char)field + text;
        if (!_numbers.TryGetValue(key, out int number))
        {
            _numbers.Add(key, number = _numbers.Count);
            _characters += key.Length;
        }

        _calls.Add((number, call));
    }

    /// <summary>Ascending numbers, each once, as the steps between them.</summary>
    private sealed class TextList
    {
        private int _last;
        private bool _any;

        public TextBytes Bytes { get; } = new();

        public void Add(int number)
        {
            if (_any && number == _last) return;
            Bytes.Add((uint)(number - _last));
            (_last, _any) = (number, true);
        }
    }
}

/// <summary>What is stored of a segment.</summary>
internal sealed class TextRows
{
    /// <summary>Number behind the last text of each field.</summary>
    public required int[] FieldEnds { get; init; }

    /// <summary>Grams in order, and the numbers of the texts that have them.</summary>
    public List<(int Gram, byte[] Terms)> Grams { get; } = [];

    /// <summary>Texts, and the calls that have each of them.</summary>
    public List<(int Chunk, byte[] Texts, byte[] Calls)> Chunks { get; } = [];

    /// <summary><see cref="FieldEnds"/> as it is stored.</summary>
    public byte[] FieldBytes()
    {
        var bytes = new TextBytes();
        foreach (int end in FieldEnds) bytes.Add((uint)end);
        return bytes.ToArray();
    }
}

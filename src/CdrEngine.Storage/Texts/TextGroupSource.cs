namespace CdrEngine.Storage.Texts;

/// <summary>Texts of one segment on their way into a group, in the order of the group. One thread.</summary>
internal sealed class TextGroupSource
{
    private readonly int _begin;
    private readonly List<(byte[] Texts, byte[] Calls)> _chunks = [];
    private readonly List<Term> _terms = [];
    private int _at;

    /// <summary>An empty one.</summary>
    /// <param name="begin">Where the first call of the segment has its place in the group.</param>
    public TextGroupSource(int begin) => _begin = begin;

    /// <summary>Adds a chunk; these come in order.</summary>
    /// <param name="texts">Its texts.</param>
    /// <param name="calls">The calls of each.</param>
    /// <param name="ends">Where the texts of each field end.</param>
    public void Add(byte[] texts, byte[] calls, int[] ends)
    {
        ReadOnlySpan<byte> text = texts, list = calls;
        while (TextBytes.TryTakePart(ref text, out ReadOnlySpan<byte> its) && TextBytes.TryTakePart(ref list, out ReadOnlySpan<byte> its2))
        {
            int field = 0;
            while (field < ends.Length && _terms.Count >= ends[field]) field++;
            _terms.Add(new Term(field, _chunks.Count, texts.Length - text.Length - its.Length, its.Length, calls.Length - list.Length - its2.Length, its2.Length));
        }

        _chunks.Add((texts, calls));
    }

    /// <summary>Begins with the first text. Half of a pair is kept as what stands for any that cannot be read: such texts are put where they belong.</summary>
    public void Begin()
    {
        bool isInOrder = true;
        for (int i = 1; i < _terms.Count && isInOrder; i++) isInOrder = Compare(_terms[i - 1], _terms[i]) <= 0;
        if (!isInOrder) _terms.Sort(Compare);
    }

    /// <summary>Whether there are no more.</summary>
    public bool IsOver => _at >= _terms.Count;

    /// <summary>The field of the text that is next.</summary>
    public int Field => _terms[_at].Field;

    /// <summary>It.</summary>
    public ReadOnlySpan<byte> Text => TextOf(_terms[_at]);

    /// <summary>Adds the places of its calls, and goes on to the next.</summary>
    public void Take(List<int> places)
    {
        Term term = _terms[_at++];
        ReadOnlySpan<byte> list = _chunks[term.Chunk].Calls.AsSpan(term.List, term.ListLength);
        for (int place = _begin; TextBytes.TryStep(ref list, ref place);) places.Add(place);
    }

    /// <summary>Order of what is next of two sources.</summary>
    public static int Compare(TextGroupSource left, TextGroupSource right)
    {
        int by = left.Field.CompareTo(right.Field);
        return by != 0 ? by : TextOrder.Compare(left.Text, right.Text);
    }

    private int Compare(Term left, Term right) => left.Field != right.Field ? left.Field.CompareTo(right.Field) : TextOrder.Compare(TextOf(left), TextOf(right));

    private ReadOnlySpan<byte> TextOf(Term term) => _chunks[term.Chunk].Texts.AsSpan(term.Text, term.TextLength);

    private readonly record struct Term(int Field, int Chunk, int Text, int TextLength, int List, int ListLength);
}

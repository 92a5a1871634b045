using System.Numerics;

namespace CdrEngine.Storage.Texts;

// Fields of which each call has one text at most: which of them each place has.
internal sealed partial class TextGroup
{
    // Numbers lie between what is searched and the labels, and are kept in lower case.
    private const int FirstNumber = 1;
    private const int LastNumber = 5;

    /// <summary>Reads which text of a field each place has: all of the field, once. Null where that is not told.</summary>
    /// <exception cref="StoreException">The file cannot be read.</exception>
    public TextRanks? RanksOf(int field)
    {
        (int begin, int end) = TextsOf(field);
        var ranks = new TextRanks.Builder(Span, end - begin, field is >= FirstNumber and <= LastNumber);
        Reading(() =>
        {
            for (int chunk = begin / TextSegment.ChunkTerms; begin < end && chunk <= (end - 1) / TextSegment.ChunkTerms; chunk++)
            {
                (long at, int textBytes, int listBytes) = _chunks[chunk];
                ReadOnlySpan<byte> block = Block(at, textBytes + listBytes), texts = block[..textBytes], lists = block[textBytes..];
                for (int number = chunk * TextSegment.ChunkTerms; TextBytes.TryTakePart(ref texts, out ReadOnlySpan<byte> text) && TextBytes.TryTakePart(ref lists, out ReadOnlySpan<byte> list); number++)
                {
                    if (number < begin || number >= end) continue;
                    ranks.Begin(text);
                    AddPlaces(list, ranks);
                }
            }
        });
        return ranks.Build();
    }

    /// <summary>How many texts of a field stand before one, and whether it is among them.</summary>
    /// <exception cref="StoreException">The file cannot be read.</exception>
    public (int Below, bool IsThere) PlaceOf(int field, ReadOnlySpan<byte> text)
    {
        (int begin, int end) = TextsOf(field);
        if (begin == end) return (0, false);
        byte[] sought = text.ToArray();
        int below = 0;
        bool isThere = false;
        Reading(() =>
        {
            int chunk = ChunkOf(sought, begin, end);
            below = Math.Max(0, (chunk * TextSegment.ChunkTerms) - begin);
            ReadOnlySpan<byte> texts = Block(_chunks[chunk].At, _chunks[chunk].Texts);
            for (int number = chunk * TextSegment.ChunkTerms; number < end && TextBytes.TryTakePart(ref texts, out ReadOnlySpan<byte> its); number++)
            {
                if (number < begin) continue;
                int order = TextOrder.Compare(its, sought);
                isThere |= order == 0;
                if (order >= 0) return;
                below++;
            }
        });
        return (below, isThere);
    }

    private (int Begin, int End) TextsOf(int field) => (field == 0 ? 0 : _ends[field - 1], _ends[field]);

    // The last chunk whose first text of the field does not come behind a text: the one that may have it.
    private int ChunkOf(ReadOnlySpan<byte> text, int begin, int end)
    {
        int low = begin / TextSegment.ChunkTerms, high = (end - 1) / TextSegment.ChunkTerms;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            ReadOnlySpan<byte> texts = Block(_chunks[middle].At, _chunks[middle].Texts);
            if (!TextBytes.TryTakePart(ref texts, out ReadOnlySpan<byte> first)) throw new IOException("a chunk without texts");
            if (TextOrder.Compare(first, text) <= 0) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    private static void AddPlaces(ReadOnlySpan<byte> list, TextRanks.Builder ranks)
    {
        if (list.IsEmpty) return;
        byte kind = list[0];
        list = list[1..];
        if (kind == Bits)
        {
            for (int i = 0; i < list.Length; i++)
            {
                for (int bits = list[i]; bits != 0; bits &= bits - 1) ranks.Add((i * 8) + BitOperations.TrailingZeroCount(bits));
            }

            return;
        }

        int place = 0;
        while (TextBytes.TryStep(ref list, ref place)) ranks.Add(place);
    }
}

using System.Numerics;

namespace CdrEngine.Storage.Texts;

// Fields of which each call has one text at most: which of them each place has.
internal sealed partial class TextGroup
{
    // Numbers lie between what is searched and the labels, and are kept in lower case.
    private const int FirstNumber = 1;
    private const int LastNumber = 5;

    // Bytes of lists that are read instead of looking at all places of a group.
    private const int MostListed = 64 * 1024;

    /// <summary>What <see cref="Ranking"/> fills for a field.</summary>
    public TextRanks.Builder RanksFor(int field)
    {
        (int begin, int end) = TextsOf(field);
        return new TextRanks.Builder(Span, end - begin, field is >= FirstNumber and <= LastNumber);
    }

    /// <summary>The steps that read which text of a field each place has: all of the field, once.</summary>
    public IEnumerable<GroupRead> Ranking(int field, TextRanks.Builder ranks)
    {
        (int begin, int end) = TextsOf(field);
        if (begin == end) yield break;
        int last = (end - 1) / TextSegment.ChunkTerms;
        for (int chunk = begin / TextSegment.ChunkTerms; chunk <= last;)
        {
            int first = chunk;
            for (long bytes = 0; chunk == first || (IsFar && chunk <= last && bytes < FarBytes); chunk++) bytes += _chunks[chunk].Texts + (long)_chunks[chunk].Lists;
            var read = new GroupRead([.. Enumerable.Range(first, chunk - first).Select(its => (_chunks[its].At, _chunks[its].Texts + _chunks[its].Lists))]);
            yield return read;
            for (int its = first; its < chunk; its++) AddChunk(its, read[its - first], begin, end, ranks);
        }
    }

    /// <summary>Whether reading the calls that have some texts of a field costs less than looking at all places.</summary>
    /// <param name="field">The field.</param>
    /// <param name="first">The first text, from 1 on.</param>
    /// <param name="last">The last.</param>
    public bool IsShort(int field, int first, int last)
    {
        if (IsFar) return false;
        if (first > last) return true;
        int begin = TextsOf(field).Begin - 1;
        long bytes = 0;
        for (int chunk = (begin + first) / TextSegment.ChunkTerms; chunk <= (begin + last) / TextSegment.ChunkTerms && bytes <= MostListed; chunk++) bytes += _chunks[chunk].Lists;
        return bytes <= MostListed;
    }

    /// <summary>The steps that read which calls have some texts of a field.</summary>
    /// <param name="field">The field.</param>
    /// <param name="first">The first text, from 1 on.</param>
    /// <param name="last">The last.</param>
    /// <param name="found">They are added to it.</param>
    public IEnumerable<GroupRead> Listing(int field, int first, int last, GroupSet.Builder found)
    {
        int begin = TextsOf(field).Begin - 1;
        for (int number = begin + first; number <= begin + last;)
        {
            int chunk = number / TextSegment.ChunkTerms, from = chunk * TextSegment.ChunkTerms, behind = Math.Min(begin + last + 1, from + TextSegment.ChunkTerms);
            var read = new GroupRead((_chunks[chunk].At + _chunks[chunk].Texts, _chunks[chunk].Lists));
            yield return read;
            AddLists(read[0], [.. Enumerable.Range(number - from, behind - number)], found);
            number = behind;
        }
    }

    private void AddChunk(int chunk, ReadOnlySpan<byte> block, int begin, int end, TextRanks.Builder ranks)
    {
        ReadOnlySpan<byte> texts = block[.._chunks[chunk].Texts], lists = block[_chunks[chunk].Texts..];
        for (int number = chunk * TextSegment.ChunkTerms; TextBytes.TryTakePart(ref texts, out ReadOnlySpan<byte> text) && TextBytes.TryTakePart(ref lists, out ReadOnlySpan<byte> list); number++)
        {
            if (number < begin || number >= end) continue;
            ranks.Begin(text);
            AddPlaces(list, ranks);
        }
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

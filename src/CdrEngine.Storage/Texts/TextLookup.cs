namespace CdrEngine.Storage.Texts;

/// <summary>Finds the calls of a segment that have a text, from what is stored of it.</summary>
internal static class TextLookup
{
    /// <summary>Reads <see cref="TextRows.FieldBytes"/>; null where it is something else.</summary>
    public static int[]? FieldEnds(ReadOnlySpan<byte> bytes)
    {
        int[] ends = new int[TextSegment.Fields];
        for (int field = 0; field < ends.Length; field++)
        {
            if (!TextBytes.TryTake(ref bytes, out uint end)) return null;
            ends[field] = (int)end;
        }

        return ends;
    }

    /// <summary>The numbers of texts that may have a part: of its fields, and with all of its grams; of a short part, with any gram that begins with it.</summary>
    /// <param name="needle">The part.</param>
    /// <param name="ends">Where the texts of each field end.</param>
    /// <param name="lists">The lists of its grams; one that no text has is empty.</param>
    public static List<int> Candidates(TextNeedle needle, int[] ends, List<byte[]> lists)
    {
        var found = new List<int>();
        if (lists.Count == 0) return found;
        if (needle.Grams.Count == 0)
        {
            foreach (byte[] list in lists) AddAll(list, needle.Fields, ends, found);
            found.Sort();
            int kept = 0;
            for (int i = 0; i < found.Count; i++)
            {
                if (i == 0 || found[i] != found[i - 1]) found[kept++] = found[i];
            }

            found.RemoveRange(kept, found.Count - kept);
            return found;
        }

        lists.Sort(static (left, right) => left.Length.CompareTo(right.Length));
        AddAll(lists[0], needle.Fields, ends, found);

        // The lists are there already: whatever they leave out need not be read.
        for (int i = 1; i < lists.Count && found.Count > 0; i++) Intersect(found, lists[i]);
        return found;
    }

    /// <summary>Adds the calls that have those texts of a chunk which have a part.</summary>
    /// <param name="needle">The part.</param>
    /// <param name="candidates">Numbers of texts, ascending; those of the chunk are taken from <paramref name="at"/> on, which is moved behind them.</param>
    /// <param name="at">See there.</param>
    /// <param name="chunk">Number of the chunk.</param>
    /// <param name="texts">Its texts.</param>
    /// <param name="calls">Its lists of calls.</param>
    /// <param name="found">Calls are added to it.</param>
    public static void Match(TextNeedle needle, List<int> candidates, ref int at, int chunk, ReadOnlySpan<byte> texts, ReadOnlySpan<byte> calls, CallSet found)
    {
        int number = chunk * TextSegment.ChunkTerms, behind = number + TextSegment.ChunkTerms;
        for (; at < candidates.Count && candidates[at] < behind; number++)
        {
            if (!TextBytes.TryTakePart(ref texts, out ReadOnlySpan<byte> text) || !TextBytes.TryTakePart(ref calls, out ReadOnlySpan<byte> list)) break;
            if (number != candidates[at]) continue;
            at++;
            if (needle.IsIn(text)) found.AddSteps(list);
        }

        while (at < candidates.Count && candidates[at] < behind) at++;
    }

    private static void AddAll(ReadOnlySpan<byte> list, TextFields fields, int[] ends, List<int> found)
    {
        int number = 0, field = 0;
        while (TextBytes.TryStep(ref list, ref number))
        {
            while (field < ends.Length && number >= ends[field]) field++;
            if (((int)fields & (1 << field)) != 0) found.Add(number);
        }
    }

    /// <summary>Leaves those of some numbers, ascending, that are on a list of steps too.</summary>
    public static void Intersect(List<int> found, ReadOnlySpan<byte> list)
    {
        int kept = 0, at = 0, number = 0;
        while (at < found.Count && TextBytes.TryStep(ref list, ref number))
        {
            while (at < found.Count && found[at] < number) at++;
            if (at < found.Count && found[at] == number) found[kept++] = found[at++];
        }

        found.RemoveRange(kept, found.Count - kept);
    }
}

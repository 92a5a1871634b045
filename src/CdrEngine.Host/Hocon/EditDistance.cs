namespace CdrEngine.Host.Hocon;

/// <summary>How far two words are apart, for "did you mean".</summary>
public static class EditDistance
{
    /// <summary>The fewest insertions, deletions, replacements and swaps of neighbours that turn one text into the other.</summary>
    public static int Between(string left, string right)
    {
        // Three rows of the usual table: the one before last serves the swaps.
        int[] before = new int[right.Length + 1];
        int[] last = new int[right.Length + 1];
        int[] row = new int[right.Length + 1];
        for (int j = 0; j <= right.Length; j++) last[j] = j;
        for (int i = 1; i <= left.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int cost = left[i - 1] == right[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + cost);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
            }

            (before, last, row) = (last, row, before);
        }

        return last[right.Length];
    }

    /// <summary>The nearest of the candidates; the first of equals; null where there is none.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates) => candidates.MinBy(candidate => Between(word, candidate));

    /// <summary><c>; did you mean 'x'?</c> where something is near enough to be a slip of the finger, else nothing.</summary>
    public static string DidYouMean(string word, IEnumerable<string> candidates) =>
        Nearest(word, candidates) is { } nearest && Between(word, nearest) <= Math.Max(2, word.Length / 3) ? $"; did you mean '{nearest}'?" : "";
}

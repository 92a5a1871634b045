namespace CdrEngine.Storage.Texts;

/// <summary>Which grams some texts have, a bit for each: tells in memory what they have not. What it says they have they may not have.</summary>
internal static class GramFilter
{
    /// <summary>Bytes of a filter.</summary>
    public const int Bytes = 8_192;

    /// <summary>The filter of these grams.</summary>
    public static byte[] Of(IEnumerable<int> grams)
    {
        byte[] filter = new byte[Bytes];
        foreach (int gram in grams) filter[BitOf(gram) / 8] |= (byte)(1 << (BitOf(gram) % 8));
        return filter;
    }

    /// <summary>Whether any of the texts may have a part.</summary>
    public static bool MayHave(byte[] filter, TextNeedle needle)
    {
        foreach (int gram in needle.Grams)
        {
            if ((filter[BitOf(gram) / 8] & (1 << (BitOf(gram) % 8))) == 0) return false;
        }

        return true;
    }

    private static int BitOf(int gram) => (int)((uint)gram * 2654435761u >> 16);
}

using CdrEngine.Core;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Ties a cursor to its query: FNV-1a over both. No secret: it guards against mistakes, and what a forged cursor could do is to begin a
/// page elsewhere.</summary>
internal static class CursorSeal
{
    /// <summary>The seal of a cursor.</summary>
    /// <param name="cursor">The cursor's own bytes.</param>
    /// <param name="query">All that decides which rows come in which order.</param>
    public static ulong Of(ReadOnlySpan<byte> cursor, string query)
    {
        ulong sum = Fnv1a.Add(Fnv1a.Empty, cursor);
        foreach (char c in query) sum = Fnv1a.Add(sum, c);
        return sum;
    }
}

using System.Runtime.InteropServices;

namespace CdrEngine.Storage.Texts;

/// <summary>Numbers in ascending order, each once.</summary>
internal static class SortedNumbers
{
    /// <summary>Puts a list in order and leaves each number once.</summary>
    public static void SortDistinct(this List<int> numbers)
    {
        numbers.Sort();
        Span<int> all = CollectionsMarshal.AsSpan(numbers);
        int kept = 0;
        for (int i = 0; i < all.Length; i++)
        {
            if (i == 0 || all[i] != all[kept - 1]) all[kept++] = all[i];
        }

        numbers.RemoveRange(kept, numbers.Count - kept);
    }
}

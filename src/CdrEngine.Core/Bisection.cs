namespace CdrEngine.Core;

/// <summary>Where things in order turn from one kind to the other.</summary>
public static class Bisection
{
    /// <summary>The first of some things for which something holds, as it does for all behind it; their number where it holds for none.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="holds">Told the place of one, from 0.</param>
    /// <returns>Its place, from 0.</returns>
    public static int First(int count, Func<int, bool> holds)
    {
        int low = 0, high = count;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (holds(middle)) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}

namespace CdrEngine.Storage.Tests;

/// <summary>Random questions to two stores of which one is plain; where they differ it is said which question it was.</summary>
internal static class Questions
{
    /// <summary>Asks so many.</summary>
    /// <param name="times">How many.</param>
    /// <param name="draw">Makes one.</param>
    /// <param name="ask">Asks it and holds the answers against each other.</param>
    /// <param name="name">Tells it.</param>
    public static void Ask<T>(int times, Func<T> draw, Action<T> ask, Func<T, string> name)
    {
        for (int i = 0; i < times; i++)
        {
            T query = draw();
            try
            {
                ask(query);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException { InnerException: not null })
            {
                throw new Xunit.Sdk.XunitException($"question {i}: {name(query)}", e);
            }
        }
    }
}

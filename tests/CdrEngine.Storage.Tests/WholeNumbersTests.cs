using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Numbers of two bytes and of four: found and marked alike.</summary>
public sealed class WholeNumbersTests
{
    [Theory]
    [InlineData(9)]
    [InlineData(ushort.MaxValue)]
    [InlineData(70_000)]
    public void Numbers_AreMarkedAndFound(int most)
    {
        var random = new Random(most);
        foreach (int count in new[] { 0, 1, 63, 64, 65, 400 })
        {
            int[] expected = [.. Enumerable.Range(0, count).Select(_ => random.Next(5) == 0 ? most : random.Next(most + 1))];
            var numbers = new WholeNumbers(count, most);
            for (int i = 0; i < count; i++) numbers[i] = expected[i];
            for (int round = 0; round < 50; round++)
            {
                int from = random.Next(most + 2), to = random.Next(5) == 0 ? from - 1 : random.Next(from, most + 10);
                ulong[] bits = new ulong[(count / 64) + 1];
                numbers.MarkWithin(from, to, bits);
                for (int i = 0; i < count; i++) Assert.Equal(expected[i] >= from && expected[i] <= to, (bits[i / 64] & (1UL << (i % 64))) != 0);
                int begin = random.Next(count + 1);
                Assert.Equal(Array.IndexOf(expected, from, begin), numbers.IndexOf(from, begin));
            }
        }
    }
}

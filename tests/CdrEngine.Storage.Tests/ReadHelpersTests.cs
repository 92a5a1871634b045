using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Threads that read beside the one that asks.</summary>
public sealed class ReadHelpersTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(500)]
    public void Each_IsDoneOnce(int count)
    {
        using var helpers = new ReadHelpers(3);
        int[] done = new int[count];
        Parallel.For(0, 4, _ => helpers.ForEach([.. Enumerable.Range(0, count)], index => Interlocked.Increment(ref done[index])));
        Assert.All(done, static times => Assert.Equal(4, times));
    }

    [Fact]
    public void Faults_AreThrownToWhoAsks()
    {
        using var helpers = new ReadHelpers(3);
        StoreException fault = Assert.Throws<StoreException>(() => helpers.ForEach([.. Enumerable.Range(0, 100)], static index =>
        {
            if (index == 40) throw new StoreException("gone");
        }));
        Assert.Equal("gone", fault.Message);
        int sum = 0;
        helpers.ForEach([1, 2, 3], number => Interlocked.Add(ref sum, number));
        Assert.Equal(6, sum);
    }

    [Fact]
    public void Disposed_TheOneThatAsksDoesAll()
    {
        var helpers = new ReadHelpers(3);
        int sum = 0;
        helpers.ForEach([1, 2, 3], number => Interlocked.Add(ref sum, number));
        helpers.Dispose();
        helpers.Dispose();
        helpers.ForEach([4, 5, 6], number => Interlocked.Add(ref sum, number));
        Assert.Equal(21, sum);
    }
}

namespace CdrEngine.Host.Joined;

/// <summary>Keeps the heap of a short import small: collects, and moves together what is alive, before half of the heap is what nobody needs any more. One thread.</summary>
/// <remarks>By itself the collector comes once in an import of 20,000 calls, finds three quarters alive, and from run to run moves them together or leaves the holes where they are: 30 MB
/// more or less at the peak (docs/decisions/0038-the-start-and-a-collection-too-early.md). Where more is alive than <see cref="MostAlive"/> moving it costs more than it gives, and
/// all is left to the collector.</remarks>
internal sealed class ImportHeap
{
    // Well below the first generation that ./cdrengine sets, so that the collector does not come by itself before: between two looks the shards and the writer go on.
    private const long First = 72L << 20;
    private const long MostAlive = 256L << 20;

    private long _limit = First;

    /// <summary>Looks, and collects where it is time. Costs nothing worth naming; every few thousand packets is often enough.</summary>
    public void Look() => Look(_limit);

    /// <summary>The same once all is read: ending what is open makes as much again as reading did for a while, and nobody looks then.</summary>
    public void LookAtEnd() => Look(Math.Max(First, _limit - (_limit / 3)));

    private void Look(long limit)
    {
        if (_limit == long.MaxValue || GC.GetTotalMemory(forceFullCollection: false) < limit) return;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        long alive = GC.GetTotalMemory(forceFullCollection: false);
        _limit = alive > MostAlive ? long.MaxValue : Math.Max(First, alive + (alive / 2));
    }
}

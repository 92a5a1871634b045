namespace CdrEngine.Engine.Routing;

/// <summary>Small numbers, used again after they are given back: indexes into a shard's tables.</summary>
internal sealed class HandlePool
{
    private readonly Stack<int> _free = new();
    private int _next;

    public int Take() => _free.TryPop(out int handle) ? handle : _next++;

    public void Return(int handle) => _free.Push(handle);
}

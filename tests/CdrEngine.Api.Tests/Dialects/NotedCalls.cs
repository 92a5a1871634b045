using CdrEngine.Calls.Ports;
using CdrEngine.Storage;

namespace CdrEngine.Api.Tests.Dialects;

/// <summary>The calls of a store, and what was asked of them.</summary>
internal sealed class NotedCalls(SqliteCallStore store) : ICallReader, ICallPager
{
    /// <summary>Every query for a list, in order.</summary>
    public List<CallQuery> Asked { get; } = [];

    public CallRecord? Get(string id) => store.Get(id);

    public CallPage List(CallQuery query)
    {
        Note(query);
        return store.List(query);
    }

    public CallSlice Page(CallPageRequest request)
    {
        Note(request.Query);
        return store.Page(request);
    }

    public ListedCall? Find(string id) => store.Find(id);

    public ListedCall? FindByNumber(long number) => store.FindByNumber(number);

    public long Count(CallQuery query) => store.Count(query);

    private void Note(CallQuery query)
    {
        lock (Asked) Asked.Add(query);
    }
}

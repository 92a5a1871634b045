using CdrEngine.Calls.Ports;
using CdrEngine.Storage;

namespace CdrEngine.Api.Tests.Dialects;

/// <summary>The calls of a store, and what was asked of them.</summary>
internal sealed class NotedCalls(ICallStore store) : ICallReader, ICallPager
{
    /// <summary>Whether it tells also what a store may leave to be asked otherwise.</summary>
    public bool TellsAll { get; set; } = true;

    /// <summary>Every query for a list, in order.</summary>
    public List<CallQuery> Asked { get; } = [];

    /// <summary>Every id that was looked up.</summary>
    public List<string> Found { get; } = [];

    /// <summary>Every id whose integer id was asked for.</summary>
    public List<string> Numbered { get; } = [];

    public string? Identity => store.Identity;

    public CallRecord? Get(string id) => store.Get(id);

    public IReadOnlyDictionary<string, string?> TenantsOf(IReadOnlyCollection<string> ids)
    {
        lock (Asked) Found.AddRange(ids);
        return store.TenantsOf(ids);
    }

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

    public ListedCall? Find(string id)
    {
        lock (Asked) Found.Add(id);
        return store.Find(id);
    }

    public ListedCall? FindByNumber(long number) => store.FindByNumber(number);

    public long Count(CallQuery query) => store.Count(query);

    public CallMark Mark() => store.Mark();

    public long Count(CallQuery query, CallMark until) => store.Count(query, until);

    public IReadOnlyDictionary<DateOnly, string>? DayStamps() => store.DayStamps();

    public IReadOnlyDictionary<string, long>? SessionStates(DateOnly day) => store.SessionStates(day);

    public IReadOnlyList<long>? CountShorter(CallQuery query, CallMark until, LengthSteps lengths) => TellsAll ? store.CountShorter(query, until, lengths) : null;

    public ITextSpread? SpreadOf(CallQuery query, TextOf of) => TellsAll ? store.SpreadOf(query, of) : null;

    public IReadOnlyDictionary<string, IReadOnlyList<CallRecord>>? OfSessions(IReadOnlyCollection<string> sessions) => TellsAll ? store.OfSessions(sessions) : null;

    public IReadOnlyDictionary<string, ListedCall> FindAll(IReadOnlyCollection<string> ids)
    {
        lock (Asked) Found.AddRange(ids);
        return store.FindAll(ids);
    }

    public IReadOnlyDictionary<string, ListedNumber> NumbersOf(IReadOnlyCollection<string> ids)
    {
        lock (Asked)
        {
            Found.AddRange(ids);
            Numbered.AddRange(ids);
        }

        return store.NumbersOf(ids);
    }

    private void Note(CallQuery query)
    {
        lock (Asked) Asked.Add(query);
    }
}

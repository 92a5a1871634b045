using System.Runtime.InteropServices;
using CdrEngine.Calls.Transactions;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Sums up the calls of each session, whatever their order, so that another sum tells that one of them is another.</summary>
internal sealed class SessionStates
{
    private readonly Dictionary<string, long> _all = new(StringComparer.Ordinal);

    /// <summary>By the id of the session.</summary>
    public IReadOnlyDictionary<string, long> All => _all;

    /// <summary>Adds a call.</summary>
    /// <param name="session">Id of its session.</param>
    /// <param name="id">Its id.</param>
    /// <param name="tenant">Its tenant.</param>
    /// <param name="version">Another where it was written with other content.</param>
    public void Add(string session, string id, string? tenant, ulong version)
    {
        ulong state = Hash64.Mix(Hash64.Of(MemoryMarshal.AsBytes(id.AsSpan())), version);
        if (tenant is not null) state = Hash64.Mix(state, Hash64.Of(MemoryMarshal.AsBytes(tenant.AsSpan())));
        ref long sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_all, session, out _);
        sum = unchecked(sum + (long)state);
    }
}

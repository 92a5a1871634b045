using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Live;

namespace CdrEngine.Host.Joined;

/// <summary>Stored records, and those of calls in progress. Lists are of stored ones; <c>live</c> lists the others.</summary>
internal sealed class LiveCallReader(LiveBoard live, ICallReader stored) : ICallReader
{
    /// <inheritdoc />
    public CallRecord? Get(string id)
    {
        // A call that goes on after all may have a record of before; one that ended a moment ago may have none yet.
        if (live.IsInProgress(id) && Find(id) is { } open) return open;
        return stored.Get(id) ?? Find(id);
    }

    /// <inheritdoc />
    public CallPage List(CallQuery query) => stored.List(query);

    /// <inheritdoc />
    public IReadOnlyDictionary<string, IReadOnlyList<CallRecord>>? OfSessions(IReadOnlyCollection<string> sessions) => stored.OfSessions([.. sessions.Where(id => !live.IsInProgress(id))]);

    // The port is not asynchronous, as a database is not; the shard answers within milliseconds, and never waits for anybody.
    private CallRecord? Find(string id) => live.FindAsync(id).GetAwaiter().GetResult()?.Record;
}

/// <summary>Packets of stored calls, and of calls in progress up to the moment they are asked for.</summary>
internal sealed class LiveCallPackets(LiveBoard live, ICallPackets open, ICallPackets stored) : ICallPackets
{
    /// <summary>Where the packets of calls in progress lie.</summary>
    public static Func<string, byte[]?> ChunksOf(LiveBoard live) => id => live.ChunksAsync(id).GetAwaiter().GetResult();

    /// <inheritdoc />
    public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor)
    {
        if (live.IsInProgress(id) && open.Visit(id, kinds, visitor)) return true;
        return stored.Visit(id, kinds, visitor) || open.Visit(id, kinds, visitor);
    }
}

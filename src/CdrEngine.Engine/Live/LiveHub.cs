using CdrEngine.Calls.Ports;
using CdrEngine.Core;

namespace CdrEngine.Engine.Live;

/// <summary>The live state of a process: the calls in progress of all its engines and what happens to them.</summary>
/// <remarks>Costs the packet plane nothing: shards tell it at the steps of a call (a few times in its life), and measure a call only when somebody
/// asks for it, between two batches. Why so: <c>docs/decisions/0009-live-state.md</c>.</remarks>
public sealed class LiveHub : IAsyncDisposable
{
    /// <summary>A hub without calls.</summary>
    /// <param name="options">Bounds; null: the defaults.</param>
    /// <param name="time">Clock of waits and of the first event's number.</param>
    public LiveHub(LiveOptions? options = null, TimeProvider? time = null)
    {
        Options = options ?? new LiveOptions();
        Counts = new LiveCounts();
        Board = new LiveBoard(Options, Counts, time ?? TimeProvider.System);
        Feed = new LiveFeed(Options, Counts, Board, time ?? TimeProvider.System);
    }

    /// <summary>The calls in progress.</summary>
    public LiveBoard Board { get; }

    /// <summary>What happens to them.</summary>
    public LiveFeed Feed { get; }

    internal LiveOptions Options { get; }

    internal LiveCounts Counts { get; }

    /// <summary>Every counter, for <c>stats</c>.</summary>
    public IEnumerable<Statistic> Statistics() =>
        Counts.Copy().Statistics("live");

    /// <summary>Ends the feed: its readers have heard all.</summary>
    public ValueTask DisposeAsync() => Feed.DisposeAsync();
}

/// <summary>Counters that several threads count.</summary>
internal sealed class LiveCounts
{
    private readonly Counters<LiveCounter> _counters = new();
    private readonly Lock _lock = new();

    public long this[LiveCounter counter] => _counters[counter];

    public void Add(LiveCounter counter, long amount = 1)
    {
        lock (_lock) _counters.Add(counter, amount);
    }

    public Counters<LiveCounter> Copy()
    {
        var copy = new Counters<LiveCounter>();
        lock (_lock) copy.Add(_counters);
        return copy;
    }
}

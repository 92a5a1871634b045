using System.Threading.Channels;

namespace CdrEngine.Api.Tests;

/// <summary>Calls in progress by hand, and events as a test tells them.</summary>
internal sealed class FakeLive : ILiveCalls, ILiveFeed
{
    private readonly List<Subscription> _subscriptions = [];

    public List<LiveCall> Calls { get; } = [];

    /// <summary>What was asked.</summary>
    public List<LiveQuery> Queries { get; } = [];

    /// <summary>What was subscribed for.</summary>
    public List<LiveFilter> Filters { get; } = [];

    public bool IsFull { get; set; }

    public bool HasMissed { get; set; }

    public LiveTotals Now { get; set; } = new(2, [(LiveState.Trying, 0), (LiveState.Ringing, 1), (LiveState.Answered, 1), (LiveState.Held, 0)], [("span0", 2)]);

    public Task<LivePage> ListAsync(LiveQuery query, CancellationToken stop = default)
    {
        Queries.Add(query);
        return Task.FromResult(query.Cursor is "no"
            ? new LivePage { Calls = [], Totals = Now, CursorRejected = true }
            : new LivePage { Calls = [.. Calls.Where(call => query.Tenant is null || call.Tenant == query.Tenant)], Totals = Now, Matching = Calls.Count, NextCursor = query.Limit == 1 ? "more" : null });
    }

    public LiveTotals Totals(string? tenant = null) => Now;

    public Task<LiveCall?> FindAsync(string id, CancellationToken stop = default) => Task.FromResult(Calls.Find(call => call.Record.Id == id));

    public ILiveSubscription? Subscribe(LiveFilter filter)
    {
        lock (Filters) Filters.Add(filter);
        if (IsFull) return null;
        var subscription = new Subscription(this, HasMissed);
        lock (_subscriptions) _subscriptions.Add(subscription);
        return subscription;
    }

    public int Readers
    {
        get
        {
            lock (_subscriptions) return _subscriptions.Count;
        }
    }

    public void Tell(LiveEvent what)
    {
        lock (_subscriptions)
        {
            foreach (Subscription subscription in _subscriptions) subscription.Channel.Writer.TryWrite(what);
        }
    }

    public void Drop()
    {
        lock (_subscriptions)
        {
            foreach (Subscription subscription in _subscriptions)
            {
                subscription.WasDropped = true;
                subscription.Channel.Writer.Complete();
            }
        }
    }

    private sealed class Subscription(FakeLive live, bool missed) : ILiveSubscription
    {
        public Channel<LiveEvent> Channel { get; } = System.Threading.Channels.Channel.CreateUnbounded<LiveEvent>();

        public ChannelReader<LiveEvent> Events => Channel.Reader;

        public bool HasMissed => missed;

        public bool WasDropped { get; set; }

        public void Dispose()
        {
            lock (live._subscriptions) live._subscriptions.Remove(this);
        }
    }
}

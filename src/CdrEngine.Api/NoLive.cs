using CdrEngine.Calls.Ports;

namespace CdrEngine.Api;

/// <summary>The live state of a process that captures nothing: there is none, and it never changes.</summary>
internal sealed class NoLive : ILiveCalls, ILiveFeed
{
    public static readonly NoLive Instance = new();

    private static readonly LiveTotals None = new(0, [.. Enum.GetValues<LiveState>().Where(static state => state != LiveState.Ended).Select(static state => (state, 0))], []);

    public Task<LivePage> ListAsync(LiveQuery query, CancellationToken stop = default) =>
        Task.FromResult(new LivePage { Calls = [], Totals = None, CursorRejected = query.Cursor is not null });

    public LiveTotals Totals(string? tenant = null) => None;

    public Task<LiveCall?> FindAsync(string id, CancellationToken stop = default) => Task.FromResult<LiveCall?>(null);

    public ILiveSubscription? Subscribe(LiveFilter filter) => new Silence();

    private sealed class Silence : ILiveSubscription
    {
        private readonly System.Threading.Channels.Channel<LiveEvent> _events = System.Threading.Channels.Channel.CreateBounded<LiveEvent>(1);

        public System.Threading.Channels.ChannelReader<LiveEvent> Events => _events.Reader;

        public bool HasMissed => false;

        public bool WasDropped => false;

        public void Dispose() => _events.Writer.TryComplete();
    }
}

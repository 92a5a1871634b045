using System.Threading.Channels;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Engine.Live;

/// <summary>Numbers what the shards tell, keeps the newest for readers that come back, and hands it to those who listen.</summary>
/// <remarks>
/// 1. A shard puts a step into a bounded queue, without waiting; where nobody listens, nor has lately, it does not even make it.
/// 2. One task takes the steps in order, puts in what the directory says, gives each a number and lays it in the ring.
/// 3. Each reader has a bounded queue of its own. One that is full ends that reader's subscription.
/// </remarks>
public sealed class LiveFeed : ILiveFeed, IAsyncDisposable
{
    private readonly LiveOptions _options;
    private readonly LiveCounts _counts;
    private readonly LiveBoard _board;
    private readonly TimeProvider _time;
    private readonly Channel<LiveOffer> _offers;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _pump;
    private readonly Task _quality;
    private readonly Lock _lock = new();
    private readonly List<Reader> _readers = [];
    private readonly LiveEvent[] _ring;
    private long _next;
    private long _firstMade;
    private long _wantedUntil = long.MinValue;
    private long _lost;
    private long _lostTold;
    private bool _ended;

    internal LiveFeed(LiveOptions options, LiveCounts counts, LiveBoard board, TimeProvider time)
    {
        _options = options;
        _counts = counts;
        _board = board;
        _time = time;
        _ring = new LiveEvent[options.KeptEvents];

        // Numbers of a later start are greater than those of this one, and fit the numbers of JavaScript.
        _next = _firstMade = Timestamp.From(time.GetUtcNow()).Microseconds;
        _offers = Channel.CreateBounded<LiveOffer>(new BoundedChannelOptions(options.QueuedEvents) { SingleReader = true });
        _pump = Task.Run(PumpAsync);
        _quality = Task.Run(TellQualityAsync);
    }

    /// <summary>Whether anybody listens or has lately. Any thread.</summary>
    public bool IsWanted => Volatile.Read(ref _wantedUntil) is var until && (until == long.MaxValue || (until != long.MinValue && _time.GetTimestamp() < until));

    /// <inheritdoc />
    public ILiveSubscription? Subscribe(LiveFilter filter)
    {
        lock (_lock)
        {
            if (_ended) return null;
            if (_readers.Count >= _options.Readers)
            {
                _counts.Add(LiveCounter.ReadersRefused);
                return null;
            }

            // Nothing was made since long after the last reader left: what happened meanwhile is missing.
            if (!IsWanted) _firstMade = ++_next;
            Volatile.Write(ref _wantedUntil, long.MaxValue);
            long oldest = Math.Max(_firstMade, _next - _ring.Length);
            bool missed = filter.After is { } after && (after < oldest - 1 || after >= _next);
            var kept = new List<LiveEvent>();
            if (filter.After is { } known && known < _next)
            {
                for (long id = Math.Max(known + 1, oldest); id < _next; id++)
                {
                    if (_ring[id % _ring.Length] is { } what && what.Id == id && Reader.Wants(filter, what)) kept.Add(what);
                }
            }

            var reader = new Reader(this, filter, missed, kept);
            _readers.Add(reader);
            _counts.Add(LiveCounter.Readers);
            return reader;
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_ended) return;
            _ended = true;
        }

        _offers.Writer.TryComplete();
        await _pump.ConfigureAwait(false);
        await _ending.CancelAsync().ConfigureAwait(false);
        await _quality.ConfigureAwait(false);
        lock (_lock)
        {
            foreach (Reader reader in _readers) reader.End();
            _readers.Clear();
        }

        _ending.Dispose();
    }

    /// <summary>Takes a step from a shard; never waits.</summary>
    internal void Offer(in LiveOffer offer)
    {
        if (!_offers.Writer.TryWrite(offer)) Interlocked.Increment(ref _lost);
    }

    /// <summary>Tells what is known as it is: what goes on outside calls. Never waits; any thread.</summary>
    public void Tell(LiveEvent what)
    {
        if (IsWanted) Offer(new LiveOffer(null, what.Kind, what.Update, what.At, null, false) { Made = what });
    }

    private async Task PumpAsync()
    {
        while (await _offers.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (_offers.Reader.TryRead(out LiveOffer offer)) Take(offer);
        }
    }

    private void Take(in LiveOffer offer)
    {
        if (offer is not { Entry: { } entry, Record: { } record })
        {
            lock (_lock)
            {
                NumberLost();
                if (offer.Made is { } made) Publish(made);
            }

            return;
        }

        LiveMarked marked = entry.Home.Mark(record);
        LiveCall call = LiveFigures.Measured(marked, offer.IsHeld, Timestamp.Max(offer.At, entry.Home.Now));
        lock (_lock)
        {
            NumberLost();
            bool isOfCall = offer.Kind < LiveEventKind.MediaSessionStarted;
            if (isOfCall) Publish(new LiveEvent { Kind = offer.Kind, At = offer.At, Call = call, Update = offer.Update });
            TellSessions(offer, entry, call);
        }
    }

    // A jump in the numbers says that events are missing. The lock is held.
    private void NumberLost()
    {
        long lost = Interlocked.Read(ref _lost);
        _next += lost - _lostTold;
        if (lost > _lostTold) _counts.Add(LiveCounter.EventsLost, lost - _lostTold);
        _lostTold = lost;
    }

    // What the call's record says of its media sessions, against what was told of them before.
    private void TellSessions(in LiveOffer offer, LiveEntry entry, LiveCall call)
    {
        if (offer.Kind is LiveEventKind.CallStarted or LiveEventKind.CallRinging or LiveEventKind.CallRecorded || call.Record.AnsweredAt is null) return;
        Dictionary<int, MediaSessionRecord> told = entry.ToldSessions ??= [];
        foreach (MediaSessionRecord session in call.Record.MediaSessions)
        {
            if (session.Flags.HasFlag(MediaSessionFlags.Refused)) continue;
            bool isKnown = told.TryGetValue(session.Index, out MediaSessionRecord? before);
            LiveEventKind? kind = offer.Kind switch
            {
                LiveEventKind.CallEnded => LiveEventKind.MediaSessionEnded,
                _ when offer.Update == LiveUpdate.Revised => null,
                _ when !isKnown => LiveEventKind.MediaSessionStarted,
                _ when session.Direction != before!.Direction || session.Caller != before.Caller || session.Callee != before.Callee || session.Type != before.Type => LiveEventKind.MediaSessionUpdated,
                _ => null,
            };
            if (kind is not { } what) continue;
            told[session.Index] = session;
            Publish(new LiveEvent { Kind = what, At = offer.At, Call = call, MediaSession = session });
        }
    }

    private void Publish(LiveEvent what)
    {
        what = what with { Id = _next++ };
        _ring[what.Id % _ring.Length] = what;
        _counts.Add(LiveCounter.Events);
        for (int i = _readers.Count - 1; i >= 0; i--) Hand(i, what);
    }

    private void Hand(int index, LiveEvent what)
    {
        Reader reader = _readers[index];
        if (reader.Take(what)) return;
        _counts.Add(LiveCounter.ReadersDropped);
        _readers.RemoveAt(index);
        Left();
    }

    // The lock is held.
    private void Left()
    {
        if (_readers.Count == 0) Volatile.Write(ref _wantedUntil, _time.GetTimestamp() + (long)(_options.KeptFor.TotalSeconds * _time.TimestampFrequency));
    }

    private async Task TellQualityAsync()
    {
        using var period = new PeriodicTimer(_options.QualityPeriod, _time);
        try
        {
            while (await period.WaitForNextTickAsync(_ending.Token).ConfigureAwait(false))
            {
                bool isAsked;
                lock (_lock) isAsked = _readers.Exists(static reader => reader.Filter.Quality);
                if (isAsked) await _board.MeasureAnsweredAsync(TellQuality, _ending.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private void TellQuality(LiveCall call)
    {
        var what = new LiveEvent { Kind = LiveEventKind.CallUpdated, Update = LiveUpdate.Quality, At = call.Now, Call = call };
        lock (_lock)
        {
            for (int i = _readers.Count - 1; i >= 0; i--)
            {
                if (_readers[i].Filter.Quality) Hand(i, what);
            }
        }
    }

    private void Leave(Reader reader)
    {
        lock (_lock)
        {
            if (_readers.Remove(reader)) Left();
        }

        reader.End();
    }

    private sealed class Reader : ILiveSubscription
    {
        private readonly LiveFeed _feed;
        private readonly Channel<LiveEvent> _events;

        public Reader(LiveFeed feed, LiveFilter filter, bool missed, List<LiveEvent> kept)
        {
            _feed = feed;
            Filter = filter;
            HasMissed = missed;
            _events = Channel.CreateBounded<LiveEvent>(new BoundedChannelOptions(Math.Max(1, filter.Capacity) + kept.Count) { SingleReader = true });
            foreach (LiveEvent what in kept) _events.Writer.TryWrite(what);
        }

        public LiveFilter Filter { get; }

        public ChannelReader<LiveEvent> Events => _events.Reader;

        public bool HasMissed { get; }

        public bool WasDropped { get; private set; }

        public static bool Wants(LiveFilter filter, LiveEvent what) =>
            (filter.Kinds.Count == 0 || filter.Kinds.Contains(what.Kind))
            && (filter.Tenant is null || what.Tenant == filter.Tenant)
            && LiveMatch.IsOf(what, filter.Number);

        /// <summary>False where the reader is too slow and has been ended.</summary>
        public bool Take(LiveEvent what)
        {
            if (!Wants(Filter, what) || _events.Writer.TryWrite(what)) return true;
            WasDropped = true;
            End();
            return false;
        }

        public void End() => _events.Writer.TryComplete();

        public void Dispose() => _feed.Leave(this);
    }
}

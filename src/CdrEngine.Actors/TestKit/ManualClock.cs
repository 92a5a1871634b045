namespace CdrEngine.Actors.TestKit;

/// <summary>A clock that moves only when told, and fires its timers on the thread that moves it, by (deadline, order of setting).</summary>
/// <remarks>Its timestamps count at an odd frequency, so that code which takes them for ticks of a <see cref="TimeSpan"/> fails.</remarks>
public sealed class ManualClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly DateTimeOffset _start;
    private TimeSpan _elapsed;
    private long _sequence;

    /// <summary>A clock that stands.</summary>
    /// <param name="start">Where; default 2026-01-01 00:00 UTC.</param>
    public ManualClock(DateTimeOffset? start = null) => _start = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public override long TimestampFrequency => 1_999_993;

    /// <summary>Timers that are still to fire.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_lock) return _timers.Count;
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _start + _elapsed;
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_lock) return (long)((Int128)_elapsed.Ticks * TimestampFrequency / TimeSpan.TicksPerSecond);
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        _ = timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock; each timer due on the way fires with the clock at its deadline.</summary>
    /// <param name="by">How far; less than zero throws <see cref="ArgumentOutOfRangeException"/>.</param>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        TimeSpan target;
        lock (_lock) target = _elapsed + by;
        while (TakeDue(target) is { } timer) timer.Fire();
        lock (_lock)
        {
            if (_elapsed < target) _elapsed = target;
        }
    }

    private ManualTimer? TakeDue(TimeSpan target)
    {
        lock (_lock)
        {
            ManualTimer? first = null;
            foreach (ManualTimer timer in _timers)
            {
                if (timer.Due > target) continue;
                if (first is null || timer.Due < first.Due || (timer.Due == first.Due && timer.Sequence < first.Sequence)) first = timer;
            }

            if (first is null) return null;
            if (first.Due > _elapsed) _elapsed = first.Due;
            if (first.Period > TimeSpan.Zero) Set(first, first.Due + first.Period);
            else _timers.Remove(first);
            return first;
        }
    }

    private void Set(ManualTimer timer, TimeSpan due)
    {
        timer.Due = due;
        timer.Sequence = _sequence++;
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private bool _disposed;

        internal TimeSpan Due { get; set; }

        internal TimeSpan Period { get; private set; }

        internal long Sequence { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                if (_disposed) return false;
                Period = period;
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                clock.Set(this, clock._elapsed + dueTime);
                clock._timers.Add(this);
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                _disposed = true;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        internal void Fire() => callback(state);
    }
}

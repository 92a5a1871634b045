namespace CdrEngine.Actors.TestKit;

/// <summary>Runs actors on the thread that tells them, before the telling returns; what they tell in turn waits its turn. Timers by the
/// system's <see cref="TimeProvider"/>, best a <see cref="ManualClock"/>.</summary>
/// <remarks>A second thread that tells while the first is running leaves the work to it. Each actor takes one message a turn, in order of
/// becoming ready, so the order is the same each time.</remarks>
public sealed class TestDispatcher : ClockDispatcher
{
    private readonly Lock _lock = new();
    private readonly Queue<ActorCell> _ready = new();
    private bool _isRunning;

    /// <summary>A dispatcher for tests.</summary>
    public TestDispatcher(string name = "test")
        : base(name)
    {
    }

    internal override void Schedule(ActorCell cell)
    {
        lock (_lock)
        {
            _ready.Enqueue(cell);
            if (_isRunning) return;
            _isRunning = true;
        }

        ThreadContext thread = ThreadContext.Current;
        thread.Depth++;
        while (true)
        {
            ActorCell? next;
            lock (_lock)
            {
                if (!_ready.TryDequeue(out next))
                {
                    _isRunning = false;
                    break;
                }
            }

            if (!next.Run(throughput: 1, out _)) continue;
            lock (_lock) _ready.Enqueue(next);
        }

        thread.Depth--;
    }
}

namespace CdrEngine.Actors.TestKit;

/// <summary>An expectation of a probe was not met.</summary>
public sealed class ProbeException : Exception
{
    /// <summary>Says what was expected and what was there.</summary>
    public ProbeException(string message)
        : base(message)
    {
    }
}

/// <summary>Stands in an actor's place and says what it was told.</summary>
/// <remarks>Its ref takes any message from any thread, at once and without a dispatcher. With the default deadline of zero an expectation
/// looks only at what is there, as fits shards, where all is done when a call returns; actors on a pool need a deadline in real
/// time.</remarks>
public sealed class TestProbe<T>
{
    private readonly object _gate = new();
    private readonly Queue<T> _messages = new();
    private readonly List<ActorRef> _terminated = [];
    private readonly ProbeRef _ref;

    /// <summary>A probe.</summary>
    /// <param name="system">The system whose actors know it.</param>
    /// <param name="within">How long an expectation waits, in real time, unless it says otherwise. Default: not at all.</param>
    /// <param name="name">For messages of failed tests.</param>
    public TestProbe(ActorSystem system, TimeSpan within = default, string name = "probe")
    {
        ArgumentNullException.ThrowIfNull(system);
        Within = within;
        _ref = new ProbeRef(this, system, "/probes/" + name);
    }

    /// <summary>What to give to the actors under test.</summary>
    public ActorRef<T> Ref => _ref;

    /// <summary>How long an expectation waits unless it says otherwise.</summary>
    public TimeSpan Within { get; }

    /// <summary>Messages told and not yet expected.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _messages.Count;
        }
    }

    /// <summary>The next message, whatever it is.</summary>
    public T ExpectMessage(TimeSpan? within = null)
    {
        T? message = default;
        if (!WaitFor(() => _messages.TryDequeue(out message), within))
            throw new ProbeException($"{_ref.Path} expected a message; none came.");
        return message!;
    }

    /// <summary>The next message, which is to be of a certain type.</summary>
    public TMessage ExpectMessage<TMessage>(TimeSpan? within = null)
        where TMessage : T
    {
        T message = ExpectMessage(within);
        return message is TMessage expected
            ? expected
            : throw new ProbeException($"{_ref.Path} expected a {typeof(TMessage).Name} and got {message}.");
    }

    /// <summary>The next message, which is to equal another.</summary>
    public T ExpectMessage(T expected, TimeSpan? within = null)
    {
        T message = ExpectMessage(within);
        return EqualityComparer<T>.Default.Equals(message, expected)
            ? message
            : throw new ProbeException($"{_ref.Path} expected {expected} and got {message}.");
    }

    /// <summary>That no message comes within the time.</summary>
    public void ExpectNoMessage(TimeSpan? within = null)
    {
        T? message = default;
        if (WaitFor(() => _messages.TryDequeue(out message), within))
            throw new ProbeException($"{_ref.Path} expected no message and got {message}.");
    }

    /// <summary>The next message that fits; those before it are dropped.</summary>
    public T FishForMessage(Func<T, bool> fits, TimeSpan? within = null)
    {
        ArgumentNullException.ThrowIfNull(fits);
        T? found = default;
        int dropped = 0;
        bool Look()
        {
            while (_messages.TryDequeue(out found))
            {
                if (fits(found)) return true;
                dropped++;
            }

            return false;
        }

        return WaitFor(Look, within)
            ? found!
            : throw new ProbeException($"{_ref.Path} fished for a message; {dropped} came and none fitted.");
    }

    /// <summary>All messages there are.</summary>
    public IReadOnlyList<T> TakeAll()
    {
        lock (_gate)
        {
            T[] all = [.. _messages];
            _messages.Clear();
            return all;
        }
    }

    /// <summary>Watches an actor.</summary>
    public void Watch(ActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        actor.Subject.SendSystem(new WatchMessage(_ref));
    }

    /// <summary>That a watched actor stops within the time.</summary>
    public void ExpectTerminated(ActorRef actor, TimeSpan? within = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (!WaitFor(() => _terminated.Remove(actor.Subject), within))
            throw new ProbeException($"{_ref.Path} expected the end of {actor}.");
    }

    /// <summary>That no watched actor has stopped within the time.</summary>
    public void ExpectNoTerminated(TimeSpan? within = null)
    {
        if (WaitFor(() => _terminated.Count > 0, within))
            throw new ProbeException($"{_ref.Path} did not expect the end of {_terminated[0]}.");
    }

    private bool WaitFor(Func<bool> condition, TimeSpan? within)
    {
        long deadline = Environment.TickCount64 + (long)(within ?? Within).TotalMilliseconds;
        lock (_gate)
        {
            while (true)
            {
                if (condition()) return true;
                long left = deadline - Environment.TickCount64;
                if (left <= 0) return false;
                Monitor.Wait(_gate, (int)Math.Min(left, int.MaxValue));
            }
        }
    }

    private sealed class ProbeRef(TestProbe<T> probe, ActorSystem system, string path) : TemporaryRef<T>(system, path)
    {
        private readonly List<ActorRef> _watchers = [];
        private bool _stopped;

        public override bool IsTerminated
        {
            get
            {
                lock (probe._gate) return _stopped;
            }
        }

        public override bool Tell(T message)
        {
            lock (probe._gate)
            {
                if (!_stopped)
                {
                    probe._messages.Enqueue(message);
                    Monitor.PulseAll(probe._gate);
                    return true;
                }
            }

            System.DeadLetters.Add(this, message, DeadLetterReason.ActorStopped);
            return false;
        }

        public override void Stop()
        {
            ActorRef[] watchers;
            lock (probe._gate)
            {
                if (_stopped) return;
                _stopped = true;
                watchers = [.. _watchers];
            }

            foreach (ActorRef watcher in watchers) watcher.TellSignal(new Terminated(this));
        }

        internal override void SendSystem(SystemMessage message)
        {
            switch (message)
            {
                case WatchMessage watch:
                    lock (probe._gate)
                    {
                        if (!_stopped)
                        {
                            _watchers.Add(watch.Watcher);
                            return;
                        }
                    }

                    watch.Watcher.TellSignal(new Terminated(this));
                    break;
                case UnwatchMessage unwatch:
                    lock (probe._gate) _watchers.Remove(unwatch.Watcher);
                    break;
                case StopMessage:
                    Stop();
                    break;
            }
        }

        internal override void TellSignal(Signal signal)
        {
            if (signal is not Terminated terminated) return;
            lock (probe._gate)
            {
                probe._terminated.Add(terminated.Actor);
                Monitor.PulseAll(probe._gate);
            }
        }
    }
}

using CdrEngine.Core;

namespace CdrEngine.Capture.Interfaces;

/// <summary>Several live sources as one, in order of time: a request on one interface comes before its answer on another.</summary>
/// <remarks>
/// A ring hands its packets over in blocks, the last of them when it is full or <see cref="InterfaceOptions.RetireMilliseconds"/> old. So where
/// one ring has nothing ready, packets of the others are held (in their rings, at no cost) until they are <see cref="Hold"/> old: by then what
/// the quiet ring has from before them is there. One interface alone is not held. Sources whose stamps are another clock's
/// (<see cref="ILiveSource.IsOrdered"/> false) are read as they come.
/// </remarks>
public sealed class LiveReader : IDisposable
{
    /// <summary>How long a packet waits at most for packets of other interfaces.</summary>
    public static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(60);

    /// <summary>A source that is busy all the time must not hide the others.</summary>
    private const int PacketsBetweenRefreshes = 256;

    private static readonly TimeSpan Foreseen = TimeSpan.FromSeconds(1);

    // A source that does not tell how far it is, because its thread hangs, is waited for so long and no longer.
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(1);
    private readonly ILiveSource[] _sources;
    private readonly Timestamp[] _heads;
    private readonly bool[] _ready;
    private readonly List<int> _descriptors = [];
    private Timestamp _bound = Timestamp.MinValue;
    private int _taken = -1;
    private int _sinceRefresh;

    /// <summary>Reads the given sources, which it disposes with itself.</summary>
    public LiveReader(IEnumerable<ILiveSource> sources)
    {
        _sources = [.. sources];
        _heads = new Timestamp[_sources.Length];
        _ready = new bool[_sources.Length];
    }

    /// <summary>The sources.</summary>
    public IReadOnlyList<ILiveSource> Sources => _sources;

    /// <summary>Place in <see cref="Sources"/> of the one whose packet was read last; -1 before the first.</summary>
    public int Current => _taken;

    /// <summary>What was lost by all sources.</summary>
    public long Losses
    {
        get
        {
            long sum = 0;
            foreach (ILiveSource source in _sources) sum += source.Losses;
            return sum;
        }
    }

    /// <summary>How full the fullest source's room is, in percent.</summary>
    public int FillPercent
    {
        get
        {
            int most = 0;
            foreach (ILiveSource source in _sources) most = Math.Max(most, source.FillPercent);
            return most;
        }
    }

    /// <summary>Reads the next packet, waiting for it at most the given time. Never ends.</summary>
    public ReadOutcome Read(int waitMilliseconds, out CapturedPacket packet)
    {
        if (_taken >= 0) Look(_taken);
        if (_sources.Length > 1 && ++_sinceRefresh >= PacketsBetweenRefreshes) Refresh();
        if (TryTake(out packet)) return ReadOutcome.Packet;
        Refresh();
        if (TryTake(out packet)) return ReadOutcome.Packet;
        Wait(waitMilliseconds);
        Refresh();
        return TryTake(out packet) ? ReadOutcome.Packet : ReadOutcome.Idle;
    }

    /// <summary>See <see cref="ILiveSource.Tend"/>.</summary>
    public void Tend()
    {
        // The ring of a source that went away must not be under our hands: what it had ready is looked at anew.
        foreach (ILiveSource source in _sources) source.Tend();
        Refresh();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (ILiveSource source in _sources) source.Dispose();
    }

    private void Refresh()
    {
        _sinceRefresh = 0;

        // First the time, then the rings: what is not there now is younger than the bound.
        _bound = Timestamp.From(DateTimeOffset.UtcNow) - Hold;
        for (int i = 0; i < _sources.Length; i++) Look(i);
    }

    private void Look(int source) => _ready[source] = _sources[source].Peek(out _heads[source]);

    private bool TryTake(out CapturedPacket packet)
    {
        int first = -1;
        int unordered = -1;
        bool quiet = false;
        Timestamp bound = _bound;
        for (int i = 0; i < _sources.Length; i++)
        {
            bool isOrdered = _sources[i].IsOrdered;
            if (!_ready[i])
            {
                if (!isOrdered) continue;
                quiet = true;
                Timestamp horizon = _sources[i].Horizon;
                if (horizon < bound) bound = Timestamp.Max(horizon, _bound - LongestHold);
            }
            else if (!isOrdered) unordered = i;
            else if (first < 0 || _heads[i] < _heads[first]) first = i;
        }

        // A stamp far ahead is from before the clock was set back: nothing to wait for.
        bool isDue = first >= 0 && !(quiet && _heads[first] > bound && _heads[first] < _bound + Foreseen);

        // Turn and turn about, so that a flood of one kind does not shut out the other.
        if (unordered >= 0 && (!isDue || _taken != unordered)) first = unordered;
        else if (!isDue) first = -1;
        if (first < 0)
        {
            packet = default;
            return false;
        }

        _taken = first;
        _sources[first].Take(out packet);
        return true;
    }

    private void Wait(int milliseconds)
    {
        for (int i = 0; i < _sources.Length; i++)
        {
            if (!_ready[i]) continue;

            // Something is held: its ring is readable all the time, so time itself is waited for.
            _ = Native.Poll([], Math.Min(milliseconds, 5));
            return;
        }

        _descriptors.Clear();
        foreach (ILiveSource source in _sources) source.AddDescriptors(_descriptors);

        // An error stays until somebody looks after it, and poll(2) would not wait meanwhile.
        if (Native.Poll(_descriptors, milliseconds)) Tend();
    }
}

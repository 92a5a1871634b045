using CdrEngine.Core;

namespace CdrEngine.Engine.Routing;

/// <summary>One timer for each open call, on a wheel of seconds: setting, moving and removing cost the same however many there are.</summary>
/// <remarks>A timer may go off up to a second late, and a deadline beyond the wheel's round goes off early; whoever is called looks at its
/// own deadline again. Order within a second is that of setting, so that a replay repeats it.</remarks>
internal sealed class TimerWheel
{
    private const int Slots = 256;
    private readonly CallEntry?[] _heads = new CallEntry?[Slots];
    private readonly CallEntry?[] _tails = new CallEntry?[Slots];
    private readonly List<CallEntry> _due = [];
    private long _tick = long.MinValue;

    /// <summary>True where <see cref="TakeDue"/> may have something to give.</summary>
    public bool IsDue(Timestamp now) => Tick(now) != _tick;

    /// <summary>Until when <see cref="IsDue"/> is false, as long as time does not go back.</summary>
    public Timestamp NextLook => _tick < 0 ? Timestamp.MinValue : new Timestamp((_tick + 1) * Timestamp.MicrosecondsPerSecond);

    public void Set(CallEntry call, Timestamp deadline, Timestamp now)
    {
        Remove(call);
        if (_tick == long.MinValue) _tick = Tick(now);
        long tick = Math.Clamp(Tick(deadline) + 1, _tick + 1, _tick + Slots - 1);
        int slot = (int)(tick & (Slots - 1));
        call.TimerSlot = slot;
        call.TimerPrevious = _tails[slot];
        if (_tails[slot] is { } tail) tail.TimerNext = call;
        else _heads[slot] = call;
        _tails[slot] = call;
    }

    public void Remove(CallEntry call)
    {
        if (call.TimerSlot < 0) return;
        if (call.TimerPrevious is { } previous) previous.TimerNext = call.TimerNext;
        else _heads[call.TimerSlot] = call.TimerNext;
        if (call.TimerNext is { } next) next.TimerPrevious = call.TimerPrevious;
        else _tails[call.TimerSlot] = call.TimerPrevious;
        call.TimerNext = null;
        call.TimerPrevious = null;
        call.TimerSlot = -1;
    }

    /// <summary>Turns the wheel to <paramref name="now"/> and gives the calls whose slots it passed. The list is used again by the next call.</summary>
    public List<CallEntry> TakeDue(Timestamp now)
    {
        _due.Clear();
        long target = Tick(now);
        if (_tick == long.MinValue || target < _tick)
        {
            // The clock was set back: the wheel goes on from there, and each timer is looked at again when its slot comes round.
            _tick = target;
            return _due;
        }

        long steps = Math.Min(target - _tick, Slots);
        for (long step = 1; step <= steps; step++)
        {
            int slot = (int)((_tick + step) & (Slots - 1));
            while (_heads[slot] is { } call)
            {
                Remove(call);
                _due.Add(call);
            }
        }

        _tick = target;
        return _due;
    }

    public void Clear()
    {
        for (int slot = 0; slot < Slots; slot++)
        {
            while (_heads[slot] is { } call) Remove(call);
        }

        _tick = long.MinValue;
    }

    private static long Tick(Timestamp at) => at.Microseconds / Timestamp.MicrosecondsPerSecond;
}

using System.Runtime.CompilerServices;
using CdrEngine.Core;

namespace CdrEngine.Engine;

/// <summary>The engine's clock: packet time that never follows a single lying packet.</summary>
/// <remarks>
/// Each packet moves the clock forward to its stamp. Two movements need proof, namely <see cref="Confirmations"/> packets in a row that
/// agree with each other: a leap of more than <see cref="MaxLeap"/> ahead (a frame stamped decades off would otherwise end every open
/// call), and a step of more than <see cref="MaxDisorder"/> back (the capturing host's clock was set). Until proven, the packet keeps its
/// own stamp for the records but the clock stands still. The outcome depends on the packets alone, so a replay repeats it.
/// </remarks>
public sealed class EngineClock
{
    /// <summary>Packets in a row that prove a leap or a step back.</summary>
    public const int Confirmations = 8;

    /// <summary>Longest silence believed at once.</summary>
    public static readonly TimeSpan MaxLeap = TimeSpan.FromMicroseconds(MaxLeapMicroseconds);

    /// <summary>How far back a stamp may lie without meaning that the clock was set.</summary>
    public static readonly TimeSpan MaxDisorder = TimeSpan.FromSeconds(10);

    private const ulong MaxLeapMicroseconds = 24UL * 3600 * Timestamp.MicrosecondsPerSecond;

    private Timestamp _candidate;
    private int _agreeing;

    /// <summary>The time now; <see cref="Timestamp.MinValue"/> before the first packet.</summary>
    public Timestamp Now { get; private set; } = Timestamp.MinValue;

    /// <summary>Confirmed leaps ahead of more than <see cref="MaxLeap"/>.</summary>
    public long Leaps { get; private set; }

    /// <summary>Confirmed steps back of more than <see cref="MaxDisorder"/>.</summary>
    public long StepsBack { get; private set; }

    /// <summary>Packets whose stamp was not believed.</summary>
    public long Doubted { get; private set; }

    /// <summary>Takes the stamp of the next packet and gives the time after it.</summary>
    public Timestamp Observe(Timestamp at)
    {
        if (TryFollow(at)) return Now;
        if (Now == Timestamp.MinValue)
        {
            Now = at;
            return Now;
        }

        TimeSpan step = at - Now;
        if (step < -MaxDisorder || step > MaxLeap) Doubt(at, step);
        return Now;
    }

    /// <summary>As <see cref="Observe"/> for a packet that moves the clock a little ahead, as nearly all do; false, and nothing done, for any other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFollow(Timestamp at)
    {
        // Before the first packet the difference wraps to something greater than any leap.
        if ((ulong)(at.Microseconds - Now.Microseconds) > MaxLeapMicroseconds) return false;
        Now = at;
        _agreeing = 0;
        return true;
    }

    /// <summary>Moves the clock on while no packet comes (live capture only). Never moves it back.</summary>
    public Timestamp Advance(Timestamp wall)
    {
        if (wall > Now && Now != Timestamp.MinValue) Now = wall;
        return Now;
    }

    /// <summary>Starts over, for a source that has nothing to do with the last one.</summary>
    public void Reset()
    {
        Now = Timestamp.MinValue;
        _agreeing = 0;
    }

    private void Doubt(Timestamp at, TimeSpan step)
    {
        Doubted++;
        _agreeing = _agreeing > 0 && (at - _candidate).Duration() <= MaxDisorder ? _agreeing + 1 : 1;
        _candidate = at;
        if (_agreeing < Confirmations) return;
        if (step > TimeSpan.Zero) Leaps++;
        else StepsBack++;
        Now = at;
        _agreeing = 0;
    }
}

using System.Diagnostics;
using CdrEngine.Capture.Interfaces;
using CdrEngine.Core;
using CdrEngine.Engine;

namespace CdrEngine.Host.Joined;

/// <summary>The reading thread of a live capture: packets to the engine, time where there are none, gaps where the kernel lost some.</summary>
/// <remarks>
/// 1. Packet: to the engine, under the name of its source.
/// 2. About ten times a second, told by the packets' stamps or by the wait: hand over part-filled batches; on a quiet wire move the engine's
///    clock by the time that has passed, so that timers go off.
/// 3. Every second: look after the sources. What was lost meanwhile is a gap of every open call.
/// 4. Told to stop: read what was captured up to then, and end.
/// </remarks>
internal sealed class LiveLoop(LiveReader reader, CaptureEngine engine, Action<string> tell)
{
    private const int WaitMilliseconds = 100;
    private const int PacketsBetweenLooks = 8192;
    private static readonly TimeSpan BetweenFlushes = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BetweenTendings = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StepTold = TimeSpan.FromSeconds(1);

    // Longer than the kernel keeps a part-filled block and than packets wait for those of other interfaces.
    private static readonly TimeSpan LastBlock = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, int> _origins = new(StringComparer.Ordinal);
    private string? _origin;
    private long _flushedAt = Stopwatch.GetTimestamp();
    private long _tendedAt = Stopwatch.GetTimestamp();
    private long _losses;
    private bool _anyPacket;
    private Timestamp _anchor;   // engine time …
    private long _anchoredAt;    // … at this moment
    private TimeSpan _clockOffset = ClockOffset();

    /// <summary>Reads until stopped.</summary>
    public void Run(CancellationToken stop)
    {
        long stoppedAt = 0;
        Timestamp end = Timestamp.MaxValue;
        Timestamp looked = Timestamp.MinValue;
        int untilLook = PacketsBetweenLooks;

        // An engine that goes on with open calls has a time already, and their timers run.
        _anyPacket = engine.Now != Timestamp.MinValue;
        while (true)
        {
            bool isPacket = reader.Read(WaitMilliseconds, out CapturedPacket packet) == ReadOutcome.Packet;
            if (isPacket)
            {
                if (packet.CapturedAt > end && reader.Sources[reader.Current].IsOrdered) break;
                Select();
                engine.Process(packet);
                _anyPacket = true;
                if (--untilLook > 0 && (packet.CapturedAt - looked).Duration() < BetweenFlushes) continue;
                looked = packet.CapturedAt;
                untilLook = PacketsBetweenLooks;
            }

            Look();
            if (stoppedAt == 0)
            {
                if (!stop.IsCancellationRequested) continue;
                stoppedAt = Stopwatch.GetTimestamp();
                end = Timestamp.From(DateTimeOffset.UtcNow);
            }

            TimeSpan since = Stopwatch.GetElapsedTime(stoppedAt);
            if ((!isPacket && since > LastBlock) || since > LongestEnd) break;
        }

        reader.Tend();
        MarkGaps();
    }

    private void Select()
    {
        string origin = reader.Sources[reader.Current].Origin;
        if (ReferenceEquals(origin, _origin)) return;
        _origin = origin;
        if (!_origins.TryGetValue(origin, out int number)) _origins[origin] = number = engine.AddSource(origin);
        engine.SelectSource(number);
    }

    private void Look()
    {
        long now = Stopwatch.GetTimestamp();
        if (Stopwatch.GetElapsedTime(_flushedAt, now) >= BetweenFlushes)
        {
            _flushedAt = now;
            if (_anyPacket)
            {
                // Engine time goes on from here: the wall clock may be set while the wire is quiet, and packets are a little older than now.
                _anyPacket = false;
                _anchor = engine.Now;
                _anchoredAt = now;
                engine.Flush();
            }
            else
            {
                engine.Tick(_anchoredAt == 0 ? Timestamp.MinValue : _anchor + Stopwatch.GetElapsedTime(_anchoredAt, now));
            }
        }

        if (Stopwatch.GetElapsedTime(_tendedAt, now) >= BetweenTendings)
        {
            _tendedAt = now;
            reader.Tend();
            WatchClock();
        }

        MarkGaps();
    }

    private void MarkGaps()
    {
        long losses = reader.Losses;
        if (losses == _losses) return;
        _losses = losses;
        engine.MarkGap();
    }

    private void WatchClock()
    {
        TimeSpan offset = ClockOffset();
        TimeSpan step = offset - _clockOffset;
        _clockOffset = offset;
        if (step.Duration() >= StepTold) tell($"the system clock was set by {step.TotalSeconds:+0.0;-0.0} s; times of calls that are open are off by that");
    }

    private static TimeSpan ClockOffset() => DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch - Stopwatch.GetElapsedTime(0);
}

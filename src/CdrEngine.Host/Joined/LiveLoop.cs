using CdrEngine.Capture.Interfaces;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Engine.Routing;

namespace CdrEngine.Host.Joined;

/// <summary>The reading thread of a live capture: packets to the engine, time where there are none, gaps where the kernel lost some.</summary>
/// <remarks>
/// 1. Packet: to the engine, under the name of its source.
/// 2. About ten times a second, told by the packets' stamps or by the wait: hand over part-filled batches; on a quiet wire move the engine's
///    clock by the time that has passed, so that timers go off.
/// 3. Every second: look after the sources. What was lost meanwhile is a gap of every open call.
/// 4. Told to stop: read what was captured up to then, and end.
/// </remarks>
internal sealed class LiveLoop
{
    private const int WaitMilliseconds = 100;
    private const int PacketsBetweenLooks = 8192;
    private const int HalfFullPercent = 50;
    private const int NearlyFullPercent = 85;
    private static readonly TimeSpan BetweenFlushes = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BetweenTendings = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StepTold = TimeSpan.FromSeconds(1);
    private const int MostLooks = 10;

    // Longer than the kernel keeps a part-filled block and than packets wait for those of other interfaces.
    private static readonly TimeSpan LastBlock = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, int> _origins = new(StringComparer.Ordinal);
    private string? _origin;
    private readonly LiveReader _reader;
    private readonly CaptureEngine _engine;
    private readonly Action<string> _tell;
    private readonly TimeProvider _time;
    private long _flushedAt;
    private long _tendedAt;
    private long _losses;
    private Timestamp _lookedForGaps = new(0);
    private bool _anyPacket;
    private Timestamp _anchor;   // engine time …
    private long _anchoredAt;    // … at this moment
    private TimeSpan _clockOffset;

    /// <summary>A loop that has not begun.</summary>
    /// <param name="reader">The sources.</param>
    /// <param name="engine">The engine.</param>
    /// <param name="tell">Told, in one line, what an operator has to know.</param>
    /// <param name="time">The machine's clock; null for the real one.</param>
    public LiveLoop(LiveReader reader, CaptureEngine engine, Action<string> tell, TimeProvider? time = null)
    {
        _reader = reader;
        _engine = engine;
        _tell = tell;
        _time = time ?? TimeProvider.System;
        _flushedAt = _tendedAt = _time.GetTimestamp();
        _clockOffset = ClockOffset();
    }

    /// <summary>Called about ten times a second by the reading thread.</summary>
    public Action? Alive { get; init; }

    /// <summary>Reads until stopped.</summary>
    public void Run(CancellationToken stop)
    {
        long stoppedAt = 0;
        Timestamp end = Timestamp.MaxValue;
        Timestamp looked = Timestamp.MinValue;
        int untilLook = PacketsBetweenLooks;

        // An engine that goes on with open calls has a time already, and their timers run.
        _anyPacket = _engine.Now != Timestamp.MinValue;
        while (true)
        {
            bool isPacket = _reader.Read(WaitMilliseconds, out CapturedPacket packet) == ReadOutcome.Packet;
            if (isPacket)
            {
                if (packet.CapturedAt > end && _reader.Sources[_reader.Current].IsOrdered) break;
                Select();
                _engine.Process(packet);
                _anyPacket = true;
                if (--untilLook > 0 && (packet.CapturedAt - looked).Duration() < BetweenFlushes) continue;
                looked = packet.CapturedAt;
                untilLook = PacketsBetweenLooks;
            }

            Look();
            if (stoppedAt == 0)
            {
                if (!stop.IsCancellationRequested) continue;
                stoppedAt = _time.GetTimestamp();
                end = Timestamp.From(_time.GetUtcNow());
            }

            TimeSpan since = _time.GetElapsedTime(stoppedAt);
            if ((!isPacket && since > LastBlock) || since > LongestEnd) break;
        }

        _reader.Tend();
        MarkGaps();
    }

    private void Select()
    {
        string origin = _reader.Sources[_reader.Current].Origin;
        if (ReferenceEquals(origin, _origin)) return;
        _origin = origin;
        if (!_origins.TryGetValue(origin, out int number)) _origins[origin] = number = _engine.AddSource(origin);
        _engine.SelectSource(number);
    }

    private void Look()
    {
        long now = _time.GetTimestamp();
        if (_time.GetElapsedTime(_flushedAt, now) >= BetweenFlushes)
        {
            _flushedAt = now;
            if (_anyPacket)
            {
                // Engine time goes on from here: the wall clock may be set while the wire is quiet, and packets are a little older than now.
                _anyPacket = false;
                _anchor = _engine.Now;
                _anchoredAt = now;
                _engine.Flush();
            }
            else
            {
                _engine.Tick(_anchoredAt == 0 ? Timestamp.MinValue : _anchor + _time.GetElapsedTime(_anchoredAt, now));
            }
        }

        if (_time.GetElapsedTime(_tendedAt, now) >= BetweenTendings)
        {
            _tendedAt = now;
            _reader.Tend();
            WatchClock();
        }

        Alive?.Invoke();

        // Half a ring of packets is waiting: what they cost has to become less before the kernel drops the next.
        int fill = _reader.FillPercent;
        _engine.Press(fill >= NearlyFullPercent ? Pressure.Media : fill >= HalfFullPercent ? Pressure.Payload : Pressure.None);
        MarkGaps();
    }

    private void MarkGaps()
    {
        Timestamp since = _lookedForGaps - BetweenTendings;
        _lookedForGaps = _engine.Now;
        long losses = _reader.Losses + _engine.LetGo;
        if (losses == _losses) return;
        _losses = losses;

        // The kernel tells of its drops a second later at most.
        _engine.MarkGap(since);
    }

    private void WatchClock()
    {
        TimeSpan offset = ClockOffset();
        TimeSpan step = offset - _clockOffset;
        _clockOffset = offset;
        if (step.Duration() >= StepTold) _tell($"the system clock was set by {step.TotalSeconds:+0.0;-0.0} s; times of calls that are open are off by that");
    }

    // A thread that is put aside between its looks at the two clocks would see a step that never was.
    private TimeSpan ClockOffset()
    {
        for (int look = 1; ; look++)
        {
            long before = _time.GetTimestamp();
            DateTimeOffset wall = _time.GetUtcNow();
            if (look == MostLooks || _time.GetElapsedTime(before) < StepTold / 4) return wall - DateTimeOffset.UnixEpoch - _time.GetElapsedTime(0, before);
        }
    }
}

using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using CdrEngine.Actors;
using CdrEngine.Calls;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.Engine.Desk;
using CdrEngine.Engine.Routing;
using CdrEngine.Engine.Shards;
using CdrEngine.PacketLog;

namespace CdrEngine.Engine;

/// <summary>The engine: packets in, records out. One thread feeds it; the shards work behind it.</summary>
/// <remarks>Packets are taken in order by <see cref="Process"/>; the records come out of <see cref="IRecordOutput"/> on the shards' threads, the
/// last of them before <see cref="CompleteAsync"/> ends. The same packets give the same records whatever the number of shards.</remarks>
public sealed partial class CaptureEngine : IAsyncDisposable
{
    /// <summary>Area of <see cref="Statistics"/> in which losses are counted by cause.</summary>
    public const string LossArea = "losses";

    private readonly EngineOptions _options;
    private readonly PacketLogFolder? _log;
    private readonly ActorSystem _system;
    private readonly Shard[] _shards;
    private readonly ShardThread<ShardBatch>[] _threads;
    private readonly Port[] _ports;
    private readonly Switchboard _switchboard;
    private readonly DeskOffice? _desk;
    private readonly List<string> _sources = [];
    private readonly object _sourcesLock = new();
    private Timestamp _lastOfSource = Timestamp.MinValue;
    private bool _sourceBegins;
    private bool _completed;

    /// <summary>Starts the shards.</summary>
    /// <param name="options">Bounds and numbers.</param>
    /// <param name="output">Where records go.</param>
    /// <param name="log">Where packets are kept; null keeps none.</param>
    /// <param name="desk">Where registrations, messages and peers go; null follows none.</param>
    /// <param name="start">What the desk goes on with; null begins with nothing.</param>
    public CaptureEngine(EngineOptions options, IRecordOutput output, PacketLogFolder? log = null, IDeskOutput? desk = null, DeskStart? start = null)
    {
        _options = options;
        _log = log;
        _resumed = new CountdownEvent(options.Shards);
        _system = new ActorSystem(new ActorSystemOptions { Name = "cdrengine" });
        var sources = new SourceNames(_sources, _sourcesLock);
        _ports = new Port[options.Shards];
        _shards = new Shard[options.Shards];
        _threads = new ShardThread<ShardBatch>[options.Shards];
        for (int i = 0; i < options.Shards; i++)
        {
            var pool = new ConcurrentQueue<ShardBatch>();
            _shards[i] = new Shard(options, output, log?.OpenShard((ushort)i), log is null ? null : log.OpenReader, sources, pool, JournalOf(i, output));
            _threads[i] = new ShardThread<ShardBatch>(_system, $"shard-{i}", _shards[i], new ShardThreadOptions
            {
                QueueCapacity = options.QueuedBatches + (options.LetsMediaGo ? options.SignallingBatches : 0),
                WakeAt = options.WakeAt,
                IdleAfter = TimeSpan.FromMilliseconds(200),
                Shard = new ShardOptions { Strategy = Shard.Strategy },
            });
            _ports[i] = new Port(_threads[i], pool, options);
            _threads[i].Start();
        }

        if (desk is not null) _desk = new DeskOffice(_system, options, desk, start ?? DeskStart.Empty, log, sources);
        _switchboard = new Switchboard(options, [.. _ports], keepFrames: log is not null, _desk?.Mail);
    }

    /// <summary>Failures of actors and the like, as they happen.</summary>
    public EventStream Events => _system.Events;

    /// <summary>Packets taken.</summary>
    public long Packets => _switchboard.Counters[SwitchboardCounter.Packets];

    /// <summary>Calls begun.</summary>
    public long Calls => _switchboard.Counters[SwitchboardCounter.CallsOpened];

    /// <summary>Calls open now, those that ended a moment ago included.</summary>
    public int OpenCalls => _switchboard.OpenCalls;

    /// <summary>Engine time: that of the packets.</summary>
    public Timestamp Now => _switchboard.Clock.Now;

    /// <summary>Names the source that the next packets come from. Where its first packet does not follow the last one within
    /// <see cref="EngineOptions.ContinuityGap"/>, it is another capture: everything open is ended first.</summary>
    public void BeginSource(string name)
    {
        SelectSource(AddSource(name));
        _lastOfSource = _switchboard.Clock.Now;
        _sourceBegins = true;
    }

    /// <summary>Adds a source without selecting it, and gives its number; for sources read side by side. Unlike <see cref="BeginSource"/> it
    /// never ends what is open.</summary>
    public int AddSource(string name)
    {
        lock (_sourcesLock)
        {
            _sources.Add(name);
            return _sources.Count - 1;
        }
    }

    /// <summary>Says that the next packets come from the source of this number.</summary>
    public void SelectSource(int source) => _switchboard.SelectSource(source);

    /// <summary>Takes the next packet, whose bytes are borrowed for the call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Process(in CapturedPacket packet)
    {
        if (_sourceBegins)
        {
            _sourceBegins = false;
            if (_lastOfSource != Timestamp.MinValue && (packet.CapturedAt - _lastOfSource).Duration() > _options.ContinuityGap) EndCapture();
        }

        _switchboard.Process(packet);
    }

    /// <summary>Hands over what waits in part-filled batches.</summary>
    public void Flush()
    {
        TryFinishResume();
        _switchboard.Flush();
    }

    /// <summary>Moves time on while no packet comes, so that timers go off on a quiet wire, and hands over what waits. Before the first packet,
    /// and for a time that is past, it only hands over.</summary>
    public void Tick(Timestamp now) => _switchboard.Tick(now);

    /// <summary>Says that packets were lost by the capture: every call that was open at any time since then is flagged <c>gap</c>, unless its record is out.</summary>
    /// <param name="since">Engine time from which on nobody can say that nothing was lost.</param>
    public void MarkGap(Timestamp since) => _switchboard.MarkGap(since);

    /// <summary>Packets that were let go because shards fell behind, for the packet log or altogether. Whenever this grows, open calls have a gap.</summary>
    public long LetGo => _switchboard.Counters[SwitchboardCounter.PayloadLetGo] + _switchboard.Counters[SwitchboardCounter.MediaLetGo];

    /// <summary>Tells the engine that whoever feeds it falls behind; it lets go accordingly until told otherwise.</summary>
    public void Press(Pressure pressure) => _switchboard.Pressure = pressure;

    /// <summary>Ends every open call: the capture is over.</summary>
    public void EndCapture() => _switchboard.EndCapture();

    /// <summary>Ends the capture, waits until every record is out, and stops the shards.</summary>
    public async Task CompleteAsync()
    {
        if (_completed) return;
        _completed = true;
        EndCapture();
        await StopAsync().ConfigureAwait(false);
    }

    /// <summary>Stops without ending what is open: it is written down, for <see cref="Resume"/> at the next start. What is over is told. Waits as
    /// <see cref="CompleteAsync"/> does, and is that where <see cref="EngineOptions.Resume"/> or the packet log is missing.</summary>
    public async Task SuspendAsync()
    {
        if (_completed) return;
        if (_options.Resume is null || _log is null)
        {
            await CompleteAsync().ConfigureAwait(false);
            return;
        }

        _completed = true;
        _switchboard.Suspend();
        await StopAsync().ConfigureAwait(false);
    }

    private async Task StopAsync()
    {
        Task[] stopping = Array.ConvertAll(_threads, static thread => thread.StopAsync());
        await Task.WhenAll(stopping).ConfigureAwait(false);
        TryFinishResume();
        if (_desk is not null) await _desk.StopAsync().ConfigureAwait(false);
        await _system.ShutdownAsync().ConfigureAwait(false);
    }

    /// <summary>Packets that went straight (<see cref="StraightTable"/>); for tests.</summary>
    internal long StraightPackets => _switchboard.StraightPackets;

    /// <summary>Whether the shards have worked off all that was handed to them; for tests.</summary>
    internal bool IsIdle
    {
        get
        {
            for (int i = 0; i < _ports.Length; i++)
            {
                if (_shards[i].Handled != _ports[i].Posted) return false;
            }

            return true;
        }
    }

    /// <summary>Every counter: area, name, value, description. Areas and names are stable; zeros are included.</summary>
    public IEnumerable<Statistic> Statistics()
    {
        _switchboard.SettleCounters();
        return
        [
            .. _switchboard.Counters.Statistics("packets"),
            .. _switchboard.DecodeCounters.Statistics("decode"),
            .. _switchboard.Rejections.Statistics("sip"),
            .. _switchboard.SessionCounters.Statistics("session"),
            .. _switchboard.TcpCounters.Statistics("tcp"),
            .. _switchboard.SctpCounters.Statistics("sctp"),
            .. Sum<ShardCounter>(static shard => shard.Counters).Statistics("shard"),
            .. Sum<CallCounter>(static shard => shard.CallCounters).Statistics("call"),
            .. Sum<StreamCounter>(static shard => shard.StreamCounters).Statistics("stream"),
            .. LogCounters().Statistics("log"),
            .. _desk?.Statistics() ?? [],
            .. Losses(),
        ];
    }

    /// <summary>Why the packet log cannot be written; null while it can.</summary>
    public string? LogFault => Array.Find(_shards, static shard => shard.LogFault is not null)?.LogFault ?? _desk?.LogFault;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await CompleteAsync().ConfigureAwait(false);
        _resumed.Dispose();
    }

    private IEnumerable<Statistic> Losses()
    {
        long disk = Sum<PacketLogCounter>(static shard => shard.LogCounters) is var log ? log[PacketLogCounter.DroppedFrames] + log[PacketLogCounter.UnpagedFrames] : 0;
        yield return new Statistic(LossArea, "queue", _switchboard.Counters[SwitchboardCounter.MediaLetGo], "packets lost because the engine fell behind");
        yield return new Statistic(LossArea, "queue_payload", _switchboard.Counters[SwitchboardCounter.PayloadLetGo], "packets measured but not kept because the engine fell behind");
        yield return new Statistic(LossArea, "disk", disk, "packets measured but not kept because the disk or memory for them fell behind");
    }

    private Counters<PacketLogCounter> LogCounters()
    {
        Counters<PacketLogCounter> sum = Sum<PacketLogCounter>(static shard => shard.LogCounters);
        if (_desk?.LogCounters is { } counters) sum.Add(counters);
        return sum;
    }

    private Counters<T> Sum<T>(Func<Shard, Counters<T>?> select)
        where T : unmanaged, Enum
    {
        var sum = new Counters<T>();
        foreach (Shard shard in _shards)
        {
            if (select(shard) is { } counters) sum.Add(counters);
        }

        return sum;
    }

    /// <summary>Source names, read by shards while the feeding thread adds to them.</summary>
    private sealed class SourceNames(List<string> names, object gate) : IReadOnlyList<string>
    {
        public int Count
        {
            get
            {
                lock (gate) return names.Count;
            }
        }

        public string this[int index]
        {
            get
            {
                lock (gate) return names[index];
            }
        }

        public IEnumerator<string> GetEnumerator()
        {
            lock (gate) return names.ToList().GetEnumerator();
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }

    /// <summary>The way of batches to a thread.</summary>
    internal sealed class Port(ShardThread<ShardBatch> thread, ConcurrentQueue<ShardBatch> pool, EngineOptions options) : IShardPort
    {
        public ShardBatch Take() => pool.TryDequeue(out ShardBatch? batch) ? batch : new ShardBatch(options.BatchItems, options.BatchBytes);

        /// <summary>Batches handed over; the feeding thread's.</summary>
        public long Posted { get; private set; }

        public int Waiting => thread.Queue.Count;

        public void Post(ShardBatch batch)
        {
            Posted++;
            if (!thread.Queue.Put(batch)) throw new InvalidOperationException($"a shard has failed: {thread.Queue.Fault?.Message}", thread.Queue.Fault);
        }

        public void Hurry() => thread.Queue.Hurry();
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using CdrEngine.Calls.Records;
using CdrEngine.Capture.Interfaces;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Host.Joined;
using CdrEngine.TestKit;

namespace CdrEngine.Golden.Tests.Live;

/// <summary>An engine at work on live sources in a namespace, with a tape of all it was given.</summary>
internal sealed class LiveRun : IRecordOutput, IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, CallRecord> _records = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private readonly Dictionary<string, long> _statistics = [];

    public LiveRun(NetworkNamespace network, InterfaceOptions options, params string[] interfaces)
        : this(network, run => interfaces.Select(name => run.Tap(Open(name, options with { OnNotice = notice => run.Notices.Enqueue($"{name}: {notice}") }))))
    {
    }

    public LiveRun(NetworkNamespace network, Func<LiveRun, IEnumerable<ILiveSource>> open)
    {
        _running = network.Start(() =>
        {
            try
            {
                using var reader = new LiveReader(open(this));
                Reader = reader;
                var engine = new CaptureEngine(new EngineOptions { Shards = 2 }, this);
                Engine = engine;
                _started.SetResult();
                new LiveLoop(reader, engine, Notices.Enqueue).Run(_stop.Token);
                engine.CompleteAsync().GetAwaiter().GetResult();
                foreach ((string area, string name, long value, _) in engine.Statistics()) _statistics[$"{area}.{name}"] = value;
                Losses = reader.Losses;
            }
            catch (Exception e)
            {
                _started.TrySetException(e);
                throw;
            }
        });
        _started.Task.GetAwaiter().GetResult();
    }

    public LiveReader Reader { get; private set; } = null!;

    public CaptureEngine Engine { get; private set; } = null!;

    public ConcurrentQueue<string> Notices { get; } = new();

    /// <summary>Everything the engine was given, in order.</summary>
    public PacketTape Tape { get; } = new PacketTape().Source("x");

    /// <summary>While reset the reading thread stands still.</summary>
    public ManualResetEventSlim Going { get; } = new(true);

    public long Losses { get; private set; }

    public IReadOnlyList<CallRecord> Records => [.. _records.Values.OrderBy(static record => record.StartedAt).ThenBy(static record => record.Id, StringComparer.Ordinal)];

    /// <summary>A counter by <c>area.name</c>, after the end.</summary>
    public long this[string counter] => _statistics[counter];

    public static InterfaceSource Open(string name, InterfaceOptions options) =>
        InterfaceSource.Open(name, options, out string? problem) ?? throw new InvalidOperationException($"{name}: {problem}");

    public ILiveSource Tap(ILiveSource source) => new TappedSource(source, this);

    /// <summary>Waits until something is so.</summary>
    public static async Task Until(Func<bool> condition, string what)
    {
        long began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(120)) throw new TimeoutException(what);
            await Task.Delay(10);
        }
    }

    public void Emit(in RecordEmission emission) => _records[emission.Record.Id] = emission.Record;

    /// <summary>Stops it in good order; records and counters are complete afterwards.</summary>
    public async Task StopAsync()
    {
        Going.Set();
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        Going.Dispose();
    }

    /// <summary>The records as JSON lines under one name of source.</summary>
    public static string Json(IEnumerable<CallRecord> records)
    {
        var text = new StringBuilder();
        foreach (CallRecord record in records) text.Append(Encoding.UTF8.GetString(CallRecordJson.ToUtf8(record with { CaptureSource = "x" }))).Append('\n');
        return text.ToString();
    }

    /// <summary>A source as it is, that keeps what it gave.</summary>
    private sealed class TappedSource(ILiveSource source, LiveRun run) : ILiveSource
    {
        public string Name => source.Name;

        public string? Fault => source.Fault;

        public long Position => source.Position;

        public long Length => source.Length;

        public bool IsOrdered => source.IsOrdered;

        public long Losses => source.Losses;

        public string Origin => source.Origin;

        public Timestamp Horizon => source.Horizon;

        public int FillPercent => source.FillPercent;

        public void AddDescriptors(IList<int> descriptors) => source.AddDescriptors(descriptors);

        public bool Peek(out Timestamp order) => source.Peek(out order);

        public void Take(out CapturedPacket packet)
        {
            run.Going.Wait();
            source.Take(out packet);
            if (run.Tape.Count < 100_000) run.Tape.Add(packet);
        }

        public ReadOutcome Read(out CapturedPacket packet) => source.Read(out packet);

        public void Tend() => source.Tend();

        public IEnumerable<CounterValue> Describe() => source.Describe();

        public void Dispose() => source.Dispose();
    }
}

/// <summary>Plays captures into an interface.</summary>
internal static class Replay
{
    /// <summary>Sends a tape with the pauses it has, so many times faster.</summary>
    public static Task Send(NetworkNamespace network, string to, PacketTape tape, double faster) => network.Start(() =>
    {
        using var sender = new FrameSender(to);
        long began = Stopwatch.GetTimestamp();
        Timestamp? first = null;
        foreach (CapturedPacket packet in tape.Frames)
        {
            first ??= packet.CapturedAt;
            TimeSpan due = (packet.CapturedAt - first.Value) / faster;
            while (due - Stopwatch.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
            {
                if (left > TimeSpan.FromMilliseconds(2)) Task.Delay(left - TimeSpan.FromMilliseconds(1)).GetAwaiter().GetResult();
            }

            sender.Send(packet.Bytes);
        }
    });

    /// <summary>Sends one frame so many times, as fast as it goes.</summary>
    public static Task Flood(NetworkNamespace network, string to, int times, Func<int, byte[]> frame) => network.Start(() =>
    {
        using var sender = new FrameSender(to);
        for (int i = 0; i < times; i++) sender.Send(frame(i));
    });
}

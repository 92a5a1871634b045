using System.Collections.Concurrent;
using CdrEngine.Calls.Records;
using CdrEngine.Capture.Interfaces;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Host.Joined;
using CdrEngine.Load;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Golden.Tests.Live;

/// <summary>Silence on the wire and clocks that are set, with a clock of the test's own.</summary>
public sealed class ClockTests
{
    [Fact]
    public async Task TenMinutesOfSilence_EndTheOpenCallByItsTimer_AndTheNextCallIsExact()
    {
        PacketTape open = PacketTape.OfFiles(Checkout.Path("demo", "13-missing-bye.pcap"));
        PacketTape busy = PacketTape.OfFiles(Checkout.Path("demo", "01-busy.pcap"));
        await using var run = new Run();
        run.Feed(open, TimeSpan.Zero);
        await LiveRun.Until(() => run.Engine.Packets == open.Count, "the open call");
        TimeSpan silence = TimeSpan.Zero;
        await LiveRun.Until(
            () =>
            {
                silence += TimeSpan.FromSeconds(2);
                run.Clock.Advance(TimeSpan.FromSeconds(2));
                return run.Records.Count == 1 && silence >= TimeSpan.FromMinutes(10);
            },
            "the record of the call without BYE");
        CallRecord ended = run.Records.Values.Single();
        using EngineRun imported = EngineRun.Of(open);
        Assert.Equal(imported.Records[0].EndedAt, ended.EndedAt);
        Assert.True(ended.Flags.HasFlag(CallFlags.MissingBye));

        Timestamp next = Last(open) + silence;
        run.Feed(busy, next - First(busy));
        await LiveRun.Until(() => run.Engine.Packets == open.Count + busy.Count, "the next call");
        await run.StopAsync();
        CallRecord second = run.Records.Values.Single(record => record.Id != ended.Id);
        using EngineRun alone = EngineRun.Of(busy);
        Assert.Equal((alone.Records[0].Disposition, alone.Records[0].Duration), (second.Disposition, second.Duration));
        Assert.Empty(run.Notices);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task ClockSetByAnHour_IsTold_AndCallsBeforeAndAfterAreExact(int hours)
    {
        TimeSpan step = TimeSpan.FromHours(hours);
        PacketTape tape = PacketTape.OfLoad(new LoadOptions { Seed = 9, Calls = 60, CallsPerSecond = 3, TalkSeconds = 2 }, out List<ExpectedCall> expected);
        using EngineRun calm = EngineRun.Of(tape);
        Timestamp middle = new((First(tape).Microseconds + Last(tape).Microseconds) / 2);
        await using var run = new Run();
        run.Feed(tape, TimeSpan.Zero, until: middle);
        long before = 0;
        foreach (CapturedPacket packet in tape.Frames) before += packet.CapturedAt < middle ? 1 : 0;
        await LiveRun.Until(() => run.Engine.Packets == before, "the first half");
        run.Clock.Set(step);
        run.Clock.Advance(TimeSpan.FromSeconds(2));
        await LiveRun.Until(() => !run.Notices.IsEmpty, "the notice");
        run.Feed(tape, step, from: middle);
        await LiveRun.Until(() => run.Engine.Packets == tape.Count, "the second half");
        await run.StopAsync();
        Assert.Equal($"the system clock was set by {(hours > 0 ? "+" : "-")}3600.0 s; times of calls that are open are off by that", Assert.Single(run.Notices));

        int exact = 0;
        foreach (CallRecord known in calm.Records)
        {
            CallRecord[] found = [.. run.Records.Values.Where(record => record.SipCallId == known.SipCallId)];
            Assert.NotEmpty(found);

            // Calls that were open when the clock was set, or not long over, are off; of all others nothing is.
            bool isBefore = known.EndedAt + TimeSpan.FromSeconds(5) < middle;
            if (!isBefore && known.StartedAt < middle) continue;
            exact++;
            TimeSpan offset = isBefore ? TimeSpan.Zero : step;
            Assert.Equal(
                (known.StartedAt + offset, known.Disposition, known.Duration, known.BillableDuration, Packets(known)),
                (found[0].StartedAt, found[0].Disposition, found[0].Duration, found[0].BillableDuration, Packets(found[0])));
        }

        Assert.InRange(exact, expected.Count / 3, expected.Count);
    }

    private static long Packets(CallRecord record) => record.Streams.Sum(static stream => (long)stream.Packets);

    private static Timestamp First(PacketTape tape)
    {
        foreach (CapturedPacket packet in tape.Frames) return packet.CapturedAt;
        throw new InvalidOperationException("an empty tape");
    }

    private static Timestamp Last(PacketTape tape)
    {
        Timestamp last = Timestamp.MinValue;
        foreach (CapturedPacket packet in tape.Frames) last = packet.CapturedAt;
        return last;
    }

    /// <summary>The reading loop on its own thread over a source that gives what it is fed.</summary>
    private sealed class Run : IRecordOutput, IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly FedSource _source = new();
        private readonly Task _running;

        public Run()
        {
            Engine = new CaptureEngine(new EngineOptions { Shards = 2 }, this);
            _running = Task.Factory.StartNew(
                () =>
                {
                    using var reader = new LiveReader([_source]);
                    new LiveLoop(reader, Engine, Notices.Enqueue, Clock).Run(_stop.Token);
                    Engine.CompleteAsync().GetAwaiter().GetResult();
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }

        public MovedClock Clock { get; } = new();

        public CaptureEngine Engine { get; }

        public ConcurrentQueue<string> Notices { get; } = new();

        public ConcurrentDictionary<string, CallRecord> Records { get; } = new();

        public void Feed(PacketTape tape, TimeSpan offset, Timestamp? from = null, Timestamp? until = null)
        {
            foreach (CapturedPacket packet in tape.Frames)
            {
                if (packet.CapturedAt < (from ?? Timestamp.MinValue) || packet.CapturedAt >= (until ?? Timestamp.MaxValue)) continue;
                _source.Packets.Enqueue((packet.CapturedAt + offset, packet.Bytes.ToArray()));
            }
        }

        public void Emit(in RecordEmission emission) => Records[emission.Record.Id] = emission.Record;

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            Clock.Run();
            await _running;
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _stop.Dispose();
        }
    }

    private sealed class FedSource : ILiveSource
    {
        public ConcurrentQueue<(Timestamp At, byte[] Bytes)> Packets { get; } = new();

        public string Name => "fed";

        public string Origin => Name;

        public string? Fault => null;

        public long Position => 0;

        public long Length => -1;

        public bool IsOrdered => true;

        public long Losses => 0;

        public void AddDescriptors(IList<int> descriptors)
        {
            // Nothing to wait on: the reader looks again after its time.
        }

        public bool Peek(out Timestamp order)
        {
            bool any = Packets.TryPeek(out (Timestamp At, byte[] Bytes) next);
            order = next.At;
            return any;
        }

        public void Take(out CapturedPacket packet)
        {
            Assert.True(Packets.TryDequeue(out (Timestamp At, byte[] Bytes) next));
            packet = new CapturedPacket { CapturedAt = next.At, LinkType = LinkType.Ethernet, OriginalLength = next.Bytes.Length, Bytes = next.Bytes };
        }

        public ReadOutcome Read(out CapturedPacket packet)
        {
            packet = default;
            if (!Peek(out _)) return ReadOutcome.Idle;
            Take(out packet);
            return ReadOutcome.Packet;
        }

        public void Tend()
        {
            // Nothing goes away.
        }

        public IEnumerable<CounterValue> Describe() => [];

        public void Dispose()
        {
            // Nothing is held.
        }
    }

    /// <summary>A clock that moves only when told, until it is let run.</summary>
    private sealed class MovedClock : TimeProvider
    {
        private readonly DateTimeOffset _start = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
        private long _passed = TimeSpan.TicksPerHour;
        private long _set;
        private volatile bool _runs;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan time) => Interlocked.Add(ref _passed, time.Ticks);

        public void Set(TimeSpan step) => Interlocked.Add(ref _set, step.Ticks);

        public void Run() => _runs = true;

        // Running it moves a tenth of a second with each look.
        public override long GetTimestamp() => _runs ? Interlocked.Add(ref _passed, TimeSpan.TicksPerMillisecond * 100) : Interlocked.Read(ref _passed);

        public override DateTimeOffset GetUtcNow() => _start + new TimeSpan(Interlocked.Read(ref _passed) + Interlocked.Read(ref _set));
    }
}

using System.Collections.Concurrent;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Routing;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Sip;
using Xunit;

namespace CdrEngine.Engine.Tests.Routing;

/// <summary>A shard that falls behind costs media, first for the log, then altogether, and never signalling.</summary>
public sealed class PressureTests
{
    [Fact]
    public async Task FullQueue_LetsMediaGoInOrder_AndKeepsAllSignalling()
    {
        PacketTape tape = new Scene()
            .Call("a", 0, answer: 1, bye: 21)
            .Rtp(1.1, 20.9, "192.0.2.1:4000", "192.0.2.2:5000", 1)
            .Rtp(1.1, 20.9, "192.0.2.2:5000", "192.0.2.1:4000", 2)
            .Tape();
        using var gate = new ManualResetEventSlim();
        using var run = new Run(new EngineOptions
        {
            Shards = 1,
            BatchItems = 16,
            QueuedBatches = 16,
            LetsMediaGo = true,
            BeforeFold = message => HoldAtAnswer(message, gate),
        });
        await Task.Run(() =>
        {
            run.Engine.Press(Pressure.Media);
            tape.PlayTo(run.Engine);
            run.Engine.Flush();
            Assert.True(run.Engine.LetGo > 0);
            run.Engine.MarkGap(Scene.Start);
        }).WaitAsync(TimeSpan.FromMinutes(1));
        gate.Set();
        Dictionary<string, long> counted = await run.CompleteAsync();
        Assert.InRange(counted["packets.payload_let_go"], 50, 700);
        Assert.InRange(counted["packets.media_let_go"], 500, 1900);
        Assert.Equal(counted["packets.media_let_go"], counted["losses.queue"]);
        Assert.Equal(counted["packets.payload_let_go"], counted["losses.queue_payload"]);
        CallRecord record = Assert.Single(run.Records);

        // Every message was folded and is in the log; of media the log has what was neither let go nor lost.
        Assert.Equal((Disposition.Answered, HangupBy.Caller, 6), (record.Disposition, record.HangupBy, (int)record.Messages));
        Assert.Equal(CallFlags.Gap, record.Flags & (CallFlags.Gap | CallFlags.MissingBye));
        long measured = record.Streams.Sum(static stream => (long)stream.Packets);
        Assert.Equal(1980, measured + counted["packets.media_let_go"]);
        Assert.Equal(6 + measured - counted["packets.payload_let_go"], counted["log.frames"]);

        // What was measured without its sound was measured right.
        Assert.All(record.Streams, static stream => Assert.Equal(160 * stream.Packets, stream.Octets));
    }

    [Fact]
    public async Task PressureFromOutside_KeepsFiguresExactAndSoundOutOfTheLog()
    {
        PacketTape tape = new Scene()
            .Call("a", 0, answer: 1, bye: 11)
            .Rtp(1.1, 10.9, "192.0.2.1:4000", "192.0.2.2:5000", 1)
            .Tape();
        using var run = new Run(new EngineOptions { Shards = 1, LetsMediaGo = true });
        run.Engine.Press(Pressure.Payload);
        tape.PlayTo(run.Engine);
        Dictionary<string, long> counted = await run.CompleteAsync();
        using EngineRun calm = EngineRun.Of(tape);
        Assert.Equal(CallRecordJson.ToUtf8(Assert.Single(calm.Records)), CallRecordJson.ToUtf8(Assert.Single(run.Records)));
        Assert.Equal((490L, 6L), (counted["packets.payload_let_go"], counted["log.frames"]));
    }

    [Fact]
    public async Task FullQueue_OfAnImport_Waits()
    {
        PacketTape tape = new Scene().Call("a", 0, answer: 1, bye: 21).Rtp(1.1, 20.9, "192.0.2.1:4000", "192.0.2.2:5000", 1).Tape();
        using var gate = new ManualResetEventSlim();
        using var run = new Run(new EngineOptions { Shards = 1, BatchItems = 16, QueuedBatches = 4, BeforeFold = message => HoldAtAnswer(message, gate) });
        Task playing = Task.Run(() => tape.PlayTo(run.Engine));
        await Assert.ThrowsAsync<TimeoutException>(() => playing.WaitAsync(TimeSpan.FromMilliseconds(500)));
        gate.Set();
        await playing.WaitAsync(TimeSpan.FromMinutes(1));
        Dictionary<string, long> counted = await run.CompleteAsync();
        Assert.Equal((0L, 0L), (counted["packets.payload_let_go"], counted["packets.media_let_go"]));
        Assert.Equal(990, Assert.Single(Assert.Single(run.Records).Streams).Packets);
    }

    private static void HoldAtAnswer(SipMessage message, ManualResetEventSlim gate)
    {
        if (message.StatusCode == 200 && message.CSeqMethod == SipMethod.Invite) gate.Wait(TimeSpan.FromMinutes(1));
    }

    private sealed class Run : IRecordOutput, IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("cdrengine-pressure-").FullName;
        private readonly PacketLogFolder _log;
        private readonly ConcurrentDictionary<string, CallRecord> _records = new();

        public Run(EngineOptions options)
        {
            _log = PacketLogFolder.Open(_folder);
            Engine = new CaptureEngine(options, this, _log);
        }

        public CaptureEngine Engine { get; }

        public ICollection<CallRecord> Records => _records.Values;

        public async Task<Dictionary<string, long>> CompleteAsync()
        {
            await Engine.CompleteAsync();
            return Engine.Statistics().ToDictionary(static counter => $"{counter.Area}.{counter.Name}", static counter => counter.Value);
        }

        public void Emit(in RecordEmission emission) => _records[emission.Record.Id] = emission.Record;

        public void Dispose()
        {
            _log.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }
}

using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Recording;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.Media.Playout;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Recording;

/// <summary>What holds for every recording, of whatever call.</summary>
public sealed class EveryRecordingTests
{
    [Theory]
    [InlineData(0.05, 0.03, 0.02)]
    [InlineData(0.0, 0.0, 0.0)]
    public void GeneratedLoad_RecordsEveryAnsweredCall_ToItsLength(double loss, double reordered, double duplicated)
    {
        var load = new LoadOptions
        {
            Calls = 40,
            CallsPerSecond = 20,
            TalkSeconds = 6,
            LossShare = loss,
            ReorderShare = reordered,
            DuplicateShare = duplicated,
            Seed = 11,
        };
        using EngineRun run = EngineRun.Of(PacketTape.OfLoad(load, out _), new RunOptions { KeepPackets = true });
        int made = 0;
        long lost = 0;
        foreach (CallRecord record in run.Records)
        {
            (RecordingResult result, PcmKeeper sound) = RecordedCall.Record(record, new PacketsInMemory(run.Packets(record)));
            if (record.AnsweredAt is null)
            {
                Assert.Equal((RecordingState.None, "not_answered"), (result.State, result.Reason));
                continue;
            }

            made++;
            Assert.Equal((RecordingState.Available, null, null), (result.State, result.Reason, result.PartReason));
            Assert.Equal(record.BillableDuration.TotalMilliseconds, result.Format.Duration.TotalMilliseconds, 0.5);
            Assert.Equal(result.Format.Frames, sound.Frames);
            Assert.Equal(0, result.Counters![PlayoutCounter.TooLate] + result.Counters[PlayoutCounter.Stray] + result.Counters[PlayoutCounter.Malformed]);
            lost += result.Counters[PlayoutCounter.Lost];
            Assert.Equal(record.Streams.Sum(static stream => stream.Lost), result.Counters[PlayoutCounter.Lost]);
        }

        Assert.InRange(made, 20, 40);
        Assert.Equal(loss > 0, lost > 100);
    }

    [SharedFact]
    public void EveryCapture_GivesARecordingOfTheCallsLength_OrAReason()
    {
        string[] files =
        [
            .. Directory.EnumerateFiles(SharedFolder.Path("lab", "captures"), "*.pcap").Order(StringComparer.Ordinal),
            .. Directory.EnumerateFiles(SharedFolder.Path("captures"), "*cap*").Order(StringComparer.Ordinal),
        ];
        int made = 0;
        foreach (string file in files)
        {
            using EngineRun run = EngineRun.OfFile(file, new RunOptions { KeepPackets = true });
            foreach (CallRecord record in run.Records)
            {
                (RecordingResult result, PcmKeeper sound) = RecordedCall.Record(record, new PacketsInMemory(run.Packets(record)), new RecordingRequest { Channels = RecordingChannels.Mono });
                string call = $"{Path.GetFileName(file)} {record.SipCallId}: {result.State} {result.Reason}";
                if (result.State != RecordingState.Available)
                {
                    Assert.True(result.Reason is { Length: > 0 }, call);
                    Assert.True(sound.Frames == 0, call);
                    continue;
                }

                made++;
                Assert.True(Math.Abs((record.BillableDuration - result.Format.Duration).TotalMilliseconds) < 1, call);
                Assert.True(sound.Frames == result.Format.Frames && sound.IsComplete, call);
            }
        }

        Assert.InRange(made, 60, 200);
    }

    [SharedFact]
    public void SameCall_GivesTheSameBytes()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("15-opus");
        byte[][] made = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            var output = new MemoryStream();
            new CallRecorder().Make(record, packets, new RecordingRequest { Format = RecordingFormat.Wav }, output);
            return output.ToArray();
        })];
        Assert.Equal(made[0], made[1]);
    }
}

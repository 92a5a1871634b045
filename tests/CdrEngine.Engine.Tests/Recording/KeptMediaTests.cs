using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Recording;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.Media.Playout;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Recording;

/// <summary>A recording is the same whether the media was kept between its two readings or read again.</summary>
public sealed class KeptMediaTests
{
    [Fact]
    public void GeneratedLoad_SoundsTheSame()
    {
        var load = new LoadOptions { Calls = 30, CallsPerSecond = 20, TalkSeconds = 4, LossShare = 0.05, ReorderShare = 0.03, DuplicateShare = 0.02, Seed = 17 };
        using EngineRun run = EngineRun.Of(PacketTape.OfLoad(load, out _), new RunOptions { KeepPackets = true });
        int made = 0;
        foreach (CallRecord record in run.Records) made += Agree(record, new Counting(new PacketsInMemory(run.Packets(record))), readings: 1) ? 1 : 0;
        Assert.InRange(made, 15, 30);
    }

    [SharedFact]
    public void EveryLabCapture_SoundsTheSame()
    {
        int made = 0;
        foreach (string file in Directory.EnumerateFiles(SharedFolder.Path("lab", "captures"), "*.pcap").Order(StringComparer.Ordinal))
        {
            using EngineRun run = EngineRun.OfFile(file, new RunOptions { KeepPackets = true });
            foreach (CallRecord record in run.Records) made += Agree(record, new Counting(new PacketsInMemory(run.Packets(record))), readings: 0) ? 1 : 0;
        }

        Assert.True(made > 20, $"{made} recordings");
    }

    [SharedFact]
    public void EncryptedCall_IsReadAgain()
    {
        (CallRecord record, PacketsInMemory packets) = RecordedCall.Lab("21-srtp-sdes");
        Assert.True(Agree(record, new Counting(packets), readings: 2));
    }

    /// <summary>Whether there is a recording. <paramref name="readings"/> of all packets by default; 0 for any number.</summary>
    private static bool Agree(CallRecord record, Counting packets, int readings)
    {
        (RecordingResult kept, PcmKeeper sound) = RecordedCall.Record(record, packets);
        if (readings > 0 && kept.State == RecordingState.Available) Assert.Equal(readings, packets.Readings);
        foreach (int bytes in (int[])[0, 5_000])
        {
            packets.Readings = 0;
            (RecordingResult read, PcmKeeper again) = RecordedCall.Record(record, packets, options: new CallRecorderOptions { MediaBytes = bytes });
            if (bytes == 0 && kept.State == RecordingState.Available) Assert.Equal(2, packets.Readings);
            Assert.Equal((kept.State, kept.Reason, kept.PartReason, kept.Format), (read.State, read.Reason, read.PartReason, read.Format));
            Assert.Equal(sound.Frames, again.Frames);
            for (int channel = 0; channel < sound.Format.Channels; channel++) Assert.Equal(sound.Channel(channel), again.Channel(channel));
            if (kept.Counters is null) continue;
            foreach (PlayoutCounter counter in Enum.GetValues<PlayoutCounter>()) Assert.Equal(kept.Counters[counter], read.Counters![counter]);
        }

        return kept.State == RecordingState.Available;
    }

    private sealed class Counting(ICallPackets packets) : ICallPackets
    {
        /// <summary>Times that all packets were asked for.</summary>
        public int Readings { get; set; }

        public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor)
        {
            if (kinds == PacketKinds.All) Readings++;
            return packets.Visit(id, kinds, visitor);
        }
    }
}

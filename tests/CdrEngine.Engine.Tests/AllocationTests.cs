using System.Buffers.Binary;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests;

/// <summary>Tests that measure the whole process run with no other beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}

/// <summary>The packet plane allocates nothing per RTP packet.</summary>
[Collection(AloneCollection.Name)]
public sealed class AllocationTests
{
    private const int Streams = 40;

    [Theory]
    [InlineData(1, false, 1.0)]
    [InlineData(2, false, 1.0)]
    [InlineData(1, true, 4.0)]
    public async Task RtpOfEstablishedStreams_AllocatesNothingPerPacket(int shards, bool keepPackets, double bytesPerPacket)
    {
        string? folder = keepPackets ? Directory.CreateTempSubdirectory("cdrengine-alloc-").FullName : null;
        try
        {
            using PacketLogFolder? log = folder is null ? null : PacketLogFolder.Open(folder);
            var output = new Ignored();

            // How many batches are under way is chance; small ones keep what they take below what is looked for.
            var engine = new CaptureEngine(new EngineOptions { Shards = shards, BatchItems = 64, BatchBytes = 16 * 1024, QueuedBatches = 4 }, output, log);
            engine.BeginSource("made");
            var scene = new Scene();
            for (int i = 0; i < Streams / 2; i++)
                scene.Call($"c{i}@test", 0.01 * i, answer: 1, caller: $"192.0.2.{1 + i}", callee: $"198.51.100.{1 + i}");
            scene.Tape().PlayTo(engine);
            byte[][] frames =
            [
                .. Enumerable.Range(0, Streams).Select(static i =>
                {
                    string caller = $"192.0.2.{1 + (i / 2)}:4000", callee = $"198.51.100.{1 + (i / 2)}:5000";
                    byte[] rtp = new byte[172];
                    rtp[0] = 0x80;
                    BinaryPrimitives.WriteInt32BigEndian(rtp.AsSpan(8), i + 1);
                    return (i % 2 == 0 ? PacketBuilder.UdpFrame(caller, callee, rtp) : PacketBuilder.UdpFrame(callee, caller, rtp)).Build();
                }),
            ];
            int round = 0;
            Feed(engine, frames, ref round, 60_000);
            long before = GC.GetTotalAllocatedBytes(precise: true);
            const int packets = 400_000;
            Feed(engine, frames, ref round, packets);
            long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
            await engine.CompleteAsync();
            Assert.Equal(Streams / 2, output.Count);
            Assert.Equal((long)round * Streams, output.Packets);
            Assert.True(allocated < packets * bytesPerPacket, $"{allocated} bytes for {packets} packets");
        }
        finally
        {
            if (folder is not null) Directory.Delete(folder, recursive: true);
        }
    }

    private static void Feed(CaptureEngine engine, byte[][] frames, ref int round, int packets)
    {
        for (int until = round + (packets / Streams); round < until; round++)
        {
            for (int i = 0; i < frames.Length; i++)
            {
                byte[] frame = frames[i];
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(18), (ushort)round);
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(44), (ushort)round);
                BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(46), (uint)(round * 160));
                engine.Process(PacketBuilder.Captured(frame, new Timestamp(Scene.Time(2).Microseconds + (20_000L * round) + i)));
            }
        }
    }

    private sealed class Ignored : IRecordOutput
    {
        public int Count { get; private set; }

        public long Packets { get; private set; }

        public void Emit(in RecordEmission emission)
        {
            lock (this)
            {
                Count++;
                Packets += emission.Record.Streams.Sum(static stream => stream.Packets);
            }
        }
    }
}

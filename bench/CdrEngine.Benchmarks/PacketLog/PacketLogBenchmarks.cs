using System.Diagnostics;
using System.Globalization;
using CdrEngine.Core;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.Benchmarks.PacketLog;

/// <summary>What it costs to lay a packet on the shelf, writes to the file included, and to take a call's packets off it. Beside it, in the same run, a peer
/// that everyone has: the same frames, as they come, through one buffered FileStream, from which no call could be cut.</summary>
public static class PacketLogBenchmarks
{
    private const int Packets = 1_000_000;
    private const int FrameBytes = 214; // 160 octets of G.711 in RTP, UDP, IPv4, Ethernet
    private const int PacketsPerSecond = 100; // of one call, both ways
    private const int Runs = 3;

    /// <summary>Runs all and writes a table; some ten seconds and half a gigabyte of temporary files.</summary>
    public static void Run(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteLine($"packet log: {Packets:N0} packets of {FrameBytes} bytes, median of {Runs} runs, in {Path.GetTempPath()}, .NET {Environment.Version}");
        KeyRing keys = KeyRing.TryParse(KeyRing.NewKey(), out _)!;
        foreach (int calls in (int[])[100, 2_000, 20_000])
        {
            Row(writer, $"append, {calls:N0} calls at once", folder => Append(folder, calls, null));
            Row(writer, $"append sealed, {calls:N0} calls at once", folder => Append(folder, calls, keys));
        }

        Row(writer, "peer: buffered FileStream, no calls", Peer);
        Row(writer, "gather, 2,000 calls", static folder => Gather(folder, null));
        Row(writer, "gather sealed, 2,000 calls", folder => Gather(folder, keys));
    }

    private static Sample Append(string folder, int calls, KeyRing? keys)
    {
        using PacketLogFolder log = PacketLogFolder.Open(folder, keys: keys);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks[] chunks = Open(shard, calls);
        return Measure(() =>
        {
            Fill(shard, chunks);
            shard.SealAll();
        }, () => $"{shard.OpenChunkBytes / calls:N0} B/call of page memory");
    }

    private static Sample Gather(string folder, KeyRing? keys)
    {
        using PacketLogFolder log = PacketLogFolder.Open(folder, keys: keys);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks[] chunks = Open(shard, 2_000);
        Fill(shard, chunks);
        shard.SealAll();
        using PacketLogReader reader = log.OpenReader();
        long frames = 0;
        return Measure(() =>
        {
            foreach (CallChunks call in chunks)
            {
                using PacketGather gather = reader.Gather(call.Sealed, PacketKindSet.All, call.Key);
                while (gather.MoveNext()) frames += gather.Current.Bytes.Length > 0 ? 1 : 0;
            }
        }, () => $"{chunks.Average(static call => call.Sealed.Encoded.Length / (double)call.Sealed.Count):F1} B of list a chunk, {frames:N0} frames");
    }

    private static Sample Peer(string folder)
    {
        Directory.CreateDirectory(folder);
        using var file = new FileStream(Path.Combine(folder, "peer"), FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        byte[] frame = new byte[FrameBuffer.FrameHeaderBytes + FrameBytes];
        byte[] payload = new byte[FrameBytes];
        return Measure(() =>
        {
            for (int i = 0; i < Packets; i++)
            {
                FrameBuffer.WriteFrame(frame, Packet(i, 100, payload));
                file.Write(frame);
            }

            file.Flush();
        }, static () => "");
    }

    private static CallChunks[] Open(PacketLogShard shard, int calls)
    {
        var chunks = new CallChunks[calls];
        for (int i = 0; i < calls; i++) chunks[i] = shard.Open(new CallKey(1, (ulong)i));
        return chunks;
    }

    private static void Fill(PacketLogShard shard, CallChunks[] calls)
    {
        byte[] payload = new byte[FrameBytes];
        for (int i = 0; i < Packets; i++)
        {
            CapturedPacket packet = Packet(i, calls.Length, payload);
            if (i % 256 == 0) shard.Advance(packet.CapturedAt);
            calls[i % calls.Length].Append(PacketKind.Rtp, packet);
        }
    }

    private static CapturedPacket Packet(int index, int calls, byte[] payload) => new()
    {
        Sequence = index + 1,
        CapturedAt = new Timestamp(1_795_000_000_000_000 + (index * 1_000_000L / (PacketsPerSecond * calls))),
        LinkType = LinkType.Ethernet,
        OriginalLength = payload.Length,
        Bytes = payload,
    };

    private static Sample Measure(Action action, Func<string> remark)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        action();
        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return new Sample(wall.TotalNanoseconds / Packets, cpu.TotalNanoseconds / Packets, allocated / (double)Packets, remark());
    }

    private static void Row(TextWriter writer, string name, Func<string, Sample> run)
    {
        var samples = new List<Sample>();
        for (int i = 0; i < Runs; i++)
        {
            string folder = Directory.CreateTempSubdirectory("cdrengine-bench-").FullName;
            samples.Add(run(folder));
            Directory.Delete(folder, recursive: true);
        }

        Sample median = samples.OrderBy(static sample => sample.CpuNanoseconds).ElementAt(Runs / 2);
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {name,-38} {median.WallNanoseconds,8:F1} ns wall  {median.CpuNanoseconds,8:F1} ns cpu  {median.Allocated,6:F2} B allocated a packet  {median.Remark}"));
    }

    private sealed record Sample(double WallNanoseconds, double CpuNanoseconds, double Allocated, string Remark);
}

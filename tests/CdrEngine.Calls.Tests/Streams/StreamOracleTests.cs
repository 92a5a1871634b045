using CdrEngine.Calls.Records;
using Xunit;

namespace CdrEngine.Calls.Tests.Streams;

/// <summary>The meter against a slow and obvious reading of the whole packet list, over seeded traffic.</summary>
public sealed class StreamOracleTests
{
    [Fact]
    public void RandomTraffic_MeteredAndReadSlowly_Agree()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            List<(SentPacket Packet, bool IsMirror)> traffic = Traffic(seed, keepFirst: false);
            var flow = new FlowUnderTest();
            foreach ((SentPacket packet, _) in traffic) flow.Add(packet);
            Check(seed, Oracle([.. traffic.Where(item => !item.IsMirror).Select(item => item.Packet)]), flow.Record(), traffic.Count(item => item.IsMirror));
        }
    }

    [Fact]
    public void WrapAround_ChangesNoFigure()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            List<SentPacket> traffic = [.. Traffic(seed, keepFirst: false).Select(item => item.Packet)];
            StreamRecord? first = null;
            foreach ((int sequence, uint timestamp) in new[] { (0, 0u), (40_000, 7u), (65_000, uint.MaxValue - 5_000), (65_535, uint.MaxValue) })
            {
                var flow = new FlowUnderTest();
                foreach (SentPacket packet in traffic)
                {
                    flow.Add(packet with { Sequence = (ushort)(packet.Sequence + sequence), Timestamp = packet.Timestamp + timestamp });
                }

                StreamRecord record = flow.Record();
                first ??= record;
                Assert.Equivalent(first, record, strict: true);
            }
        }
    }

    [Fact]
    public void OrderWithinTheWindow_KeepsLossAndItsRuns()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            List<SentPacket> inOrder = [.. Enumerable.Range(0, 400).Where(i => i == 0 || random.Next(8) != 0)
                .Select(i => new SentPacket(i * 20_000L, (ushort)(65_400 + i), (uint)(i * 160)))];
            List<SentPacket> shuffled = [inOrder[0], .. inOrder.Skip(1).OrderBy(packet => packet.Timestamp + random.Next(0, 60 * 160))];
            var plain = new FlowUnderTest();
            var mixed = new FlowUnderTest();
            foreach (SentPacket packet in inOrder) plain.Add(packet);
            foreach (SentPacket packet in shuffled) mixed.Add(packet);
            StreamRecord expected = plain.Record(), actual = mixed.Record();
            Assert.True(
                (expected.Packets, expected.Expected, expected.Lost) == (actual.Packets, actual.Expected, actual.Lost), $"seed {seed}");
            Assert.Equal(expected.LossRuns, actual.LossRuns);
            Assert.Equal(expected.Bursts! with { MeanMilliseconds = null }, actual.Bursts! with { MeanMilliseconds = null });
        }
    }

    private static void Check(int seed, StreamRecord oracle, StreamRecord actual, long mirrors)
    {
        Assert.True(
            (oracle.Packets, oracle.Expected, oracle.Lost, oracle.Duplicates, oracle.OutOfOrder, mirrors)
            == (actual.Packets, actual.Expected, actual.Lost, actual.Duplicates, actual.OutOfOrder, actual.MirrorDuplicates),
            $"seed {seed}: {oracle} but {actual}");
        Assert.Equal(oracle.LossRuns, actual.LossRuns);
        Assert.Equal(oracle.Bursts?.Packets ?? 0, actual.Bursts?.Packets ?? 0);
        Assert.Equal(oracle.Bursts?.Lost ?? 0, actual.Bursts?.Lost ?? 0);
        Assert.Equal(oracle.Bursts?.Count ?? 0, actual.Bursts?.Count ?? 0);
        Assert.Equal(oracle.JitterMillisecondsMean!.Value, actual.JitterMillisecondsMean!.Value, 6);
        Assert.Equal(oracle.JitterMillisecondsMax!.Value, actual.JitterMillisecondsMax!.Value, 6);
        Assert.Equal(actual.Lost, actual.LossRuns.Count == 0 ? 0 : actual.Bursts!.Lost + actual.Bursts.GapLost);
        Assert.True(actual.Lost >= 0 && actual.Duplicates >= 0);
        Assert.Equal(actual.Packets - actual.Duplicates, actual.Intervals.Sum(interval => interval.Packets));
    }

    /// <summary>A few hundred packets with loss in bursts, order mixed within 90, duplicates, and mirror copies.</summary>
    private static List<(SentPacket Packet, bool IsMirror)> Traffic(int seed, bool keepFirst)
    {
        var random = new Random(seed);
        int first = random.Next(65_536), count = random.Next(30, 700), reach = random.Next(1, 45);
        bool mirrors = random.Next(2) == 0;
        var places = new List<(double Place, SentPacket Packet, bool IsMirror)>();
        bool losing = false;
        for (int i = 0; i < count; i++)
        {
            losing = random.NextDouble() < (losing ? 0.7 : 0.03);
            if (losing && (i > 0 || !keepFirst)) continue;
            var packet = new SentPacket(0, (ushort)(first + i), (uint)(i * 160)) { Identification = (uint)(i + 1) };
            double place = i + (random.Next(5) == 0 ? random.NextDouble() * reach : 0);
            places.Add((place, packet, false));
            if (mirrors) places.Add((place + 1e-6, packet, true));
            if (random.Next(15) == 0) places.Add((place + (random.NextDouble() * reach), packet with { Identification = (uint)(i + 40_000) }, false));
        }

        if (places.Count(place => !place.IsMirror) < 3) return Traffic(seed + 100_000, keepFirst);
        var ordered = places.OrderBy(place => place.Place).ToList();
        var result = new List<(SentPacket, bool)>();
        long at = 0;
        foreach ((_, SentPacket packet, bool isMirror) in ordered)
        {
            at += isMirror ? 40 : random.Next(1_000, 40_000);
            result.Add((packet with { AtMicroseconds = at }, isMirror));
        }

        return result;
    }

    private static StreamRecord Oracle(List<SentPacket> packets)
    {
        // Extended sequence numbers against the highest so far; all of the traffic stays within a misorder of 100.
        long highest = packets[0].Sequence, lowest = highest;
        var seen = new HashSet<long>();
        long duplicates = 0, late = 0;
        double jitter = 0, sum = 0, max = 0;
        int samples = 0;
        SentPacket? before = null;
        foreach (SentPacket packet in packets)
        {
            long extended = highest + (short)(packet.Sequence - (ushort)highest);
            if (!seen.Add(extended))
            {
                duplicates++;
                continue;
            }

            if (extended < highest) late++;
            highest = Math.Max(highest, extended);
            if (before is { } last)
            {
                double difference = ((packet.AtMicroseconds - last.AtMicroseconds) / 1000.0) - ((int)(packet.Timestamp - last.Timestamp) / 8.0);
                jitter += (Math.Abs(difference) - jitter) / 16;
                sum += jitter;
                samples++;
                max = Math.Max(max, jitter);
            }

            before = packet;
        }

        bool[] received = [.. Enumerable.Range(0, (int)(highest - lowest + 1)).Select(i => seen.Contains(lowest + i))];
        var runs = new long[10];
        for (int i = 0; i < received.Length; i++)
        {
            if (received[i]) continue;
            int end = i;
            while (end < received.Length && !received[end]) end++;
            runs[Math.Min(end - i, 10) - 1]++;
            i = end;
        }

        (long burstCount, long burstPackets, long burstLost) = Bursts(received);
        return new StreamRecord
        {
            Ssrc = 0,
            Source = default,
            Destination = default,
            PayloadType = 0,
            Packets = packets.Count,
            Octets = 0,
            Expected = received.Length,
            Lost = received.Count(got => !got),
            Duplicates = duplicates,
            OutOfOrder = late,
            StartedAt = default,
            EndedAt = default,
            JitterMillisecondsMean = sum / samples,
            JitterMillisecondsMax = max,
            LossRuns = runs.Sum() == 0 ? [] : runs,
            Bursts = new BurstRecord(burstCount, burstPackets, burstLost, 0, 0, 0, null, 0),
        };
    }

    /// <summary>Losses with fewer than 16 received between neighbours belong together; two or more together are a burst.</summary>
    private static (long Count, long Packets, long Lost) Bursts(bool[] received)
    {
        int[] losses = [.. Enumerable.Range(0, received.Length).Where(i => !received[i])];
        long count = 0, packets = 0, lost = 0;
        for (int i = 0; i < losses.Length;)
        {
            int end = i;
            while (end + 1 < losses.Length && losses[end + 1] - losses[end] - 1 < 16) end++;
            if (end > i)
            {
                count++;
                packets += losses[end] - losses[i] + 1;
                lost += end - i + 1;
            }

            i = end + 1;
        }

        return (count, packets, lost);
    }
}

using System.Buffers.Binary;
using System.Diagnostics;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Benchmarks.Calls;

/// <summary>What full figures of a stream cost per packet, over finding its flow (bar: 60 ns), and what a flow weighs.</summary>
public static class StreamBenchmarks
{
    private const int Rounds = 5;

    /// <summary>As in the shard.</summary>
    private const int Ahead = 4;

    /// <summary>Runs all and prints a line each; some seconds.</summary>
    public static void Run(TextWriter output)
    {
        foreach (int flows in (int[])[100, 2_000, 40_000]) Measure(output, flows);
        Weigh(output);
    }

    private static void Measure(TextWriter output, int flows)
    {
        var table = new FlowTable(flows);
        byte[] datagrams = new byte[flows * 172];
        for (int i = 0; i < flows; i++) InitialDatagram(datagrams.AsSpan(i * 172, 172), i);
        int passes = Math.Max(4, 2_000_000 / flows);
        double bare = double.MaxValue, full = double.MaxValue, fetching = double.MaxValue, fetched = double.MaxValue;
        long allocated = 0;
        int pass = 0;
        Run(ref pass, 600, measured: true, ahead: 0); // ten seconds and more of each stream: intervals and tiers are warm
        for (int round = 0; round < Rounds; round++)
        {
            bare = Math.Min(bare, Run(ref pass, passes, measured: false, ahead: 0));
            fetching = Math.Min(fetching, Run(ref pass, passes, measured: false, ahead: Ahead));
            fetched = Math.Min(fetched, Run(ref pass, passes, measured: true, ahead: Ahead));
            long before = GC.GetAllocatedBytesForCurrentThread();
            full = Math.Min(full, Run(ref pass, passes, measured: true, ahead: 0));
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        output.WriteLine(
            $"streams: {flows,6} flows: lookup {bare,5:F1} ns, lookup and figures {full,5:F1} ns, figures {full - bare,5:F1} ns a packet; fetched ahead, as a shard does: {fetched - fetching,5:F1} ns over the same lookups; "
            + $"{allocated / ((double)passes * flows):F3} bytes a packet (intervals)");

        double Run(ref int pass, int passes, bool measured, int ahead)
        {
            long found = 0;
            long start = Stopwatch.GetTimestamp();
            for (int end = pass + passes; pass < end; pass++)
            {
                var at = new Timestamp(1_700_000_000_000_000 + (pass * 20_000L));
                for (int i = 0; i < flows; i++)
                {
                    Span<byte> datagram = datagrams.AsSpan(i * 172, 172);
                    BinaryPrimitives.WriteUInt16BigEndian(datagram[2..], (ushort)pass);
                    BinaryPrimitives.WriteUInt32BigEndian(datagram[4..], (uint)(pass * 160));
                    RtpFlow flow = table.Find(i);
                    if (ahead > 0 && i + ahead < flows)
                    {
                        // Without figures the same flows are found and nothing is fetched, so that the lookups are alike.
                        RtpFlow next = table.Find(i + ahead);
                        if (measured) next.Latest?.Prefetch();
                        else found += next.Source.Port;
                    }

                    if (measured)
                    {
                        found += (int)flow.Add(new RtpPacketView
                        {
                            At = new Timestamp(at.Microseconds + (i & 0xFFF)),
                            Payload = datagram,
                            IpIdentification = (ushort)pass,
                            Checksum = (ushort)i,
                            Dscp = 46,
                            Ttl = 64,
                        });
                    }
                    else
                    {
                        found += datagram[1] + flow.Source.Port;
                    }
                }
            }

            GC.KeepAlive(found);
            return Stopwatch.GetElapsedTime(start).TotalNanoseconds / ((double)passes * flows);
        }
    }

    private static void Weigh(TextWriter output)
    {
        const int flows = 10_000;
        byte[] datagram = new byte[172];
        var kept = new RtpFlow[flows];
        var limits = new StreamLimits();
        var counters = new Counters<StreamCounter>();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < flows; i++)
        {
            InitialDatagram(datagram, i);
            kept[i] = new RtpFlow(FlowTable.Address(i), FlowTable.Address(i + 1), PayloadTypeMap.Static, limits, counters);
            for (int packet = 0; packet < 18; packet++)
            {
                // One packet every ten seconds: eighteen intervals, a call of three minutes.
                BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), (ushort)packet);
                BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(4), (uint)(packet * 80_000));
                datagram[1] = 0x80;
                kept[i].Add(new RtpPacketView { At = new Timestamp(packet * 10_000_000L), Payload = datagram });
            }
        }

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / flows;
        GC.KeepAlive(kept);
        output.WriteLine($"streams: {each} bytes a flow of one stream after three minutes; 20,000 calls of two streams: {each * 40_000 / 1_000_000} MB, of four: {each * 80_000 / 1_000_000} MB");
    }

    private static void InitialDatagram(Span<byte> datagram, int flow)
    {
        // Silence: every packet is looked at for sound, which is the dearest case.
        datagram.Fill(0xFF);
        datagram[..12].Clear();
        datagram[0] = 0x80;
        BinaryPrimitives.WriteUInt32BigEndian(datagram[8..], (uint)flow * 2_654_435_761);
    }

    /// <summary>An open-addressing table by address pair, as a switchboard has one.</summary>
    private sealed class FlowTable
    {
        private readonly RtpFlow?[] _places;
        private readonly int _mask;

        public FlowTable(int flows)
        {
            _mask = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)flows * 2) - 1;
            _places = new RtpFlow?[_mask + 1];
            var limits = new StreamLimits();
            var counters = new Counters<StreamCounter>();
            for (int i = 0; i < flows; i++)
            {
                int place = Place(Address(i), Address(i + 1));
                while (_places[place] is not null) place = (place + 1) & _mask;
                _places[place] = new RtpFlow(Address(i), Address(i + 1), PayloadTypeMap.Static, limits, counters);
            }
        }

        public static Endpoint Address(int i) => new(IpAddress.FromV4(0x0A000000u + (uint)(i >> 4)), (ushort)(10_000 + ((i & 15) * 2)));

        public RtpFlow Find(int i)
        {
            Endpoint source = Address(i), destination = Address(i + 1);
            int place = Place(source, destination);
            while (true)
            {
                RtpFlow? flow = _places[place];
                if (flow is null) throw new InvalidOperationException("every flow is in the table");
                if (flow.Source == source && flow.Destination == destination) return flow;
                place = (place + 1) & _mask;
            }
        }

        private int Place(Endpoint source, Endpoint destination) => (int)(source.Hash64() ^ (destination.Hash64() * 3)) & _mask;
    }
}

using System.Diagnostics;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Routing;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Sctp;
using CdrEngine.Protocols.Tcp;
using Xunit;
using Xunit.Abstractions;

namespace CdrEngine.Simulation.Tests;

/// <summary>Floods through the real engine, with limits that they meet: the calls beside them give the records that they give without, memory stays under a cap, and a counter names the flood.</summary>
/// <remarks><c>CDRENGINE_FLOOD_FRAMES=1000000 ./test FloodTests</c> sends a million frames of each.</remarks>
public sealed class FloodTests(ITestOutputHelper output)
{
    private const int DefaultFrames = 12_000;

    // Of the process: what the run's own frames and the other tests take is in it.
    private const long MostBytes = 768L << 20;

    /// <summary>The flood, and the counter by which an operator knows it.</summary>
    public static TheoryData<string, string> Kinds => new()
    {
        { "invite", "packets.calls_evicted" },
        { "ringing", "packets.calls_evicted+packets.evicted_messages" },
        { "ringing-spoofed", "packets.calls_evicted+packets.evicted_messages" },
        { "register", "packets.register_messages" },
        { "message", "packets.text_messages" },
        { "options", "packets.other_messages" },
        { "fragments", "decode.fragment_evicted" },
        { "tcp", "tcp.evicted" },
        { "tcp-holes", "tcp.evicted" },
        { "rtp", "packets.media_hold_refused" },
        { "ssrc", "stream.ssrc_limit+stream.streams_evicted+packets.media_packets" },
        { "flows", "packets.flow_limit" },
        { "headers", "sip.too_many_headers" },
        { "header-64k", "packets.calls_opened" },
        { "m-lines", "packets.calls_opened" },
        { "sctp", "sctp.evicted" },
        { "branches", "packets.other_messages" },
        { "tags", "call.leg_limit" },
        { "same-call", "packets.calls_opened" },
        { "broken-sip", "packets.sip_malformed+packets.sip_incomplete+packets.sip_without_call_id" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Flood_OfAnyKind_LeavesTheCallsExact_StaysUnderItsCap_AndIsNamed(string kind, string counter)
    {
        int frames = int.TryParse(Environment.GetEnvironmentVariable("CDRENGINE_FLOOD_FRAMES"), out int asked) ? asked : DefaultFrames;
        // A call that nobody responds to cannot be told from the flood; nor one that only rings, where every call has another sender.
        Scenario[] alike = kind == "ringing-spoofed" ? [Scenario.NoResponse, Scenario.NoAnswer, Scenario.Cancelled] : [Scenario.NoResponse];
        var mix = LoadOptions.DefaultMix.Where(pair => !alike.Contains(pair.Key)).ToDictionary(static pair => pair.Key, static pair => pair.Value);
        var load = new LoadOptions { Seed = 3, Calls = 40, CallsPerSecond = 8, TalkSeconds = 2, RtpInterval = TimeSpan.FromMilliseconds(100), MirrorShare = 0, Mix = mix };
        PacketTape calm = PacketTape.OfLoad(load, out List<ExpectedCall> expected);
        Func<int, byte[]> flood = Floods.Of(kind);

        // A frame of the flood behind each of the calls', as many as it takes.
        PacketTape tape = new PacketTape().Source("wire.pcap");
        int sent = 0, each = Math.Max(1, frames / calm.Count);
        foreach (CapturedPacket packet in calm.Frames)
        {
            tape.Add(packet);
            for (int i = 0; i < each; i++)
            {
                byte[] bytes = flood(sent++);
                tape.Add(packet with { Bytes = bytes, OriginalLength = bytes.Length, InterfaceId = 1, CapturedAt = packet.CapturedAt + TimeSpan.FromMicroseconds(1 + i) });
            }
        }

        GC.Collect();
        long before = GC.GetTotalMemory(forceFullCollection: true), most = 0;
        using var watch = new Timer(_ => most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false)), null, 0, 20);
        long began = Stopwatch.GetTimestamp();
        using EngineRun run = EngineRun.Of(tape, new RunOptions
        {
            Shards = 2,
            Adjust = options => options with
            {
                Routing = options.Routing with { MaxCalls = CallsOf(kind), MediaHold = options.Routing.MediaHold with { MaxPairs = 200, MaxBytes = 1 << 20 } },
                Decoder = new DecoderLimits { MaxFragmentedDatagrams = 128, MaxFragmentBytes = 1 << 20 },
                Tcp = new TcpLimits { Connections = 300, TotalBytes = 2 << 20 },
                Sctp = new SctpLimits { Directions = 300, TotalBytes = 1 << 20 },
            },
        });
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        long named = counter.Split('+').Sum(name => run[name]);
        output.WriteLine($"{kind}: {sent:N0} frames beside {calm.Count:N0}, {(sent + calm.Count) / seconds:N0} a second; {counter} {named:N0}; {(most - before) / 1e6:0} MB");
        Assert.Empty(run.Events);
        Assert.InRange(most - before, long.MinValue, MostBytes);
        ILookup<string, CallRecord> records = run.Records.ToLookup(static record => record.SipCallId);
        var differences = new List<string>();
        foreach (ExpectedCall call in expected)
        {
            CallRecord[] ours = [.. records[call.SipCallId]];
            if (ours.Length != 1) differences.Add($"{call.SipCallId} {call.Scenario}: {ours.Length} records");
            else if (call.Differences(ours[0]) is { Count: > 0 } found) differences.Add($"{call.SipCallId} {call.Scenario}: {string.Join("; ", found)}");
        }

        // What is pushed out goes on, and is still one record.
        if (kind.StartsWith("ringing", StringComparison.Ordinal))
        {
            differences.AddRange(records.Where(static of => of.Count() != 1).Select(static of => $"{of.Key}: {of.Count()} records").Take(5));
            if (run["packets.evicted_messages"] < 100) differences.Add($"{run["packets.evicted_messages"]} messages of evicted calls");
        }

        Assert.True(differences.Count == 0, $"{kind}: {differences.Count} differences\n{string.Join('\n', differences.Take(8))}");
        Assert.True(named > 0, $"{kind}: {counter} does not name it");
    }

    private static int CallsOf(string kind) => kind switch
    {
        "same-call" => 8000,
        "ringing" => 500,

        // What rings no longer than the flood takes to fill the rest is safe.
        "ringing-spoofed" => 3000,
        _ => 4000,
    };
}

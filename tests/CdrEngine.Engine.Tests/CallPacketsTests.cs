using System.Buffers.Binary;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests;

/// <summary>A call's packets, gathered from the packet log by what its record lists: exactly the call's frames, byte for byte, in order.</summary>
public sealed class CallPacketsTests
{
    private static readonly LoadOptions Mixed = new()
    {
        Calls = 60,
        CallsPerSecond = 30,
        TalkSeconds = 3,
        TcpShare = 0.3,
        IPv6Share = 0.3,
        FragmentShare = 0.4,
        VlanShare = 0.3,
        ProxyShare = 0.5,
        RetransmissionShare = 0.1,
        MirrorShare = 0,
    };

    [Theory]
    [InlineData(401, 1)]
    [InlineData(402, 3)]
    public void Gather_OfEveryCall_GivesItsFramesAsCaptured(ulong seed, int shards)
    {
        PacketTape tape = PacketTape.OfLoad(Mixed with { Seed = seed }, out List<ExpectedCall> expected);
        using EngineRun run = EngineRun.Of(tape, new RunOptions { Shards = shards, KeepPackets = true });
        Assert.Null(run.LogFault);
        ILookup<(bool V6, ulong Host), string> frames = FramesByPhone(tape);
        int fragmented = 0, segmented = 0;
        foreach (ExpectedCall call in expected)
        {
            CallRecord record = run.Call(call.SipCallId);
            string[] wanted = [.. frames[PhoneOf(record.Caller.Address!.Value.Address)]];
            string[] got = [.. Seen(run.Packets(record))];
            Assert.True(wanted.Length > 0 && got.Length > 0, call.Scenario);
            Assert.True(wanted.SequenceEqual(got), $"{call.Scenario} {call.Transport}: {wanted.Length} frames on the wire, {got.Length} kept; first difference at {wanted.Zip(got).TakeWhile(static pair => pair.First == pair.Second).Count()}");
            Assert.Equal(record.Messages, run.Transcript(record).Count);
            if (call.Transport == Transport.Tcp) segmented++;
            else if (wanted.Length > call.Streams.Sum(static stream => stream.Packets) + record.Messages) fragmented++;
        }

        Assert.True(fragmented > 5 && segmented > 5, $"{fragmented} calls in fragments, {segmented} in segments");
    }

    [Fact]
    public void Gather_ByKind_PartsSignallingAndMedia()
    {
        PacketTape tape = PacketTape.OfLoad(Mixed with { Seed = 403, TcpShare = 0, FragmentShare = 0 }, out List<ExpectedCall> expected);
        using EngineRun run = EngineRun.Of(tape, new RunOptions { KeepPackets = true });
        foreach (ExpectedCall call in expected)
        {
            CallRecord record = run.Call(call.SipCallId);
            Assert.Equal(record.Messages, run.Packets(record, PacketKindSet.Sip).Count);
            Assert.Equal(call.Streams.Sum(static stream => stream.Packets), run.Packets(record, PacketKindSet.Rtp).Count);
        }
    }

    [Fact]
    public void MirrorCopies_OfSignallingAndMedia_AreNotKept()
    {
        PacketTape tape = PacketTape.OfLoad(Mixed with { Seed = 404, TcpShare = 0, FragmentShare = 0, MirrorShare = 0.5 }, out List<ExpectedCall> expected);
        using EngineRun run = EngineRun.Of(tape, new RunOptions { KeepPackets = true });
        Assert.True(run["packets.mirror_duplicates"] > 100);
        foreach (ExpectedCall call in expected)
        {
            CallRecord record = run.Call(call.SipCallId);
            Assert.Equal(call.Streams.Sum(static stream => stream.Packets) + record.Messages, run.Packets(record).Count);
        }
    }

    [Fact]
    public void MediaBeforeItsSdp_StandsInOrderOfCapture()
    {
        using EngineRun run = new Scene()
            .Call("late@test", 0, answer: 4, bye: 8, lateOffer: true)
            .Rtp(2, 8, "192.0.2.2:5000", "192.0.2.1:4000", 1)
            .Run(keepPackets: true);
        long before = long.MinValue;
        int count = 0;
        foreach (CapturedPacket packet in run.Packets(run.Call("late@test")))
        {
            Assert.True(packet.CapturedAt.Microseconds >= before);
            before = packet.CapturedAt.Microseconds;
            count++;
        }

        Assert.Equal(300 + 6, count);
    }

    [Fact]
    public void PacketsAfterTheRecord_AreListedByItsLastRevision()
    {
        SipText bye = SipText.Bye("x@test", "alice@example.com", "bob@example.com", fromTag: "f-x@test");
        using EngineRun run = new Scene()
            .Call("x@test", 0, answer: 1, bye: 5)
            .Sip(20, "192.0.2.1:5060", "192.0.2.2:5060", bye)
            .Noise(100)
            .Run(keepPackets: true);
        Assert.Equal(7, run.Packets(run.Call("x@test")).Count);
        Assert.Equal("BYE", Method(run.Transcript(run.Call("x@test"))[^1]));
    }

    [Fact]
    public void Transcript_GivesTheMessagesAsSent()
    {
        SipText invite = SipText.Invite("x@test", "alice@example.com", "bob@example.com").WithSdp("192.0.2.1", 4000);
        SipText busy = invite.Reply(486);
        using EngineRun run = new Scene()
            .Sip(0, "192.0.2.1:5060", "192.0.2.2:5060", invite)
            .Sip(1, "192.0.2.2:5060", "192.0.2.1:5060", busy)
            .Run(keepPackets: true);
        IReadOnlyList<TranscriptMessage> messages = run.Transcript(run.Call("x@test"));
        Assert.Equal([invite.ToBytes(), busy.ToBytes()], messages.Select(static message => message.Bytes.ToArray()));
        Assert.Equal([Scene.Time(0), Scene.Time(1)], messages.Select(static message => message.At));
        Assert.Equal("192.0.2.2:5060", messages[1].Source.ToString());
    }

    [ToolFact("tshark")]
    public void Tshark_OpensTheCallsWithoutComplaint()
    {
        PacketTape tape = PacketTape.OfLoad(Mixed with { Seed = 405, RetransmissionShare = 0 }, out List<ExpectedCall> expected);
        using EngineRun run = EngineRun.Of(tape, new RunOptions { KeepPackets = true });
        ExpectedCall[] calls =
        [
            expected.First(static call => call.Transport == Transport.Tcp && call.Streams.Count > 0),
            expected.First(static call => call.Transport == Transport.Udp && call.Streams.Count > 0 && call.CallerAddress.StartsWith('[')),
            expected.First(static call => call.Scenario == nameof(Scenario.Forked)),
            expected.First(static call => call.Streams.Count == 0),
        ];
        foreach (ExpectedCall call in calls)
        {
            CallRecord record = run.Call(call.SipCallId);
            using var file = new CaptureOfCall(run.Packets(record));
            Assert.EndsWith(".pcap", file.Path);
            Assert.Empty(Tshark.Lines(file.Path, "-Y", "_ws.malformed"));

            // A capture of a call over TCP begins after the handshake, which is no call's: tshark finds that odd, and it is.
            if (call.Transport == Transport.Udp) Assert.Empty(Tshark.Lines(file.Path, "-Y", "_ws.expert.severity >= \"Warning\""));
            string[] messages = Tshark.Lines(file.Path, "-Y", "sip", "-T", "fields", "-e", "sip.Call-ID");
            Assert.Equal(record.Messages, messages.Sum(static line => line.Split(',').Length));
            Assert.All(messages, line => Assert.All(line.Split(','), id => Assert.Equal(call.SipCallId, id)));
            Assert.Equal(call.Streams.Sum(static stream => stream.Packets), Tshark.Lines(file.Path, "-Y", "rtp").Length);
        }
    }

    [ToolFact("tshark")]
    public void Tshark_OpensACallOfTwoLinkTypesAsPcapng()
    {
        SipText invite = SipText.Invite("x@test", "alice@example.com", "bob@example.com").WithSdp("192.0.2.1", 4000);
        SipText busy = invite.Reply(486);
        PacketTape tape = new PacketTape().Source("eth0").Add(Scene.Time(0), PacketBuilder.UdpFrame("192.0.2.1:5060", "192.0.2.2:5060", invite.ToBytes()))
            .Source("any").Add(Scene.Time(1), new PacketBuilder().LinuxCooked2().IPv4("192.0.2.2", "192.0.2.1", 7).Udp(5060, 5060).Payload(busy.ToBytes()));
        using EngineRun run = EngineRun.Of(tape, new RunOptions { KeepPackets = true });
        using var file = new CaptureOfCall(run.Packets(run.Call("x@test")));
        Assert.EndsWith(".pcapng", file.Path);
        Assert.Empty(Tshark.Lines(file.Path, "-Y", "_ws.malformed || _ws.expert.severity >= \"Warning\""));
        Assert.Equal(["INVITE\t", "\t486"], Tshark.Lines(file.Path, "-Y", "sip", "-T", "fields", "-e", "sip.Method", "-e", "sip.Status-Code"));
    }

    private static string Method(TranscriptMessage message) => System.Text.Encoding.ASCII.GetString(message.Bytes.Span)[..3];

    private static IEnumerable<string> Seen(FrameBuffer frames)
    {
        var seen = new List<string>();
        foreach (CapturedPacket packet in frames) seen.Add(Show(packet));
        return seen;
    }

    private static string Show(in CapturedPacket packet) => $"{packet.CapturedAt} {packet.LinkType} {packet.OriginalLength} {Convert.ToHexString(packet.Bytes)}";

    /// <summary>The frames of a load by the phone that sent or got them. A generated call has its phones to itself, and TCP segments without data
    /// (handshakes) carry nothing of a call.</summary>
    private static ILookup<(bool V6, ulong Host), string> FramesByPhone(PacketTape tape)
    {
        var frames = new List<((bool, ulong) Phone, string Frame)>();
        foreach (CapturedPacket packet in tape.Frames)
        {
            ReadOnlySpan<byte> ip = packet.Bytes[(BinaryPrimitives.ReadUInt16BigEndian(packet.Bytes[12..]) == 0x8100 ? 18 : 14)..];
            bool v6 = ip[0] >> 4 == 6;
            bool emptySegment = v6 ? ip[6] == 6 && ip.Length == 60 : ip[9] == 6 && ip.Length == 40;
            (bool, ulong)? phone = v6 ? Phone(IpAddress.FromV6(ip.Slice(8, 16))) ?? Phone(IpAddress.FromV6(ip.Slice(24, 16)))
                : Phone(IpAddress.FromV4(ip.Slice(12, 4))) ?? Phone(IpAddress.FromV4(ip.Slice(16, 4)));
            if (phone is { } found && !emptySegment) frames.Add((found, Show(packet)));
        }

        return frames.ToLookup(static frame => frame.Phone, static frame => frame.Frame);
    }

    private static (bool V6, ulong Host) PhoneOf(IpAddress address) => Phone(address) ?? throw new ArgumentException($"{address} is no phone of a load");

    /// <summary>10.N.host and 2001:db8:0:N::host are the phones of a call, N from 1 to 3.</summary>
    private static (bool V6, ulong Host)? Phone(IpAddress address)
    {
        if (address.IsV4)
        {
            uint v4 = (uint)address.Low;
            return v4 >> 24 == 10 && (v4 >> 16 & 0xFF) is >= 1 and <= 3 ? (false, v4 & 0xFFFF) : null;
        }

        return (address.High & 0xFFFF_FFFF) is >= 1 and <= 3 ? (true, address.Low) : null;
    }

    /// <summary>A file of a call's packets, removed with it.</summary>
    private sealed class CaptureOfCall : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("cdrengine-call-").FullName;

        public CaptureOfCall(FrameBuffer packets)
        {
            Path = System.IO.Path.Combine(_folder, "call" + CaptureWriter.Choose(packets).FileExtension);
            using FileStream file = File.Create(Path);
            CaptureWriter.WriteAll(file, [packets]);
        }

        public string Path { get; }

        public void Dispose() => Directory.Delete(_folder, recursive: true);
    }
}
